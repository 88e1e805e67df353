/** Ghost text that is late: after VS Code has stopped waiting, or after the server has become ready. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Editor } from "./editor.ts";

let editor: Editor;

beforeEach(() => {
    editor = new Editor();
});

test("a request continues after VS Code has stopped waiting, and VS Code gets the answer later", async () => {
    const { answer } = editor.stopWaiting();
    assert.equal(editor.sent[0]?.isCancelled, false);
    editor.sent[0]?.resolve("late");
    await answer;
    assert.equal(editor.asksAgain, 1);
    assert.equal(await editor.ask(editor.at(0), "explicit").answer, "late");
    assert.equal(editor.sent.length, 1);
    assert.equal(editor.sent[0]?.isCancelled, false);
});

test("an empty answer that comes late is not shown", async () => {
    const { answer } = editor.stopWaiting();
    editor.sent[0]?.resolve("");
    await answer;
    assert.equal(editor.asksAgain, 0);
});

test("a key ends a request that VS Code no longer waits for", () => {
    editor.stopWaiting();
    editor.type(1);
    assert.equal(editor.sent[0]?.isCancelled, true);
});

test("a cursor that moves away ends a request that VS Code no longer waits for", () => {
    editor.stopWaiting();
    editor.cursor = { ...editor.cursor, line: 7 };
    editor.requests.moved();
    assert.equal(editor.sent[0]?.isCancelled, true);
});

test("a request is not kept where the cursor has gone meanwhile", () => {
    const { token } = editor.ask(editor.at(0));
    editor.cursor = { ...editor.cursor, line: 7 };
    token.cancel();
    assert.equal(editor.sent[0]?.isCancelled, true);
});

test("a request that VS Code no longer waits for ends when the focus leaves the editor", () => {
    editor.stopWaiting();
    editor.requests.left();
    assert.equal(editor.sent[0]?.isCancelled, true);
});

test("a request is not kept if the focus left before VS Code cancelled it", () => {
    const { token } = editor.ask(editor.at(0));
    editor.requests.left();
    token.cancel();
    assert.equal(editor.sent[0]?.isCancelled, true);
});

test("an answer that VS Code still waits for is delivered though the focus has left", async () => {
    const { answer } = editor.ask(editor.at(0));
    editor.requests.left();
    editor.sent[0]?.resolve("in time");
    assert.equal(await answer, "in time");
});

test("VS Code that asks again while a request is kept shares it", async () => {
    const first = editor.ask(editor.at(0));
    first.token.cancel();
    const second = editor.ask(editor.at(0));
    editor.sent[0]?.resolve("both");
    assert.equal(await second.answer, "both");
    assert.equal(editor.sent.length, 1);
    assert.equal(editor.asksAgain, 0);
});

test("a late answer is not given to the menu, which asks for more than that", async () => {
    const { answer } = editor.stopWaiting();
    editor.sent[0]?.resolve("late");
    await answer;
    void editor.ask(editor.at(0), "menu");
    assert.deepEqual(editor.sent.map(({ what }) => what), ["automatic", "menu"]);
});

test("a request for the menu's item is not kept", () => {
    const { token } = editor.ask(editor.at(0), "menu");
    token.cancel();
    assert.equal(editor.sent[0]?.isCancelled, true);
});

test("the last key before the server is ready is asked for once it is, as after a key", () => {
    editor.type(1);
    editor.type(2);
    editor.requests.ready();
    assert.equal(editor.asksAgain, 1);
    void editor.ask(editor.at(2), "explicit");
    assert.deepEqual(editor.outcomes, [["automatic", false]]);
});

test("a server that is ready again is asked for a key that was sent early to the one before", async () => {
    await editor.followed();
    editor.type(2);
    editor.requests.ready();
    void editor.ask(editor.at(2), "explicit");
    assert.deepEqual(editor.outcomes, [["early 2", true], ["automatic", false]]);
});

test("a server that is ready is not asked where VS Code asked, where no key came, or where the cursor has gone", () => {
    editor.requests.ready();
    void editor.ask(editor.at(0));
    editor.requests.ready();
    editor.type(1);
    editor.cursor = { ...editor.cursor, line: 7 };
    editor.requests.ready();
    assert.equal(editor.asksAgain, 0);
});

test("a server that is ready is not asked for a key if the focus has left the editor since", () => {
    editor.type(1);
    editor.requests.left();
    editor.requests.ready();
    assert.equal(editor.asksAgain, 0);
});

test("a command of the user's elsewhere stays one after the server has become ready", () => {
    editor.type(1);
    editor.requests.ready();
    void editor.ask({ ...editor.at(1), line: 7 }, "explicit");
    assert.deepEqual(editor.outcomes, [["explicit", false]]);
});

test("a suggestion that the server finds later is asked for where nothing has changed, as after a key", async () => {
    const { answer } = editor.ask(editor.at(0));
    editor.sent[0]?.resolve("");
    await answer;
    editor.requests.found(editor.at(0));
    assert.equal(editor.asksAgain, 1);
    void editor.ask(editor.at(0), "explicit");
    assert.deepEqual(editor.outcomes, [["automatic", false], ["automatic", false]]);
});

test("a suggestion that the server finds after a key, or after the focus has left, is not asked for", async () => {
    const { answer } = editor.ask(editor.at(0));
    editor.sent[0]?.resolve("");
    await answer;
    editor.type(1);
    editor.requests.found(editor.at(0));
    editor.requests.left();
    editor.requests.found(editor.at(1));
    assert.equal(editor.asksAgain, 0);
});

test("the menu that opens over delivered ghost text has it shown again, once", async () => {
    const { answer } = editor.ask(editor.at(0));
    editor.sent[0]?.resolve("delivered");
    await answer;
    editor.requests.menuOpens(editor.at(0));
    assert.equal(editor.asksAgain, 1);
    assert.equal(await editor.ask(editor.at(0), "explicit").answer, "delivered");
    editor.requests.menuOpens(editor.at(0));
    assert.equal(editor.asksAgain, 1);
});

test("the menu that opens where no ghost text was delivered is left alone", async () => {
    const { answer } = editor.ask(editor.at(0));
    editor.requests.menuOpens(editor.at(0));
    editor.sent[0]?.resolve("");
    await answer;
    editor.requests.menuOpens(editor.at(0));
    assert.equal(editor.asksAgain, 0);
});
