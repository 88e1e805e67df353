/**
 * The chat: asks what the user wants to know, and shows the answers.
 *
 * The server has the conversations; here are the turns that are in view, also those without a complete answer, and
 * which conversation they belong to, so that a new window shows it again.
 */

import { Disposable, type Memento, type TextEditor, Uri, window, workspace } from "vscode";

import { codeOf, run, runStoppable } from "../commands";
import type { Refactorings } from "../edits/refactor";
import { inform, showError } from "../notify";
import type { AnsweredBefore, AskArgument, Answered, Attachment, ListedConversation } from "../protocol";
import { baseName, lastLine, sentenceOf } from "../words";
import { CodeInView, labelOf } from "./about";
import { Answers, type Servers } from "./answers";
import { Attachments } from "./attachments";
import { applyBlock } from "./blocks";
import { handleMessages } from "./handle";
import { showHistory } from "./history";
import type { Explained, FromView, Turn } from "./messages";
import { type Question, explanationOf, regenerationOf } from "./question";
import { slashItems, slashQuestion } from "./slash";
import { finish } from "./turns";
import type { ChatView } from "./view";

// Id of the conversation in view.
const CURRENT = "homebody.conversation";

export interface Needs extends Servers {
    /** Name of the chat model. */
    model(): string;
    refactorings: Refactorings;
}

export class Chat implements Disposable {
    private turns: Turn[] = [];
    private nextTurn = 1;
    /** Whether the turns of a conversation of an earlier window are still to be read. */
    private isUnread: boolean;
    private readonly answers: Answers;
    /** Name of the model that the view shows. */
    private model = "";
    /** What was asked in this session. */
    private readonly questions = new WeakMap<Turn, Question>();
    readonly attachments: Attachments;
    readonly code = new CodeInView((about) => this.view.send({ type: "about", about }));
    private readonly subscriptions: Disposable;

    constructor(
        readonly view: ChatView,
        private readonly needs: Needs,
        private readonly memory: Memento,
    ) {
        this.isUnread = this.id !== undefined;
        const draw = (attachments: Attachment[]): void => this.view.send({ type: "attachments", attachments });
        this.attachments = new Attachments(draw, () => void this.open(), memory);
        this.answers = new Answers(needs, {
            changed: (turn) => this.turns.includes(turn) && view.sendTurn(turn),
            wrote: (turn, text) => this.turns.includes(turn) && view.append(turn, text),
        });
        this.subscriptions = Disposable.from(
            view,
            this.code,
            handleMessages(view, this),
        );
    }

    /** Turns as the view shows them. */
    get shown(): readonly Turn[] {
        return this.turns;
    }

    /** Id of the conversation in view. */
    private get id(): string | undefined {
        return this.memory.get<string>(CURRENT);
    }

    /** The server's status has changed: show which model answers, and read the conversation that is to be shown. */
    follow(): void {
        if (this.isUnread && this.needs.isRunning()) {
            this.isUnread = false;
            void this.read();
        }
        const model = this.needs.model();
        if (model !== this.model) {
            this.model = model;
            this.view.send({ type: "model", model });
        }
    }

    /** Open the view, with the focus in its input. */
    async open(): Promise<void> {
        await this.view.show();
        this.view.send({ type: "focus" });
    }

    /** Ask about the code in view, or run a slash command on it. */
    async ask(text: string, included: readonly Attachment[] = []): Promise<void> {
        const { editor } = this.code;
        const slash = text.startsWith("/") && editor !== undefined ? await this.slashQuestion(text, editor) : undefined;
        await this.answer(slash ?? this.questionOf(text, [...included, ...this.attachments.take()]));
    }

    /** Explain the selection, or the function around the cursor, as far as the model can read it soon. */
    async explain(editor: TextEditor): Promise<void> {
        await this.view.show();
        const client = await this.needs.client();
        if (client !== undefined) {
            await this.answer(explanationOf({ place: labelOf(editor), code: codeOf(client, editor) }));
        }
    }

    /** Explain what a code action is about: code, or a problem in it. */
    async explainCode(about: Omit<Explained, "place"> & Explained["code"]): Promise<void> {
        const { textDocument, range, problem, action } = about;
        await this.view.show();
        const lines = [range.start.line + 1, lastLine(range) + 1];
        const place = `${baseName(Uri.parse(textDocument.uri))}:${[...new Set(lines)].join("-")}`;
        const code = { textDocument: { uri: textDocument.uri }, range };
        await this.answer(explanationOf({ place, code, ...(problem && { problem }), ...(action && { action }) }));
    }

    /** Stop the answer that is being written. */
    async stop(): Promise<void> {
        await this.answers.stop();
    }

    /** Open the conversation as Markdown, to be saved where the user likes. */
    async save(): Promise<void> {
        const { id: conversationId } = this;
        const client = await this.needs.client();
        if (client === undefined || conversationId === undefined) {
            void inform("There is nothing to save yet: ask a question first.");
            return;
        }
        const { markdown: content } = await run<{ markdown: string }>(client, "homebody.openConversation", { conversationId });
        await window.showTextDocument(await workspace.openTextDocument({ language: "markdown", content }));
    }

    /** Start a new conversation; the present one stays in the history. */
    begin(id?: string): void {
        void this.stop();
        void this.memory.update(CURRENT, id);
        this.turns = [];
        this.attachments.clear();
        this.showAll();
    }

