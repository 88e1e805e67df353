/** The chat: asks what the user wants to know, and fills the conversation with the answers. */

import { Disposable, type Memento, type TextEditor, Uri, window, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { codeOf, run, runStoppable } from "../commands";
import type { Refactorings } from "../edits/refactor";
import { inform, showError, warn } from "../notify";
import type { AskArgument, Asked, Attachment } from "../protocol";
import { baseName, lastLine, sentenceOf } from "../words";
import { CodeInView, labelOf } from "./about";
import { Answers, type Servers } from "./answers";
import { Attachments } from "./attachments";
import { applyBlock } from "./blocks";
import { type Conversation, Conversations } from "./conversations";
import { handleMessages } from "./handle";
import { showHistory } from "./history";
import type { Explained, FromView, Turn } from "./messages";
import { type Question, explanationOf, regenerationOf } from "./question";
import { slashItems, slashQuestion } from "./slash";
import { earlier, finish } from "./turns";
import type { ChatView } from "./view";

export interface Needs extends Servers {
    /** Name of the chat model. */
    model(): string;
    refactorings: Refactorings;
}

export class Chat implements Disposable {
    private readonly conversations: Conversations;
    private readonly answers: Answers;
    /** Name of the model that the view shows. */
    private model = "";
    /** The last turn of this session, and its question. */
    private latest: { turn: Turn; question: Question } | undefined;
    private hasReportedStore = false;
    readonly attachments = new Attachments(
        (attachments) => this.view.send({ type: "attachments", attachments }),
        () => void this.open(),
    );
    readonly code = new CodeInView((about) => this.view.send({ type: "about", about }));
    private readonly subscriptions: Disposable;

    constructor(
        readonly view: ChatView,
        private readonly needs: Needs,
        memory: Memento,
    ) {
        this.conversations = new Conversations(memory);
        this.answers = new Answers(needs, {
            changed: (turn) => this.conversations.has(turn) && view.sendTurn(turn),
            wrote: (turn, text) => this.conversations.has(turn) && view.append(turn, text),
        });
        this.subscriptions = Disposable.from(
            view,
            this.code,
            handleMessages(view, this),
        );
    }

    /** Turns as the view shows them. */
    get shown(): readonly Turn[] {
        return this.conversations.current.turns;
    }

    /** Show which model answers, if it has changed. */
    showModel(): void {
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
    stop(): void {
        this.answers.stop();
    }

    /** Open the conversation as Markdown, to be saved where the user likes. */
    async save(): Promise<void> {
        const content = this.shown.map(({ question, answer }) => `## ${question}\n\n${answer}\n`).join("\n");
        await window.showTextDocument(await workspace.openTextDocument({ language: "markdown", content }));
    }

    /** Start a new conversation; the present one stays in the history. */
    begin(): void {
        this.stop();
        this.conversations.begin();
        this.attachments.take();
        this.showAll();
    }

    /** Show the earlier conversations, to go back to one or to delete some. */
    showHistory(): void {
        showHistory(() => this.conversations.earlier, {
            open: (id) => {
                this.stop();
                this.conversations.open(id);
                this.showAll();
            },
            delete: (id) => this.delete(id),
        });
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
        this.stop();
        this.subscriptions.dispose();
    }

    /** A question about the code in view. */
    private questionOf(text: string, items: Attachment[]): Question {
        const { editor } = this.code;
        const { serverId, turns } = this.conversations.current;
        const before = serverId === undefined ? earlier(turns) : [];
        return {
            text,
            attached: [...(editor ? [labelOf(editor)] : []), ...items.map(({ label }) => label)],
            items,
            ask: async (client, token, stop) => {
                const diagnostics = this.attachments.problems(client, items);
                const conversationId = this.conversations.current.serverId;
                const argument: AskArgument = {
                    question: text,
                    token,
                    links: true,
                    attach: [...before, ...(await this.attachments.sent(client, items))],
                    ...(editor && codeOf(client, editor)),
                    ...(diagnostics && { diagnostics }),
                    ...(conversationId !== undefined && { conversationId }),
                };
                return runStoppable<Asked>(client, "homebody.ask", argument, stop);
            },
        };
    }

    private async slashQuestion(text: string, editor: TextEditor): Promise<Question | undefined> {
        const client = await this.needs.client();
        return client && slashQuestion(client, editor, this.needs.refactorings, text);
    }

    /**
     * Answer the last question again.
     *
     * The server regenerates the last answer that it has. It has no answer to an explanation or to a question that
     * failed or was stopped, and would regenerate the one before: so those are asked as new questions.
     */
    async regenerate(): Promise<void> {
        const { current } = this.conversations;
        const last = current.turns.at(-1);
        if (last === undefined || this.answers.isBusy) {
            return;
        }
        current.turns = current.turns.slice(0, -1);
        this.showAll();
        const { latest } = this;
        if (current.serverId !== undefined && last.blocks !== undefined) {
            await this.answer(regenerationOf(last, current.serverId));
        } else if (latest?.turn === last) {
            await this.answer(latest.question);
        } else {
            await this.ask(last.question, last.items);
        }
    }

    /** Ask the question of a turn again, with lines that were left out. */
    async include({ id, place: { uri, label, line, endLine } }: FromView & { type: "include" }): Promise<void> {
        const turn = this.shown.find((each) => each.id === id);
        if (turn !== undefined) {
            const lines = { id: `${uri}#L${line + 1}-${endLine + 1}`, kind: "file", label };
            await this.ask(turn.question, [...(turn.items ?? []), lines]);
        }
    }

    /** Add a turn, and fill it while the answer streams. */
    async answer(question: Question): Promise<void> {
        this.stop();
        const { text, attached, items } = question;
        const turn: Turn = { id: this.conversations.nextTurn, question: text, attached, answer: "", state: "reading" };
        const named = items?.filter(({ id }) => id !== "").map(({ text: _, ...item }) => item) ?? [];
        if (named.length > 0) {
            turn.items = named;
        }
        this.latest = { turn, question };
        const { current } = this.conversations;
        const dropped = this.conversations.add(turn);
        // A window that is closed during the answer still has the question.
        this.conversations.keep();
        const answered = await this.answers.answer(turn, question);
        // The user may have deleted the conversation while the model answered.
        if (answered !== undefined && this.conversations.earlier.includes(current)) {
            await this.end(turn, question, current, answered);
        }
        if (this.conversations.has(turn)) {
            this.view.sendTurn(turn);
        }
        this.conversations.keep();
        await this.forget(dropped);
    }

    private async end(
        turn: Turn,
        { about }: Question,
        conversation: Conversation,
        { result, client }: NonNullable<Awaited<ReturnType<Answers["answer"]>>>,
    ): Promise<void> {
        if (typeof result === "string") {
            turn.state = "done";
            turn.note = result;
            return;
        }
        finish(turn, result);
        if (about !== undefined && !result.complete && result.leftOut.length > 0) {
            turn.unread = about;
        }
        if ("conversationId" in result) {
            conversation.serverId = result.conversationId;
            await this.store(client, result.conversationId);
        }
    }

    /** Make the server keep the conversation too, so that a reloaded window can continue it. */
    private async store(client: LanguageClient, conversationId: string): Promise<void> {
        try {
            await run(client, "homebody.saveConversation", { conversationId, store: true });
        } catch (error) {
            // The answer itself is complete; a full disk is reported once.
            if (!this.hasReportedStore) {
                this.hasReportedStore = true;
                void warn(sentenceOf(error));
            }
        }
    }

    /** Delete one conversation, or all, on disk as well. */
    private async delete(id?: number): Promise<void> {
        const { current } = this.conversations;
        const gone = this.conversations.delete(id);
        if (gone.includes(current)) {
            this.stop();
            this.showAll();
        }
        await this.forget(gone);
    }

    /** Have the server forget conversations. */
    private async forget(conversations: readonly Conversation[]): Promise<void> {
        const ids = conversations.flatMap(({ serverId }) => (serverId === undefined ? [] : [serverId]));
        const client = ids.length === 0 ? undefined : await this.needs.client();
        try {
            await Promise.all(
                ids.map((conversationId) => client && run(client, "homebody.forgetConversations", { conversationId })),
            );
        } catch (error) {
            void showError(sentenceOf(error));
        }
    }

    /** Show what a code block of an answer changes in the file in view. */
    async apply(block: number | undefined): Promise<void> {
        const { serverId } = this.conversations.current;
        if (block === undefined || serverId === undefined) {
            void inform("Homebody does not know where this code belongs: copy it, or insert it at the cursor.");
            return;
        }
        const client = await this.needs.client();
        if (client !== undefined) {
            const { refactorings } = this.needs;
            await applyBlock(client, serverId, block, refactorings.show.bind(refactorings));
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
