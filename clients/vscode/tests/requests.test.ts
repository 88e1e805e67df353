/** When a request for ghost text is sent, shared and cancelled while VS Code waits for it. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Editor, type Token } from "./editor.ts";

let editor: Editor;

beforeEach(() => {
    editor = new Editor();
});

test("the first key in a document is left to VS Code", () => {
    editor.type(1);
    assert.deepEqual(editor.sent, []);
});

test("a key is asked for before VS Code asks, and VS Code's question gets that answer", async () => {
    await editor.followed();
    editor.type(2);
    assert.deepEqual(editor.sent.map(({ what }) => what), ["early 2"]);
    const { answer } = editor.ask(editor.at(2));
    editor.sent[0]?.resolve("second");
    assert.equal(await answer, "second");
    assert.equal(editor.sent.length, 1);
});

test("an answer that came before VS Code asked is kept for it", async () => {
    await editor.followed();
    editor.type(2);
    editor.sent[0]?.resolve("second");
    await editor.sent[0]?.answer;
    assert.equal(await editor.ask(editor.at(2)).answer, "second");
    assert.equal(editor.sent.length, 1);
});

test("the next key cancels what was asked for the one before", async () => {
    await editor.followed();
    editor.type(2);
    void editor.ask(editor.at(2));
    editor.type(3);
    assert.deepEqual(editor.outcomes, [["early 2", true], ["early 3", false]]);
});

test("a key that comes before VS Code has asked for the one before is left to VS Code", async () => {
    await editor.followed();
    editor.type(2);
    editor.type(3);
    assert.deepEqual(editor.outcomes, [["early 2", true]]);
    void editor.ask(editor.at(3));
    editor.type(4);
    assert.deepEqual(editor.outcomes, [["early 2", true], ["automatic", true], ["early 4", false]]);
});

test("nothing is sent early in another document, where VS Code has not asked yet", async () => {
    await editor.followed();
    editor.type(1, "file:///other.py");
    assert.deepEqual(editor.sent, []);
});

test("nothing is sent early where the settings forbid it", async () => {
    editor.type(1);
    const { answer } = editor.ask(editor.at(1), "automatic", false);
    editor.sent[0]?.resolve("first");
    await answer;
    editor.type(2);
    assert.equal(editor.sent.length, 1);
});

test("nothing is sent early after settings changed, until VS Code asks again", async () => {
    await editor.followed();
    editor.requests.forget();
    editor.type(2);
    assert.deepEqual(editor.sent, []);
    void editor.ask(editor.at(2));
    editor.type(3);
    assert.deepEqual(editor.sent.map(({ what }) => what), ["automatic", "early 3"]);
});

test("while the menu is open nothing is sent early, since VS Code asks for its selected item", async () => {
    await editor.followed();
    editor.type(2);
    void editor.ask(editor.at(2), "menu");
    assert.deepEqual(editor.outcomes, [["early 2", true], ["menu", false]]);
    editor.type(3);
    assert.equal(editor.sent.length, 2);
});

test("a command of the user sends a new request, for alternatives", async () => {
    await editor.followed();
    editor.type(2);
    void editor.ask(editor.at(2), "explicit");
    assert.deepEqual(editor.outcomes, [["early 2", true], ["explicit", false]]);
});

test("a command of the user's does not make keys be asked for early", () => {
    void editor.ask(editor.at(0), "explicit");
    editor.type(1);
    assert.deepEqual(editor.sent.map(({ what }) => what), ["explicit"]);
});

test("a cursor that moves away cancels the early request", async () => {
    await editor.followed();
    editor.type(2);
    editor.cursor = { ...editor.cursor, line: 7 };
    editor.requests.moved();
    assert.equal(editor.sent[0]?.isCancelled, true);
    assert.equal(editor.requests.isPending, false);
});

test("a question for another position cancels the early request", async () => {
    await editor.followed();
    editor.type(2);
    void editor.ask({ ...editor.at(2), character: 0 });
    assert.deepEqual(editor.outcomes, [["early 2", true], ["automatic", false]]);
});

test("an early request that fails leaves the key to VS Code", async () => {
    await editor.followed();
    editor.type(2);
    editor.sent[0]?.reject(new Error("the server has ended"));
    await assert.rejects(editor.sent[0]!.answer);
    void editor.ask(editor.at(2));
    assert.deepEqual(editor.sent.map(({ what }) => what), ["early 2", "automatic"]);
});

test("a request that fails is reported to VS Code, and the next one is sent", async () => {
    const { answer } = editor.ask(editor.at(0));
    editor.sent[0]?.reject(new Error("the server has ended"));
    await assert.rejects(answer, /has ended/);
    void editor.ask(editor.at(0));
    assert.equal(editor.sent.length, 2);
});

test("for any events in any order, at most one request is in flight", async () => {
    let token: Token | undefined;
    const acts = [
        (step: number) => editor.type(step),
        () => ({ token } = editor.ask(editor.cursor)),
        () => ({ token } = editor.ask(editor.cursor, "explicit")),
        () => ({ token } = editor.ask(editor.cursor, "menu")),
        () => token?.cancel(),
        () => editor.sent.at(-1)?.resolve("answer"),
        () => editor.sent.at(-1)?.resolve(""),
        () => editor.requests.menuOpens(editor.cursor),
        () => editor.requests.moved(),
        () => editor.requests.forget(),
        () => editor.requests.left(),
        () => editor.requests.ready(),
    ];
    // A linear congruential generator: the same sequence in every run.
    let state = 1;
    for (let step = 1; step <= 5000; step++) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        acts[Math.floor(state / 65_536) % acts.length]?.(step);
        // Answers take effect in between.
        await new Promise(setImmediate);
        const inFlight = editor.sent.filter(({ isCancelled, isAnswered }) => !isCancelled && !isAnswered).length;
        assert.ok(inFlight <= 1, `step ${step}: ${inFlight} requests in flight`);
    }
});
