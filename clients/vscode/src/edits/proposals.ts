/**
 * Proposed changes, shown in VS Code's diff editor: the file on the left, the proposal on the right.
 *
 * The right side is a file in memory that can be edited: the arrows of the diff editor revert single
 * hunks in it, and *Accept* applies its text as it is then. The file itself is unchanged until *Accept*,
 * which is one undo step. If the file was edited meanwhile, the proposal is merged into it.
 */

import {
    type Disposable,
    EventEmitter,
    type FileChangeEvent,
    FileChangeType,
    FileSystemError,
    type FileSystemProvider,
    FileType,
    Range,
    TabInputTextDiff,
    type TextDocument,
    Uri,
    WorkspaceEdit,
    commands,
    window,
    workspace,
} from "vscode";

import { baseName } from "../words";
import { lineChanges, merged } from "./merge";

export const SCHEME = "homebody-edit";

/** A change that waits for a decision. */
export interface Proposal {
    uri: Uri;
    target: Uri;
    title: string;
    /** The document's text that the change was made for. */
    base: string;
    /** The server's id of it, for `homebody.refine`. */
    serverId: string | undefined;
}

interface Stored {
    proposal: Proposal;
    bytes: Uint8Array;
    changed: number;
    /** Accepted or discarded: only its editor is still there. */
    isDecided: boolean;
}

export class Proposals implements FileSystemProvider, Disposable {
    private readonly stored = new Map<string, Stored>();
    private readonly changes = new EventEmitter<FileChangeEvent[]>();
    private readonly disposables: Disposable[];
    private count = 0;
    readonly onDidChangeFile = this.changes.event;

    constructor() {
        this.disposables = [
            this.changes,
            workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
            // A reverted hunk is saved at once, so that closing the editor asks nothing.
            workspace.onDidChangeTextDocument(({ document }) => {
                if (document.uri.scheme === SCHEME && document.isDirty) {
                    void document.save();
                }
            }),
            window.tabGroups.onDidChangeTabs(({ closed }) => {
                for (const { input } of closed) {
                    if (input instanceof TabInputTextDiff && this.stored.has(input.modified.toString())) {
                        void this.offerAgain(input.modified);
                    }
                }
            }),
        ];
    }

    /** The proposals that wait for a decision. */
    get waiting(): Proposal[] {
        return [...this.stored.values()].filter(({ isDecided }) => !isDecided).map(({ proposal }) => proposal);
    }

    /** Show what `text` changes in `document`. */
    async propose(document: TextDocument, text: string, title: string, serverId?: string): Promise<Proposal> {
        const uri = Uri.from({ scheme: SCHEME, path: `/${++this.count}/${baseName(document.uri)}` });
        const proposal = { uri, target: document.uri, title, base: document.getText(), serverId };
        this.put(proposal, text);
        await this.show(proposal);
        return proposal;
    }

    /** Replace the text of a proposal, after it was refined. */
    async replace(proposal: Proposal, text: string): Promise<void> {
        this.put(proposal, text);
        this.changes.fire([{ type: FileChangeType.Changed, uri: proposal.uri }]);
        await this.show(proposal);
    }

    /** The proposal that a command is meant for: the one with this address, or in the active editor. */
    find(uri?: Uri): Proposal | undefined {
        const input = window.tabGroups.activeTabGroup.activeTab?.input;
        const active = input instanceof TabInputTextDiff ? input.modified : undefined;
        const wanted = uri?.scheme === SCHEME ? uri : active;
        const stored = wanted && this.stored.get(wanted.toString());
        return stored?.isDecided ? undefined : stored?.proposal;
    }

    /** Put the proposal into the file, as one undo step. If it cannot, a message says so. */
    async accept(proposal: Proposal): Promise<boolean> {
        const document = await workspace.openTextDocument(proposal.target);
        const text = merged(proposal.base, this.textOf(proposal), document.getText());
        if (text === undefined) {
            void window.showWarningMessage(
                "The lines that this change rewrites were edited meanwhile, so nothing was replaced. " +
                    "Take over by hand what you want from the right side, or discard it and run it again.",
            );
            return false;
        }
        if (!(await applyText(document, text))) {
            void window.showErrorMessage("VS Code did not apply the change; the file is as it was.");
            return false;
        }
        await this.close(proposal);
        const first = lineChanges(proposal.base, text)[0]?.first ?? 0;
        await window.showTextDocument(document, { selection: new Range(first, 0, first, 0) });
        return true;
    }

