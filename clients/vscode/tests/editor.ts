/** VS Code and the server, as the tests of `Requests` play them: keys, questions and answers in their order. */

import { type Place, type Question, Requests, type Sent, isSame } from "../src/ghost/requests.ts";

/** A request that the tests answer. */
export class Asked implements Sent<string> {
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
export class Token {
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

export class Editor {
    cursor = this.at(0);
    asksAgain = 0;
    /** What the server was asked, in order. */
    readonly sent: Asked[] = [];
    readonly requests = new Requests<string>({
        isAt: (place) => isSame(place, this.cursor),
        isEmpty: (answer) => answer === "",
        askAgain: () => void (this.asksAgain += 1),
    });

    /** What the server was asked, and whether that was cancelled. */
    get outcomes(): [string, boolean][] {
        return this.sent.map(({ what, isCancelled }) => [what, isCancelled]);
    }

    /** The place after so many keys: each key makes a new version of the text. */
    at(keys: number, uri = "file:///app.py"): Place {
        return { uri, version: keys, line: 0, character: keys };
    }

    /** VS Code asks at a place. */
    ask(place: Place, kind: Question<string>["kind"] = "automatic", mayAskEarly = true) {
        const token = new Token();
        const question: Question<string> = {
            place,
            kind,
            mayAskEarly,
            send: (where, how) => this.send(where === place ? how : `early ${where.character}`),
        };
        return { token, answer: this.requests.asked(question, token) };
    }

    /** VS Code asks, and stops waiting by itself. */
    stopWaiting() {
        const asked = this.ask(this.at(0));
        asked.token.cancel();
        return asked;
    }

    /** A key. */
    type(keys: number, uri?: string): void {
        this.cursor = this.at(keys, uri);
        this.requests.changed(this.cursor.uri);
        this.requests.typed(this.cursor);
    }

    /** VS Code asks after the first key by itself: from then on it is expected to. */
    async followed(): Promise<void> {
        this.type(1);
        const { answer } = this.ask(this.at(1));
        this.sent[0]?.resolve("first");
        await answer;
        this.sent.length = 0;
    }

    private send(what: string): Asked {
        const asked = new Asked(what);
        this.sent.push(asked);
        return asked;
    }
}
