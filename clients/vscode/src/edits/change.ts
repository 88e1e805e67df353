/** What a result of the server changes in a document: its edits, applied to the version that they are for. */

import { Range, type TextDocument, Uri, WorkspaceEdit as Edit, workspace } from "vscode";
import type { TextEdit, WorkspaceEdit } from "vscode-languageclient/node";

import type { Refactored } from "../protocol";
import { type LineChange, lineChanges } from "./merge";

export interface Change {
    /** The document's text that the edits are for. */
    base: string;
    /** The same with the edits applied. */
    text: string;
    newFiles: { uri: string; text: string }[];
}

/** Do `work`; returns its result, and what its edit changes in `document`, if it has one. */
export async function changed(
    document: TextDocument,
    work: () => Promise<Refactored>,
): Promise<{ result: Refactored; change: Change | undefined }> {
    // An edit names the version that it is for: the user may type meanwhile.
    const texts = new Map([[document.version, document.getText()]]);
    const watch = workspace.onDidChangeTextDocument((event) => {
        if (event.document === document) {
            texts.set(document.version, document.getText());
        }
    });
    try {
        const result = await work();
        if (result.edit === undefined) {
            return { result, change: undefined };
        }
        const base = texts.get(versionOf(result.edit) ?? document.version) ?? document.getText();
        const text = edited(base, editsOf(result.edit, document.uri.toString()));
        return { result, change: { base, text, newFiles: newFiles(result.edit) } };
    } finally {
        watch.dispose();
    }
}

/** Change the text of `document` to `text`: as few lines as possible, in one undo step. */
export function applyText(document: TextDocument, text: string): Promise<boolean> {
    return applyChanges(document, lineChanges(document.getText(), text));
}

/** Replace lines of `document`, in one undo step. */
export async function applyChanges(document: TextDocument, changes: readonly LineChange[]): Promise<boolean> {
    const edit = new Edit();
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

function versionOf(edit: WorkspaceEdit): number | undefined {
    const change = edit.documentChanges?.find((entry) => "textDocument" in entry);
    return change !== undefined && "textDocument" in change ? (change.textDocument.version ?? undefined) : undefined;
}

function editsOf(edit: WorkspaceEdit, uri: string): TextEdit[] {
    const changes = (edit.documentChanges ?? []).flatMap((change) =>
        "textDocument" in change && isSame(change.textDocument.uri, uri) ? (change.edits as TextEdit[]) : [],
    );
    return [...changes, ...Object.entries(edit.changes ?? {}).flatMap(([key, edits]) => (isSame(key, uri) ? edits : []))];
}

function newFiles(edit: WorkspaceEdit): { uri: string; text: string }[] {
    const made = (edit.documentChanges ?? []).flatMap((change) =>
        "kind" in change && change.kind === "create" ? [change.uri] : [],
    );
    return made.map((uri) => ({ uri, text: editsOf(edit, uri).map(({ newText }) => newText).join("") }));
}

function isSame(first: string, second: string): boolean {
    return Uri.parse(first).toString() === Uri.parse(second).toString();
}

/** `text` with LSP edits applied; their positions are in UTF-16 units, as VS Code's are. */
function edited(text: string, edits: TextEdit[]): string {
    const starts = [0];
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) {
        starts.push(index + end.length);
    }
    const offset = ({ line, character }: { line: number; character: number }): number =>
        Math.min((starts[line] ?? text.length) + character, text.length);
    const ordered = edits
        .map(({ range, newText }) => ({ start: offset(range.start), end: offset(range.end), newText }))
        .sort((first, second) => first.start - second.start);
    let result = "";
    let done = 0;
    for (const { start, end, newText } of ordered) {
        result += text.slice(done, start) + newText;
        done = end;
    }
    return result + text.slice(done);
}
