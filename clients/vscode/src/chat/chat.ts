/**
 * A conversation with the chat model: questions from the view, answers from `homebody.ask`.
 *
 * The server keeps the conversation with what fits into the context; here is what the user sees.
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
import { ConnectionError, ErrorCodes, type LanguageClient, ProgressType, ResponseError } from "vscode-languageclient/node";

import type { AskArgument, Asked, Explanation, Refactored, StreamPart } from "../protocol";
import { run, sentenceOf } from "../requests";
import { leftOutPlaces, sourcePlaces } from "../words";
import { applyArgument, codeOf, insert, isServed, placeOf, readNote, sent } from "./code";
import { Diagnostics } from "./diagnostics";
import type { Attachment, Explained, FromView, Turn } from "./messages";
import { ChatView } from "./view";

const STATE = "homebody.chat";
// Of earlier explanations so many characters are attached to the first question, the end of them.
const LONGEST_HISTORY = 6000;
const MOST_TURNS = 50;
const STREAM_MILLISECONDS = 50;
const SELECTION_MILLISECONDS = 100;
const STARTING = "Waiting for the server…";
const NOT_RUNNING = "The server is not running: the item Homebody in the status bar says why. Then ask again.";
const STOPPED = "The server stopped before the answer was complete. It is started again: ask again.";

interface Kept {
    /** Where the server has the conversation; absent where only explanations were asked for. */
    conversationId?: string;
    turns: Turn[];
}

/** What gets the answer of a turn: the range to explain, or a question. */
type Ask = (client: LanguageClient, token: string, stop: CancellationTokenSource) => Promise<Asked | Explanation>;

export interface Needs {
    /** A running server, started if it is not; a message says what is wrong where there is none. */
    client(): Promise<LanguageClient | undefined>;
    /** Whether a server runs now. */
    isRunning(): boolean;
    /** Run a command whose result is an edit, and show what it changes. */
    show(editor: TextEditor, title: string, work: () => Promise<Refactored>): Promise<void>;
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
    /** Text of the answer that streams which the view does not have yet. */
    private unsent = "";
    private timer: NodeJS.Timeout | undefined;
    private aboutTimer: NodeJS.Timeout | undefined;
    private isAboutLeftOut = false;
    private hasReportedStore = false;
    private readonly diagnostics = new Diagnostics();
    private readonly disposables: Disposable[];

    constructor(
        readonly view: ChatView,
        private readonly needs: Needs,
        private readonly memory: Memento,
    ) {
        const kept = memory.get<Kept>(STATE) ?? { turns: [] };
        this.turns = kept.turns.map((turn) =>
            turn.state === "reading" || turn.state === "writing" ? { ...turn, state: "stopped" } : turn,
        );
        this.conversationId = kept.conversationId;
        this.count = Math.max(0, ...this.turns.map(({ id }) => id));
        this.disposables = [
            view,
            view.onDidReceive((message) => void this.receive(message)),
            window.onDidChangeActiveTextEditor(() => this.showAboutSoon()),
            window.onDidChangeTextEditorSelection(() => this.showAboutSoon()),
        ];
    }

    /** Turns as the view shows them. */
    get shown(): readonly Turn[] {
        return this.turns;
    }

    /** Show which model answers, where it is another one than before. */
    showModel(): void {
        const model = this.needs.model();
        if (model !== this.model) {
            this.model = model;
            this.view.send({ type: "model", model });
        }
    }

    /** Open the view, with a question begun where one is given. */
    async open(text?: string): Promise<void> {
        await this.view.show();
        this.view.send(text === undefined ? { type: "focus" } : { type: "focus", text });
    }

