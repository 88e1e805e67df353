/** What a next edit removes and adds, and where Tab is free. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { distance, endOf, indents, inOneLine, restOf, shapeOf } from "../src/nextEdit/shape.ts";

for (const [what, old, text, start, end, added] of [
    ["a replacement", "latin-1", "utf-8", [3, 4], [3, 11], "utf-8"],
    ["a word that ends as the other one", "of(x).strict", "of(x).lenient", [3, 10], [3, 16], "lenient"],
    ["letters that are added to a word", "count", "counter", [3, 9], [3, 9], "er"],
    ["one of two equal letters", "aa", "a", [3, 5], [3, 6], ""],
    ["lines between lines", "a\nc\n", "a\nb\nc\n", [4, 0], [4, 0], "b\n"],
    ["lines with other line ends", "a\r\nb\r\nc", "a\nX\nc", [4, 0], [4, 1], "X"],
    ["a deletion of lines", "a\nb\n", "", [3, 4], [5, 0], ""],
] as const) {
    test(`the shape of ${what}`, () => {
        const place = ([line, character]: readonly [number, number]) => ({ line, character });
        assert.deepEqual(shapeOf({ line: 3, character: 4 }, old, text), { start: place(start), end: place(end), added });
    });
}

test("of a word of which the edit replaces a part, all is seen", () => {
    const shape = { start: { line: 3, character: 4 }, end: { line: 3, character: 10 }, added: "lenient" };
    assert.deepEqual(shapeOf({ line: 3, character: 4 }, "stric", "lenien", "(x).", "t"), shape);
    assert.deepEqual(shapeOf({ line: 3, character: 6 }, "ric", "one", "x.st", "t y"), { ...shape, added: "stonet" });
});

for (const [now, rest] of [
    ["f('')", "f('|utf-8|')"],
    ["f('latin')", "f('|utf-8|')"],
    ["f('ut')", "f('ut|f-8|')"],
    ["f('ut-1')", "f('ut|f-8|')"],
    ["f('utf-8')", "f('utf-8')||"],
    ["f('ux')", undefined],
    ["f('')x", undefined],
    ["g('')", undefined],
] as const) {
    test(`of an edit to utf-8, ${rest ?? "nothing"} is left at ${now}`, () => {
        const left = restOf("f('latin-1')", "f('utf-8')", now);
        assert.equal(left && `${now.slice(0, left.start)}|${left.added}|${now.slice(left.end)}`, rest);
    });
}

test("a new line is typed at the end of the one above", () => {
    assert.deepEqual(restOf("a\nc\n", "a\n  b = 1\nc\n", "a\n  \nc\n"), { start: 4, end: 4, added: "b = 1" });
});

test("the end of a text counts its lines", () => {
    assert.deepEqual(endOf({ line: 1, character: 2 }, "ab"), { line: 1, character: 4 });
    assert.deepEqual(endOf({ line: 1, character: 2 }, "ab\r\nc"), { line: 2, character: 1 });
});

test("what is drawn has no line ends, keeps its white space, and has a limit", () => {
    assert.equal(inOneLine("a\n  b\tc"), "a↵\u00a0\u00a0b\u00a0\u00a0\u00a0\u00a0c");
    assert.equal(inOneLine("x".repeat(500)).length, 160);
});

test("the distance is that to the nearest line", () => {
    assert.deepEqual([1, 4, 6, 9].map((line) => distance(line, 4, 6)), [3, 0, 0, 3]);
});

for (const [line, character, expected] of [
    ["    x = 1", 2, true],
    ["    x = 1", 4, false],
    ["    x = 1", 9, false],
    ["    ", 4, true],
    ["", 0, true],
    ["x", 0, false],
] as const) {
    test(`Tab ${expected ? "indents" : "is free"} in ${JSON.stringify(line)} at ${character}`, () => {
        assert.equal(indents(line, character), expected);
    });
}
