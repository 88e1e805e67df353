/**
 * A conversation with the chat model: questions from the view, answers from `homebody.ask`.
 *
 * The server keeps the part of the conversation that fits into the context; this module keeps what the user
 * sees.
 * Both are kept on this machine, so that reloading the window does not lose them, until *New Conversation*.
 */

import {
    CancellationTokenSource,
    type Disposable,
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

import type { AskArgument, Asked, Explanation, StreamPart } from "../protocol";
import { run, sentenceOf } from "../requests";
import { leftOutPlaces, sourcePlaces } from "../words";
import { CodeInView } from "./about";
import { type ShowEdit, applyBlock } from "./apply";
import { codeOf, insert, placeOf, readNote, sent } from "./code";
import { Diagnostics } from "./diagnostics";
import { earlierTurns } from "./earlier";
import { fail } from "./failure";
import { load, save } from "./kept";
import type { Attachment, Explained, FromView, Turn } from "./messages";
import { TurnStream } from "./stream";
import { ChatView } from "./view";

const MOST_TURNS = 50;
const STARTING = "Waiting for the server…";
const NOT_RUNNING = "The server is not running: the item Homebody in the status bar says why. Then ask again.";

/** How a turn gets its answer: by the range to explain, or by a question. */
type Ask = (client: LanguageClient, token: string, stop: CancellationTokenSource) => Promise<Asked | Explanation>;

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
    private attachments: Attachment[] = [];
    /** Name of the model that the view shows. */
    private model = "";
    private stopping: CancellationTokenSource | undefined;
    private count = 0;
    /** The last turn of this session, and how it gets its answer. */
    private latest: { turn: Turn; ask: Ask; about: Explained | undefined } | undefined;
    private readonly stream: TurnStream;
    private hasReportedStore = false;
    private readonly diagnostics = new Diagnostics();
    private readonly code = new CodeInView((about) => this.view.send({ type: "about", about }));
    private readonly disposables: Disposable[];

    constructor(
        readonly view: ChatView,
        private readonly needs: Needs,
        private readonly memory: Memento,
    ) {
        ({ turns: this.turns, conversationId: this.conversationId } = load(memory));
        this.count = Math.max(0, ...this.turns.map(({ id }) => id));
        this.stream = new TurnStream(view);
        this.disposables = [
            view,
            this.code,
            view.onDidReceive((message) => void this.receive(message)),
        ];
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

    /** Open the view, with `question` in its input if there is one. */
    async open(text?: string): Promise<void> {
        await this.view.show();
        this.view.send(text === undefined ? { type: "focus" } : { type: "focus", text });
    }

    /** Ask about the code in view. */
    async ask(question: string): Promise<void> {
        const about = this.code.editor;
        const earlier = this.conversationId === undefined ? earlierTurns(this.turns) : [];
        const attached = this.attachments;
        this.attachments = [];
        this.view.send({ type: "attachments", attachments: [] });
        const labels = attached.map(({ label }) => label);
        await this.answer(question, [...(about ? [placeOf(about)] : []), ...labels], (client, token, stop) => {
            const argument: AskArgument = { question, token, links: true, attach: [...earlier, ...attached] };
            if (attached.some(({ id }) => id.startsWith("diagnostics:"))) {
                argument.diagnostics = this.diagnostics.current(client);
            }
            if (about !== undefined) {
                Object.assign(argument, codeOf(client, about));
            }
            if (this.conversationId !== undefined) {
                argument.conversationId = this.conversationId;
            }
            return sent<Asked>(client, "homebody.ask", argument, stop);
        });
    }

    /** Explain the selection, or the function around the cursor. */
    async explain(editor: TextEditor): Promise<void> {
        await this.view.show();
        const client = await this.needs.client();
        await (client && this.explainCode({ place: placeOf(editor), code: codeOf(client, editor) }));
    }

    private async explainCode(about: Explained, full = false): Promise<void> {
        const argument = { ...about.code, full, links: true };
        const ask: Ask = (client, token, stop) => sent(client, "homebody.explain", { ...argument, token }, stop);
        await this.answer(`Explain ${about.place}`, [], ask, full ? undefined : about);
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
        this.attachments = [];
        this.forget();
        this.showAll();
        this.keep();
    }

    dispose(): void {
        this.stop();
        this.stream.drop();
        this.disposables.forEach((disposable) => disposable.dispose());
    }

    private async receive(message: FromView): Promise<void> {
        try {
            await this.act(message);
        } catch (error) {
            void window.showErrorMessage(sentenceOf(error));
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
                await this.explainCode(message.about, true);
                break;
            case "clear":
                this.clear();
                break;
            case "items":
                this.view.send({ type: "items", query: message.query, items: await this.items(message.query) });
                break;
            case "attach":
                this.attachments = [...this.attachments, message.item];
                this.view.send({ type: "attachments", attachments: this.attachments });
                break;
            case "detach":
                this.attachments = this.attachments.filter((_, index) => index !== message.index);
                this.view.send({ type: "attachments", attachments: this.attachments });
                break;
            case "toggleAbout":
                this.code.toggle();
                break;
            case "switchModel":
                await commands.executeCommand("homebody.switchModel");
                break;
            case "installModel":
                await commands.executeCommand("homebody.installModel");
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
            await this.answer(last.question, last.attached, (client, token, stop) =>
                sent<Asked>(client, "homebody.ask", { conversationId, regenerate: true, links: true, token }, stop),
            );
        } else if (latest?.turn === last) {
            await this.answer(last.question, last.attached, latest.ask, latest.about);
        } else {
            await this.ask(last.question);
        }
    }

    /** Add a turn, and fill it while the answer streams; only one at a time. */
    private async answer(question: string, attached: string[], ask: Ask, about?: Explained): Promise<void> {
        this.stop();
        const stop = (this.stopping = new CancellationTokenSource());
        const turn: Turn = { id: ++this.count, question, attached, answer: "", state: "reading" };
        if (!this.needs.isRunning()) {
            turn.note = STARTING;
        }
        this.turns = [...this.turns, turn].slice(-MOST_TURNS);
        this.latest = { turn, ask, about };
        // A window that is closed during the answer still has the question.
        this.keep();
        this.stream.send(turn);
        let stream: Disposable | undefined;
        try {
            const client = await this.needs.client();
            if (client === undefined) {
                throw new Error(NOT_RUNNING);
            }
            const token = `homebody-chat-${turn.id}-${Date.now()}`;
            stream = client.onProgress(new ProgressType<StreamPart>(), token, (part) => this.take(turn, part));
            const result = await ask(client, token, stop);
            // The user may have started a new conversation while the model answered.
            if (this.turns.includes(turn)) {
                this.finish(turn, result);
                if (about !== undefined && !result.complete && result.leftOut.length > 0) {
                    turn.unread = about;
                }
                await this.store(client);
            }
        } catch (error) {
            fail(turn, error, stop.token.isCancellationRequested);
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

    private take(turn: Turn, part: StreamPart): void {
        if (part.text !== "") {
            turn.answer += part.text;
            if (turn.state === "reading") {
                turn.state = "writing";
                delete turn.note;
                this.stream.send(turn);
            } else {
                this.stream.append(turn, part.text);
            }
        } else if (part.reading !== undefined && turn.state === "reading") {
            turn.note = readNote(part.reading);
            this.stream.send(turn);
        }
    }

    private finish(turn: Turn, result: Asked | Explanation): void {
        turn.state = "done";
        delete turn.note;
        // Copying and saving use the streamed text: links would name files of this machine.
        turn.answer ||= result.markdown;
        turn.linked = result.markdown;
        turn.complete = result.complete;
        turn.usage = result.usage;
        turn.sources = sourcePlaces(result.sources);
        turn.leftOut = leftOutPlaces(result.leftOut);
        if ("conversationId" in result) {
            this.conversationId = result.conversationId;
            turn.blocks = result.blocks.map(({ block, text }) => ({ number: block, text }));
        }
    }

    /** Make the server keep the conversation too, so that a reloaded window can continue it. */
    private async store(client: LanguageClient): Promise<void> {
        if (this.conversationId === undefined) {
            return;
        }
        try {
            const argument = { conversationId: this.conversationId, store: true };
            await run(client, "homebody.saveConversation", argument);
        } catch (error) {
            // The answer itself is complete; a full disk is reported once.
            if (!this.hasReportedStore) {
                this.hasReportedStore = true;
                void window.showWarningMessage(sentenceOf(error));
            }
        }
    }

    /** Delete the conversation, on disk as well. */
    private forget(): void {
        const conversationId = this.conversationId;
        this.conversationId = undefined;
        if (conversationId !== undefined) {
            void this.needs
                .client()
                .then((client) => client && run(client, "homebody.forgetConversations", { conversationId }))
                .catch((error: unknown) => window.showErrorMessage(sentenceOf(error)));
        }
    }

    private async items(query: string): Promise<Attachment[]> {
        const client = await this.needs.client();
        const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
        if (client === undefined) {
            return [];
        }
        const about = editor === undefined ? {} : { textDocument: codeOf(client, editor).textDocument };
        const diagnostics = this.diagnostics.current(client);
        return run<Attachment[]>(client, "homebody.contextItems", { query, ...about, diagnostics });
    }

    private async apply(block: number): Promise<void> {
        const client = await this.needs.client();
        if (client !== undefined && this.conversationId !== undefined) {
            await applyBlock(client, this.conversationId, block, this.needs.show);
        }
    }

    private showAll(): void {
        const { turns, attachments } = this;
        this.stream.drop();
        this.model = this.needs.model();
        this.view.send({ type: "state", turns, attachments, model: this.model });
        this.code.show();
    }

    private keep(): void {
        save(this.memory, { turns: this.turns, conversationId: this.conversationId });
    }
}