    /** Show the earlier conversations, to go back to one or to delete some. */
    async showHistory(): Promise<void> {
        const client = await this.needs.client();
        await (client &&
            showHistory({
                list: () => run<ListedConversation[]>(client, "homebody.conversations", {}),
                open: async (id) => {
                    this.begin(id);
                    await this.read();
                },
                delete: async (ids) => {
                    if (this.id !== undefined && ids.includes(this.id)) {
                        this.begin();
                    }
                    const forget = (conversationId: string) => run(client, "homebody.forgetConversations", { conversationId });
                    await Promise.all(ids.map(forget)).catch((error: unknown) => showError(sentenceOf(error)));
                },
            }));
    }

    /** What can be attached to the next question and matches `query`; slash commands if it begins with a slash. */
    async items(query: string): Promise<Attachment[]> {
        const client = await this.needs.client();
        const { editor } = this.code;
        if (client === undefined) {
            return [];
        }
        if (!query.startsWith("/")) {
            return this.attachments.matching(client, query);
        }
        return editor === undefined ? [] : slashItems(client, editor, this.needs.refactorings, query.slice(1));
    }

    /** Attach an item to the next question. */
    async attach(item: Attachment): Promise<void> {
        await this.attachments.add(item, () => this.needs.client());
    }

    dispose(): void {
        void this.stop();
        this.subscriptions.dispose();
    }

    /** Read the turns of the conversation in view from the server, before those that were asked meanwhile. */
    private async read(): Promise<void> {
        const { id } = this;
        const client = await this.needs.client();
        if (client === undefined || id === undefined) {
            return;
        }
        let turns: AnsweredBefore[] = [];
        try {
            ({ turns } = await run<{ turns: AnsweredBefore[] }>(client, "homebody.openConversation", { conversationId: id, links: true }));
        } catch {
            // It was deleted elsewhere, in a terminal for example.
            void this.memory.update(CURRENT, undefined);
        }
        if (this.id === id) {
            const before = turns.map((turn) => {
                const shown: Turn = { id: this.nextTurn++, question: turn.question, attached: [], answer: turn.text, state: "done" };
                finish(shown, turn);
                return shown;
            });
            this.turns = [...before, ...this.turns];
            this.showAll();
        }
    }

    /** A question about the code in view. */
    private questionOf(text: string, items: Attachment[]): Question {
        const { editor } = this.code;
        return {
            text,
            attached: [...(editor ? [labelOf(editor)] : []), ...items.map(({ label }) => label)],
            items,
            ask: async (client, conversation, stop) => {
                const diagnostics = this.attachments.problems(client, items);
                const argument: AskArgument = {
                    ...conversation,
                    question: text,
                    attach: items,
                    ...(editor && codeOf(client, editor)),
                    ...(diagnostics && { diagnostics }),
                };
                return runStoppable<Answered>(client, "homebody.ask", argument, stop);
            },
        };
    }

    private async slashQuestion(text: string, editor: TextEditor): Promise<Question | undefined> {
        const client = await this.needs.client();
        return client && slashQuestion(client, editor, this.needs.refactorings, text, this.needs.model());
    }

    /** Answer the last question again; the server answers its own last one, and knows none that failed or was stopped. */
    async regenerate(): Promise<void> {
        const last = this.turns.at(-1);
        if (last === undefined || this.answers.isBusy) {
            return;
        }
        this.turns = this.turns.slice(0, -1);
        this.showAll();
        const question = this.questions.get(last);
        if (last.blocks !== undefined) {
            await this.answer(regenerationOf(last, question?.items));
        } else if (question !== undefined) {
            await this.answer(question);
        }
    }

    /** Ask the question of a turn again, with lines that were left out. */
    async include({ id, place: { uri, label, line, endLine } }: FromView & { type: "include" }): Promise<void> {
        const turn = this.shown.find((each) => each.id === id);
        if (turn !== undefined) {
            const lines = { id: `${uri}#L${line + 1}-${endLine + 1}`, kind: "file", label };
            await this.ask(turn.question, [...(this.questions.get(turn)?.items ?? []), lines]);
        }
    }

    /** Add a turn, and fill it while the answer streams; an answer that is still being written is stopped. */
    async answer(question: Question): Promise<void> {
        await this.stop();
        const { text, attached, about } = question;
        const turn: Turn = { id: this.nextTurn++, question: text, attached, answer: "", state: "reading" };
        this.questions.set(turn, question);
        this.turns = [...this.turns, turn];
        const answered = await this.answers.answer(turn, question, this.id);
        const isInView = this.turns.includes(turn);
        if (answered !== undefined) {
            this.attachments.answered();
        }
        if (typeof answered === "string") {
            turn.state = "done";
            turn.note = answered;
        } else if (answered !== undefined) {
            finish(turn, answered);
            if (about !== undefined && !answered.complete && answered.leftOut.length > 0) {
                turn.unread = about;
            }
            await (isInView && this.memory.update(CURRENT, answered.conversationId));
        }
        if (isInView) {
            this.view.sendTurn(turn);
        }
    }

    /** Show what a code block of an answer changes in the file in view. */
    async apply(block: number | undefined): Promise<void> {
        const { id } = this;
        if (block === undefined || id === undefined) {
            void inform("Homebody does not know where this code belongs: copy it, or insert it at the cursor.");
            return;
        }
        const client = await this.needs.client();
        if (client !== undefined) {
            const { refactorings } = this.needs;
            await applyBlock(client, id, block, refactorings.show.bind(refactorings));
        }
    }

    /** Draw everything anew. */
    showAll(): void {
        this.model = this.needs.model();
        const turns = [...this.shown];
        this.view.send({ type: "state", turns, attachments: this.attachments.current, model: this.model });
        this.code.show();
    }
}
