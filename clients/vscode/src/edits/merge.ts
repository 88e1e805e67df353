/**
 * Adapts a text that was proposed for one version of a document to a later version.
 *
 * A three-way merge by lines. If the document was edited inside the proposed change, there is no right
 * answer, so nothing is merged.
 */

import { diffPatch, mergeDiff3 } from "node-diff3";

/** Replace the lines from `first` up to `end`, exclusive, by `lines`. */
export interface LineChange {
    first: number;
    end: number;
    lines: string[];
}

/** `proposed` was made for `base`; returns it for `now`, or `undefined` if both changed the same lines. */
export function merged(base: string, proposed: string, now: string): string | undefined {
    if (linesOf(now).join("\n") === linesOf(base).join("\n")) {
        return proposed;
    }
    const { conflict, result } = mergeDiff3(linesOf(now), linesOf(base), linesOf(proposed), {
        excludeFalseConflicts: true,
    });
    return conflict ? undefined : result.join("\n");
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

export function linesOf(text: string): string[] {
    return text.split(/\r\n|\r|\n/);
}
