/** How a proposal is adapted to a file that was edited meanwhile. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { lineChanges, merged } from "../src/edits/merge.ts";

const BASE = "a\nb\nc\nd\n";
const PROPOSED = "a\nB\nc\nd\n";

for (const [edit, now, expected] of [
    ["none", BASE, PROPOSED],
    ["line ends only", "a\r\nb\r\nc\r\nd\r\n", PROPOSED],
    ["elsewhere", "a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n"],
    ["the same one", PROPOSED, PROPOSED],
    ["in the same line", "a\nx\nc\nd\n", undefined],
    ["that removes the line", "a\nc\nd\n", undefined],
] as const) {
    test(`edit meanwhile: ${edit}`, () => {
        assert.equal(merged(BASE, PROPOSED, now), expected);
    });
}

test("the smallest changes are found, from the top", () => {
    assert.deepEqual(lineChanges(BASE, "a\nB\nc\nd\nnew\n"), [
        { first: 1, end: 2, lines: ["B"] },
        { first: 4, end: 4, lines: ["new"] },
    ]);
    assert.deepEqual(lineChanges(BASE, BASE), []);
});
