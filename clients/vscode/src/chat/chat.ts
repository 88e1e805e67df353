/**
 * A conversation with the chat model: questions from the view, answers from `homebody.ask`.
 *
 * The server keeps the part of the conversation that fits into the context; this module keeps what the user
 * sees. Both are kept on this machine, so that reloading the window does not lose them, until *New Conversation*.
 */

import {
    CancellationError,
    type CancellationToken,
    CancellationTokenSource,
    Disposable,
    type Memento,
    Range,
    type TextEditor,
    Uri,
    commands,
    env,
    window,
    workspace,
} from "vscode";
import { type LanguageClient, ProgressType } from "vscode-languageclient/node";

import { codeOf, run, runStoppable } from "../commands";
import { inform, showError, warn } from "../notify";
import type { AskArgument, Asked, Attachment, Explanation, StreamPart } from "../protocol";
import { sentenceOf } from "../words";
import { CodeInView, labelOf } from "./about";
import { Attachments } from "./attachments";
import { type ShowEdit, applyBlock, insert } from "./blocks";
import type { FromView, Turn } from "./messages";
import { type Question, explanationOf, regenerationOf } from "./question";
import { TurnStream } from "./stream";
import { earlier, failed, finish, load, read, save, stopped } from "./turns";
import type { ChatView } from "./view";

const MOST_TURNS = 50;
const STARTING = "Waiting for the server…";
const NOT_RUNNING = "The server is not running: the item Homebody in the status bar says why. Then ask again.";

export interface Needs {
    /** A running server, started if needed; without one, a message says what is wrong. */
    client(): Promise<LanguageClient | undefined>;
    /** Whether a server is running. */
    isRunning(): boolean;
    show: ShowEdit;
    /** Name of the chat model. */
    model(): string;
}

export class Chat implements Disposable {
    private turns: Turn[];
    private conversationId: string | undefined;
    /** Name of the model that the view shows. */
    private model = "";
    private stopping: CancellationTokenSource | undefined;
    private count: number;
    /** The last turn of this session, and its question. */
    private latest: { turn: Turn; question: Question } | undefined;
    private hasReportedStore = false;
    private readonly stream: TurnStream;
    private readonly attachments = new Attachments((attachments) => this.view.send({ type: "attachments", attachments }));
    private readonly code = new CodeInView((about) => this.view.send({ type: "about", about }));
    private readonly subscriptions: Disposable;

    constructor(
        readonly view: ChatView,
        private readonly needs: Needs,
        private readonly memory: Memento,
    ) {
        ({ turns: this.turns, conversationId: this.conversationId } = load(memory));
        this.count = Math.max(0, ...this.turns.map(({ id }) => id));
        this.stream = new TurnStream(view);
        this.subscriptions = Disposable.from(
            view,
            this.code,
            view.onDidReceive((message) => void this.receive(message)),
        );
    }

