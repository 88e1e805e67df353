/** What the user attaches to the next question: files, symbols, problems and the like. */

import type { LanguageClient } from "vscode-languageclient/node";

import { codeOf, run } from "../commands";
import type { Attachment, DocumentDiagnostics } from "../protocol";
import { editorInView } from "./about";
import { Diagnostics } from "./diagnostics";

export class Attachments {
    private items: readonly Attachment[] = [];
    private readonly diagnostics = new Diagnostics();

    /** `draw` shows the attached items to the user. */
    constructor(private readonly draw: (items: Attachment[]) => void) {}

    /** The items that are attached. */
    get current(): Attachment[] {
        return [...this.items];
    }

    add(item: Attachment): void {
        this.set([...this.items, item]);
    }

    remove(index: number): void {
        this.set(this.items.filter((_, other) => other !== index));
    }

    /** Detach all items; returns them. */
    take(): Attachment[] {
        const taken = this.current;
        this.set([]);
        return taken;
    }

    /** What can be attached and matches what the user has typed. */
    async matching(client: LanguageClient, query: string): Promise<Attachment[]> {
        const editor = editorInView();
        const about = editor && { textDocument: codeOf(client, editor).textDocument };
        const diagnostics = this.diagnostics.current(client);
        return run<Attachment[]>(client, "homebody.contextItems", { query, ...about, diagnostics });
    }

    /** The problems that `homebody.ask` needs for these items; `undefined` if none of them is about problems. */
    problems(client: LanguageClient, items: readonly Attachment[]): DocumentDiagnostics[] | undefined {
        return items.some(({ id }) => id.startsWith("diagnostics:")) ? this.diagnostics.current(client) : undefined;
    }

    private set(items: readonly Attachment[]): void {
        this.items = items;
        this.draw(this.current);
    }
}
