/**
 * Changes that are in the editor already: each hunk shows what it replaced, and is kept or undone.
 *
 * The stable API has no zones between lines, so the replaced lines are struck out behind the new ones; the pointer on
 * them, or *Compare*, shows them as they were. See docs/decisions/0121-an-instruction-is-reviewed-in-the-editor.md.
 */

import {
    CodeLens,
    type CodeLensProvider,
    type Command,
    type DecorationOptions,
    Disposable,
    EventEmitter,
    MarkdownString,
    OverviewRulerLane,
    Range,
    type TextDocument,
    TextDocumentChangeReason,
    ThemeColor,
    Uri,
    WorkspaceEdit,
    commands,
    languages,
    window,
    workspace,
} from "vscode";

import { say } from "../notify";
import { withoutIcons } from "../plain";
import { baseName } from "../words";
import { type MemoryFiles, SCHEME, renamed } from "./files";
import { type Hunk, type LineChange, afterEdit, hunksOf, lineChanges, withoutHunks } from "./hunks";
import type { Showing } from "./proposals";

// Longest text that is struck out behind a line, in characters.
const LONGEST_STRUCK = 160;
// Longest text of the notes that is seen above a line, in characters.
const LONGEST_NOTES = 80;
const NEW_LINES = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor("diffEditor.insertedLineBackground"),
    // High contrast themes have no background for it.
    borderWidth: "0 0 0 3px",
    borderStyle: "solid",
    borderColor: new ThemeColor("editorGutter.addedBackground"),
    overviewRulerColor: new ThemeColor("editorOverviewRuler.addedForeground"),
    overviewRulerLane: OverviewRulerLane.Left,
});
const OLD_LINES = window.createTextEditorDecorationType({
    after: {
        margin: "0 0 0 3ch",
        color: new ThemeColor("descriptionForeground"),
        backgroundColor: new ThemeColor("diffEditor.removedTextBackground"),
        textDecoration: "line-through",
    },
});

/** A change in a document whose hunks wait for a decision. */
export interface Review {
    readonly document: TextDocument;
    readonly title: string;
    /** What the change takes away or adds. */
    readonly notes: readonly string[];
    /** The server's id of it, for `homebody.refine`. */
    readonly serverId: string | undefined;
    /** The document's text without the change. */
    readonly original: string;
    hunks: readonly Hunk[];
}

interface Moving {
    uri: Uri;
    review: Review;
    /** The document's text then. */
    text: string;
}

export class Reviews implements CodeLensProvider, Disposable {
    private readonly open = new Map<TextDocument, Review>();
    /** Reviews whose files are being renamed: VS Code closes a document and opens another one. */
    private moving: Moving[] = [];
    private count = 0;
    private readonly changed = new EventEmitter<void>();
    readonly onDidChangeCodeLenses = this.changed.event;
    private readonly subscriptions = Disposable.from(
        this.changed,
        NEW_LINES,
        OLD_LINES,
        languages.registerCodeLensProvider("*", this),
        window.onDidChangeVisibleTextEditors(() => this.draw()),
        window.onDidChangeActiveTextEditor(() => this.tell()),
        workspace.onDidCloseTextDocument((document) => this.forget(document)),
        workspace.onWillRenameFiles((event) => {
            this.moving = [...this.open.values()].flatMap((review) => {
                const uri = renamed(event, review.document.uri);
                return uri === undefined ? [] : [{ uri, review: { ...review }, text: review.document.getText() }];
            });
        }),
        workspace.onDidRenameFiles(() => this.moving.splice(0).forEach((moved) => void this.follow(moved))),
        workspace.onDidChangeTextDocument(({ document, contentChanges, reason }) => {
            const review = this.open.get(document);
            if (review === undefined || contentChanges.length === 0) {
                return;
            }
            const isUndone = reason === TextDocumentChangeReason.Undo && document.getText() === review.original;
            review.hunks = isUndone ? [] : review.hunks.map((hunk) => contentChanges.reduce(afterEdit, hunk));
            this.settle(review);
        }),
    );

