/** Hunks of a change that is in a document already: which lines are new, and what they replaced. */

import { diffPatch } from "node-diff3";

/** Replace the lines from `first` up to `end`, exclusive, by `lines`. */
export interface LineChange {
    first: number;
    end: number;
    lines: string[];
}

/** The lines from `first` up to `end`, exclusive, are new; `before` are the lines that they replaced. */
export interface Hunk {
    readonly first: number;
    readonly end: number;
    readonly before: readonly string[];
}

/** An edit of the document: a range of it, and the text that replaced it. */
export interface TextChange {
    readonly range: { readonly start: TextPlace; readonly end: TextPlace };
    readonly text: string;
}

interface TextPlace {
    readonly line: number;
    readonly character: number;
}

/** The hunks of `changes`, which were made in `original`, in the changed text. */
export function hunksOf(original: string, changes: readonly LineChange[]): Hunk[] {
    const lines = linesOf(original);
    let moved = 0;
    return changes.map((change) => {
        const first = change.first + moved;
        moved += change.lines.length - (change.end - change.first);
        return { first, end: first + change.lines.length, before: lines.slice(change.first, change.end) };
    });
}

/** The same hunk after an edit of the document: edits within its lines belong to it. */
export function afterEdit(hunk: Hunk, { range: { start, end }, text }: TextChange): Hunk {
    const added = text.split(/\r\n|\r|\n/).length - 1 - (end.line - start.line);
    const isWholeLines = end.character === 0 && start.character === 0 && (text === "" || /[\r\n]$/.test(text));
    if (end.line < hunk.first || (end.line === hunk.first && isWholeLines)) {
        return { ...hunk, first: hunk.first + added, end: hunk.end + added };
    }
    if (start.line >= hunk.end) {
        return hunk;
    }
    const first = Math.min(hunk.first, start.line);
    return { ...hunk, first, end: Math.max(first, hunk.end + added) };
}

/** `text` with the replaced lines of the hunks instead of the new ones. */
export function withoutHunks(text: string, hunks: readonly Hunk[]): string {
    const lines = linesOf(text);
    for (const { first, end, before } of [...hunks].sort((upper, lower) => lower.first - upper.first)) {
        lines.splice(first, end - first, ...before);
    }
    return lines.join("\n");
}

/** The smallest line changes that make `before` into `after`, from the top. */
export function lineChanges(before: string, after: string): LineChange[] {
    const [old, now] = [linesOf(before), linesOf(after)];
    const shorter = Math.min(old.length, now.length);
    let top = 0;
    while (top < shorter && old[top] === now[top]) {
        top++;
    }
    let bottom = 0;
    while (bottom < shorter - top && old.at(-1 - bottom) === now.at(-1 - bottom)) {
        bottom++;
    }
    // Otherwise an empty line in the change may be taken for the one at the end of the text.
    return diffPatch(old.slice(top, old.length - bottom), now.slice(top, now.length - bottom)).map(
        ({ buffer1: { offset, length }, buffer2: { chunk } }) => ({
            first: top + offset,
            end: top + offset + length,
            lines: chunk,
        }),
    );
}

function linesOf(text: string): string[] {
    return text.split(/\r\n|\r|\n/);
}
