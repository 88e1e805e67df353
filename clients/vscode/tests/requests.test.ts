/** When a request for ghost text is sent, shared, kept and cancelled. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { type Place, type Question, Requests, type Sent, isSame } from "../src/ghost/requests.ts";

/** A request that the tests answer. */
class Asked implements Sent<string> {
    readonly answer: Promise<string>;
    resolve!: (answer: string) => void;
    reject!: (error: Error) => void;
    isCancelled = false;
    isAnswered = false;
    readonly what: string;

    constructor(what: string) {
        this.what = what;
        this.answer = new Promise((resolve, reject) => {
            this.resolve = (answer) => {
                this.isAnswered = true;
                resolve(answer);
            };
            this.reject = reject;
        });
    }

    cancel(): void {
        this.isCancelled = true;
    }
}

/** VS Code's side of one question. */
class Token {
    isCancellationRequested = false;
    private readonly listeners = new Set<() => void>();

    onCancellationRequested(listener: () => void): { dispose(): void } {
        this.listeners.add(listener);
        return { dispose: () => this.listeners.delete(listener) };
    }

    cancel(): void {
        this.isCancellationRequested = true;
        this.listeners.forEach((listener) => listener());
    }
}

const FILE = "file:///app.py";

let now: number;
let cursor: Place;
let asksAgain: number;
/** What the server was asked, in order. */
let sent: Asked[];
let requests: Requests<string>;

beforeEach(() => {
    now = 10_000;
    cursor = at(0);
    asksAgain = 0;
    sent = [];
    requests = new Requests({
        isAt: (place) => isSame(place, cursor),
        isEmpty: (answer) => answer === "",
        askAgain: () => void (asksAgain += 1),
        now: () => now,
    });
});

/** The place after so many keys: each key makes a new version of the text. */
function at(keys: number, uri = FILE): Place {
    return { uri, version: keys, line: 0, character: keys };
}

function send(what: string): Asked {
    const asked = new Asked(what);
    sent.push(asked);
    return asked;
}

/** VS Code asks at a place. */
function ask(place: Place, kind: Question<string>["kind"] = "automatic", isEarlyAllowed = true) {
    const token = new Token();
    const question: Question<string> = {
        place,
        kind,
        send: () => send(kind),
        sendAutomatic: () => send("automatic"),
        sendEarly: isEarlyAllowed ? ({ character }) => send(`early ${character}`) : undefined,
    };
    return { token, answer: requests.asked(question, token) };
}

/** VS Code asks, and stops waiting by itself. */
function stopWaiting() {
    const asked = ask(at(0));
    now += 700;
    asked.token.cancel();
    return asked;
}

/** A key, so many milliseconds after the one before. */
function type(keys: number, pause = 200, uri = FILE): void {
    now += pause;
    cursor = at(keys, uri);
    requests.changed(uri);
    requests.typed(cursor);
}

/** VS Code asks after the first key by itself: from then on it is expected to. */
async function followed(): Promise<void> {
    type(1);
    const { answer } = ask(at(1));
    sent[0]?.resolve("first");
    await answer;
    sent = [];
}

test("the first key in a document is left to VS Code", () => {
    type(1);
    assert.deepEqual(sent, []);
});

test("a key is asked for before VS Code asks, and VS Code's question gets that answer", async () => {
    await followed();
    type(2);
    assert.deepEqual(sent.map(({ what }) => what), ["early 2"]);
    now += 50;
    const { answer } = ask(at(2));
    sent[0]?.resolve("second");
    assert.equal(await answer, "second");
    assert.equal(sent.length, 1);
});

test("an answer that came before VS Code asked is kept for it", async () => {
    await followed();
    type(2);
    sent[0]?.resolve("second");
    await sent[0]?.answer;
    assert.equal(await ask(at(2)).answer, "second");
    assert.equal(sent.length, 1);
});

test("the next key cancels what was asked for the one before", async () => {
    await followed();
    type(2);
    type(3);
    assert.deepEqual(sent.map(({ what, isCancelled }) => [what, isCancelled]), [["early 2", true], ["early 3", false]]);
});

