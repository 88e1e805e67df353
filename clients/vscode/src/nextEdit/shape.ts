/** What a next edit removes and adds, and whether Tab is free at the cursor: plain text, without VS Code. */

export interface TextPlace {
    readonly line: number;
    readonly character: number;
}

/** The text between two places is removed, and `added` comes instead. */
export interface Shape {
    readonly start: TextPlace;
    readonly end: TextPlace;
    readonly added: string;
}

// Longest text that is drawn in a line, in characters.
const LONGEST_DRAWN = 160;
const TAB = "\u00a0".repeat(4);
// Two characters within a word.
const WORD = /^[\p{L}\p{N}_]{2}$/u;
const WORD_START = /^[\p{L}\p{N}_]*/u;
const WORD_END = /[\p{L}\p{N}_]*$/u;

/**
 * The shape of an edit that replaces `old`, which begins at `at`, by `text`: without what both have at their ends.
 *
 * `left` and `right` are the rest of its lines.
 */
export function shapeOf(at: TextPlace, old: string, text: string, left = "", right = ""): Shape {
    const isReplacement = old !== "" && text !== "";
    const begun = isReplacement ? WORD_END.exec(left)![0] : "";
    const rest = isReplacement ? WORD_START.exec(right)![0] : "";
    const start = { line: at.line, character: at.character - begun.length };
    const [before, after] = [old, text].map((each) => begun + withLineFeeds(each) + rest) as [string, string];
    const [head, tail] = sidesOf(before, after);
    return {
        start: endOf(start, before.slice(0, head)),
        end: endOf(start, before.slice(0, before.length - tail)),
        added: after.slice(head, after.length - tail),
    };
}

/** An edit of a text between two offsets of it. */
export interface Rest {
    readonly start: number;
    readonly end: number;
    readonly added: string;
}

/**
 * What is left of the edit from `text` to `target` if the user typed a part of it, or deleted a part of its old text.
 *
 * It is an edit of `now`; `undefined` after any other change.
 */
export function restOf(text: string, target: string, now: string): Rest | undefined {
    const [head, tail] = sidesOf(text, target);
    const reached = Math.min(Math.max(sharedStart(now, target), sharedStart(now, text)), now.length - tail);
    if (now === text || reached < head || !text.endsWith(now.slice(reached))) {
        return undefined;
    }
    const [start, rest] = sidesOf(now, target);
    return { start, end: now.length - rest, added: target.slice(start, target.length - rest) };
}

function sharedStart(text: string, other: string): number {
    const most = Math.min(text.length, other.length);
    let count = 0;
    while (count < most && text[count] === other[count]) {
        count += 1;
    }
    return count;
}

/** Numbers of equal characters at the beginning and at the end. */
function sidesOf(before: string, after: string): [head: number, tail: number] {
    const most = Math.min(before.length, after.length);
    let head = sharedStart(before, after);
    let tail = 0;
    while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) {
        tail += 1;
    }
    // Where a word becomes another one, it differs as a whole; what only adds to a word differs alone.
    if (head + tail < most) {
        while (head > 0 && WORD.test(before.slice(head - 1, head + 1))) {
            head -= 1;
        }
        while (tail > 0 && WORD.test(before.slice(before.length - tail - 1, before.length - tail + 1))) {
            tail -= 1;
        }
    }
    return [head, tail];
}

/** Whether nothing is removed. */
export function isEmpty({ start, end }: Shape): boolean {
    return start.line === end.line && start.character === end.character;
}

/** Where `text` ends if it begins at `start`. */
export function endOf({ line, character }: TextPlace, text: string): TextPlace {
    const lines = withLineFeeds(text).split("\n");
    const last = lines.at(-1)!.length;
    return lines.length === 1 ? { line, character: character + last } : { line: line + lines.length - 1, character: last };
}

/** Text as it is drawn within one line: white space stays, line ends are seen, and it has a limit. */
export function inOneLine(text: string): string {
    const drawn = text.replaceAll("\n", "↵").replaceAll("\t", TAB).replaceAll(" ", "\u00a0");
    return drawn.length > LONGEST_DRAWN ? `${drawn.slice(0, LONGEST_DRAWN - 1)}…` : drawn;
}

/** Number of lines between a line and the lines from `first` to `last`; 0 within them. */
export function distance(line: number, first: number, last: number): number {
    return Math.max(first - line, line - last, 0);
}

/** Whether Tab indents here: in the indentation of a line, and in a line with nothing else. */
export function indents(line: string, character: number): boolean {
    return line.slice(0, character + 1).trim() === "";
}

function withLineFeeds(text: string): string {
    return text.replaceAll("\r\n", "\n");
}
