/**
 * Read-only documents for what the model or the server says, as text and never as HTML.
 *
 * A Markdown preview would load the pictures that an answer names, from any host.
 */

import {
    type Disposable,
    EventEmitter,
    type TextDocumentContentProvider,
    Uri,
    ViewColumn,
    window,
    workspace,
} from "vscode";

const SCHEME = "homebody";
// Each update replaces the whole text of the editor.
const REFRESH_MILLISECONDS = 100;

export class Pages implements TextDocumentContentProvider, Disposable {
    private readonly texts = new Map<string, string>();
    private readonly changed = new EventEmitter<Uri>();
    private readonly disposables: Disposable[];
    private readonly waiting = new Map<string, NodeJS.Timeout>();
    readonly onDidChange = this.changed.event;

    constructor() {
        this.disposables = [
            this.changed,
            workspace.registerTextDocumentContentProvider(SCHEME, this),
            workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())),
        ];
    }

    provideTextDocumentContent(uri: Uri): string {
        return this.texts.get(uri.toString()) ?? "";
    }

    /** Show `text` beside the editor, in a page named `name`; the name's suffix selects the highlighting. */
    async open(name: string, text: string): Promise<Page> {
        const uri = Uri.from({ scheme: SCHEME, path: `/${name}` });
        this.texts.set(uri.toString(), text);
        this.changed.fire(uri);
        const document = await workspace.openTextDocument(uri);
        await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preserveFocus: true });
        return { uri, show: (now) => this.update(uri, now) };
    }

    dispose(): void {
        this.waiting.forEach(clearTimeout);
        for (const disposable of this.disposables) {
            disposable.dispose();
        }
    }

    private update(uri: Uri, text: string): void {
        const key = uri.toString();
        this.texts.set(key, text);
        if (!this.waiting.has(key)) {
            const refresh = (): void => {
                this.waiting.delete(key);
                this.changed.fire(uri);
            };
            this.waiting.set(key, setTimeout(refresh, REFRESH_MILLISECONDS));
        }
    }
}

/** One page that is open. */
export interface Page {
    uri: Uri;
    /** Replace its text. */
    show(text: string): void;
}