    /** Turns as the view shows them. */
    get shown(): readonly Turn[] {
        return this.turns;
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

    /** Ask about the code in view. */
    async ask(text: string): Promise<void> {
        const editor = this.code.editor;
        const before = this.conversationId === undefined ? earlier(this.turns) : [];
        const attached = this.attachments.take();
        await this.answer({
            text,
            attached: [...(editor ? [labelOf(editor)] : []), ...attached.map(({ label }) => label)],
            ask: (client, token, stop) => {
                const { conversationId } = this;
                const diagnostics = this.attachments.problems(client, attached);
                const argument: AskArgument = {
                    question: text,
                    token,
                    links: true,
                    attach: [...before, ...attached],
                    ...(editor && codeOf(client, editor)),
                    ...(diagnostics && { diagnostics }),
                    ...(conversationId !== undefined && { conversationId }),
                };
                return runStoppable<Asked>(client, "homebody.ask", argument, stop);
            },
        });
    }

    /** Explain the selection, or the function around the cursor, as far as the model can read it soon. */
    async explain(editor: TextEditor): Promise<void> {
        await this.view.show();
        const client = await this.needs.client();
        if (client !== undefined) {
            await this.answer(explanationOf({ place: labelOf(editor), code: codeOf(client, editor) }));
        }
    }

    /** Stop the answer that is being written. */
    stop(): void {
        this.stopping?.cancel();
    }

    /** Open the conversation as Markdown, to be saved where the user likes. */
    async save(): Promise<void> {
        const content = this.turns.map(({ question, answer }) => `## ${question}\n\n${answer}\n`).join("\n");
        await window.showTextDocument(await workspace.openTextDocument({ language: "markdown", content }));
    }

    /** Start a new conversation. */
    clear(): void {
        this.stop();
        this.turns = [];
        this.attachments.take();
        this.forget();
        this.showAll();
        this.keep();
    }

    /** What can be attached to the next question and matches `query`. */
    async items(query: string): Promise<Attachment[]> {
        const client = await this.needs.client();
        return client === undefined ? [] : this.attachments.matching(client, query);
    }

    dispose(): void {
        this.stop();
        this.stream.drop();
        this.subscriptions.dispose();
    }

    private async receive(message: FromView): Promise<void> {
        try {
            await this.act(message);
        } catch (error) {
            void showError(sentenceOf(error));
        }
    }

    private async act(message: FromView): Promise<void> {
        switch (message.type) {
            case "ready":
                this.showAll();
                break;
            case "ask":
                await this.ask(message.question);
                break;
            case "stop":
                this.stop();
                break;
            case "regenerate":
                await this.regenerate();
                break;
            case "readAll":
                await this.answer(explanationOf(message.about, { full: true }));
                break;
            case "clear":
                this.clear();
                break;
            case "items":
                this.view.send({ type: "items", query: message.query, items: await this.items(message.query) });
                break;
            case "attach":
                this.attachments.add(message.item);
                break;
            case "detach":
                this.attachments.remove(message.index);
                break;
            case "toggleAbout":
                this.code.toggle();
                break;
            case "switchModel":
            case "installModel":
                await commands.executeCommand(`homebody.${message.type}`);
                break;
            case "open": {
                const { uri, line, endLine } = message.place;
                const selection = new Range(line, 0, endLine + 1, 0);
                await window.showTextDocument(Uri.parse(uri), { selection, preview: true });
                break;
            }
            case "copy":
                await env.clipboard.writeText(message.text);
                break;
            case "insert":
                await insert(message.text);
                break;
            case "apply":
                await this.apply(message.block);
                break;
        }
    }

    /**
     * Answer the last question again.
     *
     * The server regenerates the last answer that it has. It has no answer to an explanation or to a question that
     * failed or was stopped, and would regenerate the one before: so those are asked as new questions.
     */
    private async regenerate(): Promise<void> {
        const last = this.turns.at(-1);
        if (last === undefined || this.stopping !== undefined) {
            return;
        }
        this.turns = this.turns.slice(0, -1);
        this.showAll();
        const { conversationId, latest } = this;
        if (conversationId !== undefined && last.blocks !== undefined) {
            await this.answer(regenerationOf(last, conversationId));
        } else if (latest?.turn === last) {
            await this.answer(latest.question);
        } else {
            await this.ask(last.question);
        }
    }

    /** Add a turn, and fill it while the answer streams; only one at a time. */
    private async answer(question: Question): Promise<void> {
        this.stop();
        const stop = (this.stopping = new CancellationTokenSource());
        const turn = this.begin(question);
        let stream: Disposable | undefined;
        try {
            const client = await Promise.race([this.needs.client(), cancellation(stop.token)]);
            if (client === undefined) {
                throw new Error(NOT_RUNNING);
            }
            const token = `homebody-chat-${turn.id}-${Date.now()}`;
            stream = client.onProgress(new ProgressType<StreamPart>(), token, (part) => this.take(turn, part));
            const result = await question.ask(client, token, stop.token);
            // The user may have started a new conversation while the model answered.
            if (this.turns.includes(turn)) {
                await this.end(turn, question, client, result);
            }
        } catch (error) {
            if (stop.token.isCancellationRequested) {
                stopped(turn);
            } else {
                failed(turn, error);
            }
        } finally {
            stream?.dispose();
            stop.dispose();
            if (this.stopping === stop) {
                this.stopping = undefined;
            }
            if (this.turns.includes(turn)) {
                this.stream.send(turn);
                this.keep();
            }
        }
    }

    private begin(question: Question): Turn {
        const { text, attached } = question;
        const turn: Turn = { id: ++this.count, question: text, attached, answer: "", state: "reading" };
        if (!this.needs.isRunning()) {
            turn.note = STARTING;
        }
        this.turns = [...this.turns, turn].slice(-MOST_TURNS);
        this.latest = { turn, question };
        // A window that is closed during the answer still has the question.
        this.keep();
        this.stream.send(turn);
        return turn;
    }

    private take(turn: Turn, { text, reading }: StreamPart): void {
        if (text !== "") {
            turn.answer += text;
            if (turn.state === "reading") {
                turn.state = "writing";
                delete turn.note;
                this.stream.send(turn);
            } else {
                this.stream.append(turn, text);
            }
        } else if (reading !== undefined && turn.state === "reading") {
            read(turn, reading);
            this.stream.send(turn);
        }
    }

    private async end(turn: Turn, { about }: Question, client: LanguageClient, result: Asked | Explanation): Promise<void> {
        finish(turn, result);
        if (about !== undefined && !result.complete && result.leftOut.length > 0) {
            turn.unread = about;
        }
        if ("conversationId" in result) {
            this.conversationId = result.conversationId;
        }
        await this.store(client);
    }

    /** Make the server keep the conversation too, so that a reloaded window can continue it. */
    private async store(client: LanguageClient): Promise<void> {
        const { conversationId } = this;
        if (conversationId === undefined) {
            return;
        }
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

    /** Delete the conversation, on disk as well. */
    private forget(): void {
        const { conversationId } = this;
        this.conversationId = undefined;
        if (conversationId !== undefined) {
            void this.needs
                .client()
                .then((client) => client && run(client, "homebody.forgetConversations", { conversationId }))
                .catch((error: unknown) => showError(sentenceOf(error)));
        }
    }

    private async apply(block: number | undefined): Promise<void> {
        const { conversationId } = this;
        if (block === undefined || conversationId === undefined) {
            void inform("Homebody does not know where this code belongs: copy it, or insert it at the cursor.");
            return;
        }
        const client = await this.needs.client();
        if (client !== undefined) {
            await applyBlock(client, conversationId, block, this.needs.show);
        }
    }

    private showAll(): void {
        this.stream.drop();
        this.model = this.needs.model();
        const { turns, model } = this;
        this.view.send({ type: "state", turns, attachments: this.attachments.current, model });
        this.code.show();
    }

    private keep(): void {
        save(this.memory, { turns: this.turns, conversationId: this.conversationId });
    }
}

/** Rejects once `token` is cancelled. */
function cancellation(token: CancellationToken): Promise<never> {
    return new Promise((_, reject) => token.onCancellationRequested(() => reject(new CancellationError())));
}