    /** Forget a proposal and close its editor. */
    async close({ uri }: Proposal): Promise<void> {
        const stored = this.stored.get(uri.toString());
        if (stored === undefined) {
            return;
        }
        stored.isDecided = true;
        const tabs = window.tabGroups.all.flatMap(({ tabs: all }) => all);
        const own = tabs.filter(({ input }) => input instanceof TabInputTextDiff && same(input.modified, uri));
        await window.tabGroups.close(own);
        // Not earlier: VS Code may still be saving a reverted hunk.
        this.stored.delete(uri.toString());
    }

    /** Text of the right side as it is now. */
    textOf(proposal: Proposal): string {
        const open = workspace.textDocuments.find(({ uri }) => same(uri, proposal.uri));
        return open?.getText() ?? new TextDecoder().decode(this.get(proposal.uri).bytes);
    }

    /** Lines of the right side that the proposal's first hunk has. */
    firstChange(proposal: Proposal): Range {
        const [change] = lineChanges(proposal.base, this.textOf(proposal));
        const first = change?.first ?? 0;
        return new Range(first, 0, first + Math.max(1, change?.lines.length ?? 1), 0);
    }

    dispose(): void {
        this.disposables.forEach((disposable) => disposable.dispose());
    }

    // The file system: one folder with the files of open proposals.

    watch(): Disposable {
        return { dispose: () => undefined };
    }

    stat(uri: Uri): { type: FileType; ctime: number; mtime: number; size: number } {
        const { bytes, changed } = this.get(uri);
        return { type: FileType.File, ctime: 0, mtime: changed, size: bytes.length };
    }

    readFile(uri: Uri): Uint8Array {
        return this.get(uri).bytes;
    }

    writeFile(uri: Uri, bytes: Uint8Array): void {
        const stored = this.get(uri);
        stored.bytes = bytes;
        stored.changed = Date.now();
    }

    readDirectory(): [string, FileType][] {
        return [];
    }

    createDirectory(): void {
        throw FileSystemError.NoPermissions();
    }

    delete(): void {
        throw FileSystemError.NoPermissions();
    }

    rename(): void {
        throw FileSystemError.NoPermissions();
    }

    private put(proposal: Proposal, text: string): void {
        const bytes = new TextEncoder().encode(text);
        this.stored.set(proposal.uri.toString(), { proposal, bytes, changed: Date.now(), isDecided: false });
    }

    private get(uri: Uri): Stored {
        const stored = this.stored.get(uri.toString());
        if (stored === undefined) {
            throw FileSystemError.FileNotFound(uri);
        }
        return stored;
    }

    private async show({ uri, target, title, base }: Proposal): Promise<void> {
        const text = new TextDecoder().decode(this.get(uri).bytes);
        const line = firstChangedLine(base, text);
        await commands.executeCommand("vscode.diff", target, uri, `${baseName(target)}: ${title}`, {
            preview: false,
            selection: new Range(line, 0, line, 0),
        });
    }

    private async offerAgain(uri: Uri): Promise<void> {
        const stored = this.stored.get(uri.toString());
        if (stored === undefined || stored.isDecided) {
            return;
        }
        const { proposal } = stored;
        const sentence = `"${proposal.title}" for ${baseName(proposal.target)} was neither accepted nor discarded.`;
        const answer = await window.showInformationMessage(sentence, "Show Again", "Discard");
        if (answer === "Show Again") {
            await this.show(proposal);
        } else if (answer === "Discard") {
            this.stored.delete(uri.toString());
        }
    }
}

/** Change the text of `document` to `text`: as few lines as possible, in one undo step. */
export async function applyText(document: TextDocument, text: string): Promise<boolean> {
    const edit = new WorkspaceEdit();
    const last = document.lineCount;
    for (const { first, end, lines } of lineChanges(document.getText(), text)) {
        if (end < last) {
            edit.replace(document.uri, new Range(first, 0, end, 0), lines.map((line) => `${line}\n`).join(""));
        } else {
            // The last line has no line end: replace the one before it as well.
            const start = first > 0 ? document.lineAt(first - 1).range.end : document.lineAt(0).range.start;
            const joined = first > 0 ? lines.map((line) => `\n${line}`).join("") : lines.join("\n");
            edit.replace(document.uri, new Range(start, document.lineAt(last - 1).range.end), joined);
        }
    }
    return workspace.applyEdit(edit);
}

function firstChangedLine(before: string, after: string): number {
    return lineChanges(before, after)[0]?.first ?? 0;
}

function same(one: Uri, other: Uri): boolean {
    return one.toString() === other.toString();
}
