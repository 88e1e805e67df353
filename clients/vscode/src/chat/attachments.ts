/**
 * What the user attaches to the next question: files, folders, symbols, problems, changes and the terminal.
 *
 * Until a question with it has an answer, a new window has it again, but for pictures that were pasted.
 */

import { type Memento, commands, env, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { codeOf, run } from "../commands";
import type { Attachment, CheckedAttachment, DocumentDiagnostics } from "../protocol";
import { sentenceOf } from "../words";
import { editorInView } from "./about";
import { Diagnostics } from "./diagnostics";

const ATTACHED = "homebody.attached";
const TERMINAL = "terminal:";
const LONGEST_TERMINAL = 20_000;

export class Attachments {
    private items: readonly Attachment[];
    private readonly diagnostics = new Diagnostics();

    /** `draw` shows the attached items to the user, `focus` brings the focus back to where they are chosen. */
    constructor(
        private readonly draw: (items: Attachment[]) => void,
        private readonly focus: () => void,
        private readonly memory: Memento,
    ) {
        this.items = memory.get<Attachment[]>(ATTACHED) ?? [];
    }

    /** The items that are attached. */
    get current(): Attachment[] {
        return [...this.items];
    }

    /**
     * Attach an item; the text of a terminal is what it shows now.
     *
     * Once the server has looked at it, its note says what the model will get of a picture, or why it cannot be sent.
     */
    async add(item: Attachment, toClient: () => Promise<LanguageClient | undefined>): Promise<void> {
        const added = item.id === TERMINAL ? { ...item, id: "", text: await terminalText(this.focus) } : item;
        this.set([...this.items, added]);
        if (item.data !== undefined || item.id.startsWith("file:")) {
            const client = await toClient();
            const note = client === undefined ? "" : await noteOf(client, item);
            this.set(this.items.map((other) => (other === added && note !== "" ? { ...item, note } : other)));
        }
    }

    remove(index: number): void {
        this.set(this.items.filter((_, other) => other !== index));
    }

    /** Detach all items, to send them; returns them. */
    take(): Attachment[] {
        const taken = this.current;
        this.items = [];
        this.draw([]);
        return taken;
    }

    clear(): void {
        this.set([]);
    }

    /** The question that items were taken for has an answer. */
    answered(): void {
        this.set(this.items);
    }

    /** What can be attached and matches what the user has typed; `terminal` names a kind as well. */
    async matching(client: LanguageClient, typed: string): Promise<Attachment[]> {
        const editor = editorInView();
        const about = editor && { textDocument: codeOf(client, editor).textDocument };
        const diagnostics = this.diagnostics.current(client);
        const items = await run<Attachment[]>(client, "homebody.contextItems", { query: typed, ...about, diagnostics });
        const terminal = window.activeTerminal;
        return terminal !== undefined && "terminal".startsWith(typed.toLowerCase())
            ? [{ id: TERMINAL, kind: "terminal", label: "Terminal", detail: terminal.name }, ...items]
            : items;
    }

    /** The problems that `homebody.ask` needs for these items; `undefined` if none of them is about problems. */
    problems(client: LanguageClient, items: readonly Attachment[]): DocumentDiagnostics[] | undefined {
        return items.some(({ id }) => id.startsWith("diagnostics:")) ? this.diagnostics.current(client) : undefined;
    }

    private set(items: readonly Attachment[]): void {
        this.items = items;
        void this.memory.update(ATTACHED, items.filter(({ data }) => data === undefined));
        this.draw(this.current);
    }
}

/** The size of a picture as the model will see it, or why the item cannot be sent. */
async function noteOf(client: LanguageClient, item: Attachment): Promise<string> {
    try {
        const { media } = await run<CheckedAttachment>(client, "homebody.checkAttachment", { item });
        return media.map(({ label, tokens }) => `${label}, ${tokens} tokens`).join();
    } catch (error) {
        return sentenceOf(error);
    }
}

/**
 * The end of what the active terminal shows. The stable API has its text only through the clipboard.
 *
 * A selection gives the terminal the focus: what the user types next would go to the shell.
 */
async function terminalText(focusBack: () => void): Promise<string> {
    const before = await env.clipboard.readText();
    await commands.executeCommand("workbench.action.terminal.selectAll");
    focusBack();
    await commands.executeCommand("workbench.action.terminal.copySelection");
    await commands.executeCommand("workbench.action.terminal.clearSelection");
    const text = await env.clipboard.readText();
    await env.clipboard.writeText(before);
    return text.trimEnd().slice(-LONGEST_TERMINAL);
}