    constructor(private readonly files: MemoryFiles) {}

    /** The review of the document in the active editor. */
    get current(): Review | undefined {
        const document = window.activeTextEditor?.document;
        return document && this.open.get(document);
    }

    /** Apply `edit`, and show the hunks that differ from the original; an earlier review of the document ends. */
    async show(edit: WorkspaceEdit, review: Omit<Review, "hunks">, how: Showing): Promise<boolean> {
        const { document, original } = review;
        this.forget(document);
        if (!(await workspace.applyEdit(edit))) {
            return false;
        }
        const hunks = hunksOf(original, lineChanges(original, document.getText()));
        const opened = { ...review, hunks };
        this.open.set(document, opened);
        this.settle(opened);
        const line = Math.min(hunks[0]?.first ?? 0, document.lineCount - 1);
        if (how === "announce") {
            say(`$(check) ${withoutIcons(review.title)}: see line ${line + 1} of ${baseName(document.uri)}.`);
        } else {
            await window.showTextDocument(document, { selection: new Range(line, 0, line, 0) });
        }
        return true;
    }

    /** Text of the document without the hunks that wait for a decision. */
    withoutChange({ document, hunks }: Review): string {
        return withoutHunks(document.getText(), hunks);
    }

    /** Keep the hunk that begins in a line of the document, or all. */
    keep(uri: Uri, line?: number): void {
        const review = this.find(uri);
        if (review !== undefined) {
            this.drop(review, line);
        }
    }

    /** Put back what the hunk at a line replaced, or all of them, as one undo step. */
    async undo(uri: Uri, line?: number): Promise<void> {
        const review = this.find(uri);
        if (review === undefined) {
            return;
        }
        const undone = review.hunks.filter(({ first }) => line === undefined || first === line);
        this.drop(review, line);
        const changes = undone.map(({ first, end, before }) => ({ first, end, lines: [...before] }));
        await applyChanges(review.document, changes);
    }

    /** Show the document beside its text from before the change. */
    async compare(uri: Uri): Promise<void> {
        const review = this.find(uri);
        if (review !== undefined) {
            const before = Uri.from({ scheme: SCHEME, authority: `review-${++this.count}`, path: `/${baseName(uri)}` });
            this.files.write(before, review.original);
            await commands.executeCommand("vscode.diff", before, uri, `${baseName(uri)}: ${review.title}`);
        }
    }

    provideCodeLenses(document: TextDocument): CodeLens[] {
        const review = this.open.get(document);
        return (review?.hunks ?? []).flatMap((hunk, index) => {
            const line = Math.min(hunk.first, document.lineCount - 1);
            const place = new Range(line, 0, line, 0);
            const named = [document.uri, hunk.first] as const;
            const own = [command("Keep", "keepHunk", ...named), command("Undo", "undoHunk", ...named)];
            const all = review === undefined || index > 0 ? [] : commandsFor(review);
            return [...own, ...all].map((each) => new CodeLens(place, each));
        });
    }

    dispose(): void {
        this.subscriptions.dispose();
    }

    /** Go on with a review in the document of the new name. */
    private async follow({ uri, review, text }: Moving): Promise<void> {
        const document = await workspace.openTextDocument(uri);
        if (document.getText() === text) {
            const moved = { ...review, document };
            this.open.set(document, moved);
            this.settle(moved);
        }
    }

    private find(uri: Uri): Review | undefined {
        return [...this.open.values()].find(({ document }) => document.uri.toString() === uri.toString());
    }

    private drop(review: Review, line: number | undefined): void {
        review.hunks = review.hunks.filter(({ first }) => line !== undefined && first !== line);
        this.settle(review);
    }

    private forget(document: TextDocument): void {
        const review = this.open.get(document);
        if (review !== undefined) {
            this.drop(review, undefined);
        }
    }