test("a key that comes within VS Code's own delay is left to VS Code", async () => {
    await followed();
    type(2);
    type(3, 30);
    assert.deepEqual(sent.map(({ what, isCancelled }) => [what, isCancelled]), [["early 2", true]]);
});

test("nothing is sent early in another document, where VS Code has not asked yet", async () => {
    await followed();
    type(1, 200, "file:///other.py");
    assert.deepEqual(sent, []);
});

test("nothing is sent early where the settings forbid it", async () => {
    type(1);
    const { answer } = ask(at(1), "automatic", false);
    sent[0]?.resolve("first");
    await answer;
    type(2);
    assert.equal(sent.length, 1);
});

test("nothing is sent early after settings changed, until VS Code asks again", async () => {
    await followed();
    requests.forget();
    type(2);
    assert.deepEqual(sent, []);
    void ask(at(2));
    type(3);
    assert.deepEqual(sent.map(({ what }) => what), ["automatic", "early 3"]);
});

test("while the menu is open nothing is sent early, since VS Code asks for its selected item", async () => {
    await followed();
    type(2);
    void ask(at(2), "menu");
    assert.deepEqual(sent.map(({ what, isCancelled }) => [what, isCancelled]), [["early 2", true], ["menu", false]]);
    type(3);
    assert.equal(sent.length, 2);
});

test("an early request that VS Code never asked for is the last one", async () => {
    await followed();
    type(2);
    type(3, 300);
    assert.deepEqual(sent.map(({ what, isCancelled }) => [what, isCancelled]), [["early 2", true]]);
});

test("a command of the user sends a new request, for alternatives", async () => {
    await followed();
    type(2);
    void ask(at(2), "explicit");
    assert.deepEqual(sent.map(({ what, isCancelled }) => [what, isCancelled]), [["early 2", true], ["explicit", false]]);
});

test("a command of the user's does not make keys be asked for early", () => {
    void ask(at(0), "explicit");
    type(1);
    assert.deepEqual(sent.map(({ what }) => what), ["explicit"]);
});

test("a cursor that moves away cancels the early request", async () => {
    await followed();
    type(2);
    cursor = { ...cursor, line: 7 };
    requests.moved();
    assert.equal(sent[0]?.isCancelled, true);
    assert.equal(requests.phase, undefined);
});

test("a question for another position cancels the early request", async () => {
    await followed();
    type(2);
    void ask({ ...at(2), character: 0 });
    assert.deepEqual(sent.map(({ what, isCancelled }) => [what, isCancelled]), [["early 2", true], ["automatic", false]]);
});

test("an early request that fails leaves the key to VS Code", async () => {
    await followed();
    type(2);
    sent[0]?.reject(new Error("the server has ended"));
    await assert.rejects(sent[0]!.answer);
    void ask(at(2));
    assert.deepEqual(sent.map(({ what }) => what), ["early 2", "automatic"]);
});

test("a request that fails is reported to VS Code, and the next one is sent", async () => {
    const { answer } = ask(at(0));
    sent[0]?.reject(new Error("the server has ended"));
    await assert.rejects(answer, /has ended/);
    void ask(at(0));
    assert.equal(sent.length, 2);
});

test("Escape within half a second cancels the request", () => {
    const { token } = ask(at(0));
    now += 499;
    token.cancel();
    assert.equal(sent[0]?.isCancelled, true);
    assert.equal(requests.phase, undefined);
});

test("half a second counts from VS Code's question, not from the key", async () => {
    await followed();
    type(2);
    now += 490;
    const { token } = ask(at(2));
    now += 20;
    token.cancel();
    assert.equal(sent[0]?.isCancelled, true);
});

test("a request continues after VS Code has stopped waiting, and VS Code gets the answer later", async () => {
    const { answer } = stopWaiting();
    assert.equal(requests.phase, "kept");
    sent[0]?.resolve("late");
    await answer;
    assert.equal(asksAgain, 1);
    assert.equal(await ask(at(0), "explicit").answer, "late");
    assert.equal(sent.length, 1);
    assert.equal(sent[0]?.isCancelled, false);
});

test("an empty answer that comes late is not shown", async () => {
    const { answer } = stopWaiting();
    sent[0]?.resolve("");
    await answer;
    assert.equal(asksAgain, 0);
});