    /** Ask about the code in view. */
    async ask(question: string): Promise<void> {
        const about = this.isAboutLeftOut ? undefined : editorInView();
        const attached = this.attachments;
        this.attachments = [];
        this.view.send({ type: "attachments", attachments: [] });
        const labels = attached.map(({ label }) => label);
        await this.answer(question, [...(about ? [placeOf(about)] : []), ...labels], (client, token, stop) => {
            const argument: AskArgument = { question, token, links: true, attach: [...this.earlier(), ...attached] };
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

    /** Begin a new conversation. */
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
        this.dropUnsent();
        clearTimeout(this.aboutTimer);
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
                this.isAboutLeftOut = !this.isAboutLeftOut;
                this.showAbout();
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

    /** Answer the last question once more. */
    private async regenerate(): Promise<void> {
        const last = this.turns.at(-1);
        if (last === undefined || this.stopping !== undefined) {
            return;
        }
        if (this.conversationId === undefined) {
            this.turns = this.turns.slice(0, -1);
            this.showAll();
            await this.ask(last.question);
            return;
        }
        const conversationId = this.conversationId;
        this.turns = this.turns.slice(0, -1);
        this.showAll();
        await this.answer(last.question, last.attached, (client, token, stop) =>
            sent<Asked>(client, "homebody.ask", { conversationId, regenerate: true, links: true, token }, stop),
        );
    }

    /** Add a turn, and fill it while the answer streams. Only one answer is written at a time. */
    private async answer(question: string, attached: string[], ask: Ask, about?: Explained): Promise<void> {
        this.stop();
        const stop = (this.stopping = new CancellationTokenSource());
        const turn: Turn = { id: ++this.count, question, attached, answer: "", state: "reading" };
        if (!this.needs.isRunning()) {
            turn.note = STARTING;
        }
        this.turns = [...this.turns, turn].slice(-MOST_TURNS);
        this.sendTurn(turn);
        let stream: Disposable | undefined;
        try {
            const client = await this.needs.client();
            if (client === undefined) {
                throw new Error(NOT_RUNNING);
            }
            const token = `homebody-chat-${turn.id}-${Date.now()}`;
            stream = client.onProgress(new ProgressType<StreamPart>(), token, (part) => this.take(turn, part));
            const result = await ask(client, token, stop);
            // A new conversation may have begun while the model answered.
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
                this.sendTurn(turn);
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
                this.sendTurn(turn);
            } else {
                this.sendSoon(turn, part.text);
            }
        } else if (part.reading !== undefined && turn.state === "reading") {
            turn.note = readNote(part.reading);
            this.sendTurn(turn);
        }
    }

    /** Send text of an answer with what else comes in the next moment: a message for each token is costly. */
    private sendSoon(turn: Turn, text: string): void {
        this.unsent += text;
        this.timer ??= setTimeout(() => {
            const message = { type: "text" as const, id: turn.id, text: this.unsent };
            this.dropUnsent();
            this.view.send(message);
        }, STREAM_MILLISECONDS);
    }

    /** Send a whole turn; its answer has the text that was not sent yet. */
    private sendTurn(turn: Turn): void {
        this.dropUnsent();
        this.view.send({ type: "turn", turn });
    }

    private dropUnsent(): void {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.unsent = "";
    }

    private finish(turn: Turn, result: Asked | Explanation): void {
        turn.state = "done";
        delete turn.note;
        // The text that streamed is what is copied and saved: its links would lead to files of this machine.
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

    /** Have the server keep the conversation too, so that a reloaded window can continue it. */
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

    /** Forget the conversation, on disk as well. */
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

    /** Explanations from before the conversation began, as text to attach: the server does not have them. */
    private earlier(): Attachment[] {
        const answered = this.conversationId !== undefined ? [] : this.turns.filter(({ answer }) => answer !== "");
        if (answered.length === 0) {
            return [];
        }
        const text = answered.map(({ question, answer }) => `Question: ${question}\n\n${answer}`).join("\n\n");
        return [{ id: "", kind: "text", label: "Earlier in this conversation", text: text.slice(-LONGEST_HISTORY) }];
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
        const editor = window.activeTextEditor ?? window.visibleTextEditors.find(isServed);
        if (client === undefined || this.conversationId === undefined) {
            return;
        }
        if (editor === undefined) {
            void window.showInformationMessage("Open the file that the code is for, then apply it again.");
            return;
        }
        const argument = applyArgument(client, editor, this.conversationId, block);
        const work = () => run<Refactored>(client, "homebody.apply", argument);
        await this.needs.show(editor, "Apply code from the answer", work);
    }

    private showAll(): void {
        const { turns, attachments } = this;
        this.dropUnsent();
        this.model = this.needs.model();
        this.view.send({ type: "state", turns, attachments, model: this.model });
        this.showAbout();
    }

    /** Show which code goes with a question; a selection changes many times while it is made. */
    private showAboutSoon(): void {
        clearTimeout(this.aboutTimer);
        this.aboutTimer = setTimeout(() => this.showAbout(), SELECTION_MILLISECONDS);
    }

    private showAbout(): void {
        const editor = editorInView();
        const about = editor && { label: placeOf(editor), isLeftOut: this.isAboutLeftOut };
        this.view.send({ type: "about", about });
    }

    private keep(): void {
        const kept: Kept = { turns: this.turns };
        if (this.conversationId !== undefined) {
            kept.conversationId = this.conversationId;
        }
        void this.memory.update(STATE, kept);
    }
}

/** The editor that questions are about. */
function editorInView(): TextEditor | undefined {
    const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
    return editor !== undefined && isServed(editor) ? editor : undefined;
}

/** Record in a turn that it has no complete answer, and why. */
function fail(turn: Turn, error: unknown, isCancelled: boolean): void {
    turn.state = isCancelled ? "stopped" : "failed";
    delete turn.note;
    if (isCancelled) {
        return;
    }
    turn.note = isDisconnected(error) ? STOPPED : sentenceOf(error);
    if (error instanceof ResponseError && error.data?.kind === "NoModelInstalled") {
        turn.fix = "installModel";
    }
}

/** Whether the server ended while it answered. */
function isDisconnected(error: unknown): boolean {
    const isRejected = error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected;
    return isRejected || error instanceof ConnectionError;
}