    private settle(review: Review): void {
        if (review.hunks.length === 0) {
            this.open.delete(review.document);
        }
        this.redraw();
    }

    private redraw(): void {
        this.changed.fire();
        this.draw();
        this.tell();
    }

    /** For `when` clauses: whether the active editor has hunks that wait. */
    private tell(): void {
        void commands.executeCommand("setContext", "homebody.isReviewing", this.current !== undefined);
    }

    private draw(): void {
        for (const editor of window.visibleTextEditors) {
            const { hunks = [], notes = [] } = this.open.get(editor.document) ?? {};
            const { languageId, lineCount } = editor.document;
            const hover = (before: readonly string[]): MarkdownString => hoverOf(before, languageId, notes);
            const added = hunks.filter(({ first, end }) => end > first);
            editor.setDecorations(
                NEW_LINES,
                added.map(({ first, end, before }) => ({
                    range: new Range(first, 0, end - 1, 0),
                    hoverMessage: hover(before),
                })),
            );
            editor.setDecorations(OLD_LINES, hunks.flatMap((hunk) => struckOut(hunk, lineCount, hover(hunk.before))));
        }
    }
}

/** Replace lines of `document`, in one undo step. */
async function applyChanges(document: TextDocument, changes: readonly LineChange[]): Promise<boolean> {
    const edit = new WorkspaceEdit();
    const last = document.lineCount;
    for (const { first, end, lines } of changes) {
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

/** The replaced lines, each behind the new line at its place; those that remain behind the last one. */
function struckOut({ first, end, before }: Hunk, lineCount: number, hoverMessage: MarkdownString): DecorationOptions[] {
    const shown = Math.max(1, end - first);
    const start = end > first ? first : Math.max(0, first - 1);
    const texts = [...before.slice(0, shown - 1), before.slice(shown - 1).map((line) => line.trim()).join(" ⏎ ")];
    return texts.flatMap((text, index) => {
        const line = Math.min(start + index, lineCount - 1);
        const contentText = text.trim().slice(0, LONGEST_STRUCK);
        const range = new Range(line, Number.MAX_SAFE_INTEGER, line, Number.MAX_SAFE_INTEGER);
        return contentText === "" ? [] : [{ range, hoverMessage, renderOptions: { after: { contentText } } }];
    });
}

/** What was there, and the notes: above the line, a narrow editor cuts them. */
function hoverOf(before: readonly string[], languageId: string, notes: readonly string[]): MarkdownString {
    const text = new MarkdownString(before.length > 0 ? "Before the change:" : "New lines.");
    const whole = before.length > 0 ? text.appendCodeblock(before.join("\n"), languageId) : text;
    return notes.length > 0 ? whole.appendText(`The change ${notes.join(", ")}.`) : whole;
}

function commandsFor({ document: { uri }, hunks, serverId, notes }: Review): Command[] {
    const several = [command("Keep All", "acceptEdit", uri), command("Undo All", "discardEdit", uri)];
    return [
        ...(hunks.length > 1 ? several : []),
        ...(serverId === undefined ? [] : [command("Refine…", "refineEdit", uri)]),
        command("Compare", "compareEdit", uri),
        ...noted(notes),
    ];
}

/** The notes as words above the line; where they are too long for it, the first one and a button for all of them. */
function noted(notes: readonly string[]): Command[] {
    const isLong = notes.join().length > LONGEST_NOTES && notes.length > 1;
    // A lens without a command is text.
    const shown = notes.slice(0, isLong ? 1 : undefined).map((note) => ({ title: `$(info)\u00a0${withoutIcons(note)}`, command: "" }));
    return isLong ? [...shown, command(`and ${notes.length - 1} more…`, "showNotes", notes)] : shown;
}

function command(title: string, name: string, ...args: unknown[]): Command {
    return { title, command: `homebody.${name}`, arguments: args };
}