test("a key ends a request that VS Code no longer waits for", () => {
    stopWaiting();
    type(1);
    assert.equal(sent[0]?.isCancelled, true);
});

test("a cursor that moves away ends a request that VS Code no longer waits for", () => {
    stopWaiting();
    cursor = { ...cursor, line: 7 };
    requests.moved();
    assert.equal(sent[0]?.isCancelled, true);
});

test("a request is not kept where the cursor has gone meanwhile", () => {
    const { token } = ask(at(0));
    now += 700;
    cursor = { ...cursor, line: 7 };
    token.cancel();
    assert.equal(sent[0]?.isCancelled, true);
});

test("a request that VS Code no longer waits for ends when the focus leaves the editor", () => {
    stopWaiting();
    requests.left();
    assert.equal(sent[0]?.isCancelled, true);
});

test("a request is not kept if the focus left before VS Code cancelled it", () => {
    const { token } = ask(at(0));
    now += 700;
    requests.left();
    token.cancel();
    assert.equal(sent[0]?.isCancelled, true);
});

test("an answer that VS Code still waits for is delivered though the focus has left", async () => {
    const { answer } = ask(at(0));
    requests.left();
    sent[0]?.resolve("in time");
    assert.equal(await answer, "in time");
});

test("VS Code that asks again while a request is kept shares it", async () => {
    const first = ask(at(0));
    now += 700;
    first.token.cancel();
    const second = ask(at(0));
    sent[0]?.resolve("both");
    assert.equal(await second.answer, "both");
    assert.equal(sent.length, 1);
    assert.equal(asksAgain, 0);
});

test("a late answer is not given to the menu, which asks for more than that", async () => {
    const { answer } = stopWaiting();
    sent[0]?.resolve("late");
    await answer;
    void ask(at(0), "menu");
    assert.deepEqual(sent.map(({ what }) => what), ["automatic", "automatic"]);
});

test("a request for the menu's item is not kept", () => {
    const { token } = ask(at(0), "menu");
    now += 700;
    token.cancel();
    assert.equal(sent[0]?.isCancelled, true);
});

test("the menu that opens over delivered ghost text has it shown again, once", async () => {
    const { answer } = ask(at(0));
    sent[0]?.resolve("delivered");
    await answer;
    requests.menuOpens(at(0));
    assert.equal(asksAgain, 1);
    assert.equal(await ask(at(0), "explicit").answer, "delivered");
    requests.menuOpens(at(0));
    assert.equal(asksAgain, 1);
});

test("the menu that opens where no ghost text was delivered is left alone", async () => {
    const { answer } = ask(at(0));
    requests.menuOpens(at(0));
    sent[0]?.resolve("");
    await answer;
    requests.menuOpens(at(0));
    assert.equal(asksAgain, 0);
});

test("for any events in any order, at most one request is in flight", async () => {
    let token: Token | undefined;
    const acts = [
        (step: number) => type(step, 200),
        (step: number) => type(step, 10),
        () => ({ token } = ask(cursor)),
        () => ({ token } = ask(cursor, "explicit")),
        () => ({ token } = ask(cursor, "menu")),
        () => token?.cancel(),
        () => sent.at(-1)?.resolve("answer"),
        () => sent.at(-1)?.resolve(""),
        () => requests.menuOpens(cursor),
        () => requests.moved(),
        () => void (now += 700),
        () => requests.forget(),
        () => requests.left(),
    ];
    const phases = new Set<string | undefined>();
    // A linear congruential generator: the same sequence in every run.
    let state = 1;
    for (let step = 1; step <= 5000; step++) {
        state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
        acts[Math.floor(state / 65_536) % acts.length]?.(step);
        // Answers take effect in between.
        await new Promise(setImmediate);
        const inFlight = sent.filter(({ isCancelled, isAnswered }) => !isCancelled && !isAnswered).length;
        assert.ok(inFlight <= 1, `step ${step}: ${inFlight} requests in flight`);
        phases.add(requests.phase);
    }
    assert.deepEqual([...phases].sort(), ["awaited", "delivered", "early", "kept", "late", undefined]);
});
