/** Hunks in a document that is edited while they wait for a decision. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { afterEdit, hunksOf, lineChanges, withoutHunks } from "../src/edits/hunks.ts";

const BEFORE = "a\nb\nc\nd\n";
const AFTER = "a\nB\nBB\nc\n";

test("hunks have their lines in the changed text, and what they replaced", () => {
    const hunks = hunksOf(BEFORE, lineChanges(BEFORE, AFTER));
    assert.deepEqual(hunks, [
        { first: 1, end: 3, before: ["b"] },
        { first: 4, end: 4, before: ["d"] },
    ]);
    assert.equal(withoutHunks(AFTER, hunks), BEFORE);
});

test("the smallest changes are found, from the top", () => {
    assert.deepEqual(lineChanges(BEFORE, "a\nB\nc\nd\nnew\n"), [
        { first: 1, end: 2, lines: ["B"] },
        { first: 4, end: 4, lines: ["new"] },
    ]);
    assert.deepEqual(lineChanges(BEFORE, BEFORE), []);
});

for (const [edit, start, end, text, expected] of [
    ["lines above", [0, 0], [0, 0], "x\ny\n", [4, 6]],
    ["a line directly above", [2, 0], [2, 0], "x\n", [3, 5]],
    ["within it", [2, 1], [2, 1], "x\n", [2, 5]],
    ["below", [4, 0], [5, 0], "", [2, 4]],
    ["a line above and its first one", [1, 0], [3, 0], "x\n", [1, 3]],
    ["in the line above", [1, 0], [1, 0], "x", [2, 4]],
] as const) {
    test(`a hunk after an edit: ${edit}`, () => {
        const range = { start: place(start), end: place(end) };
        const { first, end: last } = afterEdit({ first: 2, end: 4, before: [] }, { range, text });
        assert.deepEqual([first, last], expected);
    });
}

function place([line, character]: readonly [number, number]) {
    return { line, character };
}
