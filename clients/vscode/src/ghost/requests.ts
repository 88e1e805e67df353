/**
 * Requests for ghost text, one at a time, from the keystroke until VS Code shows the suggestion.
 *
 * Gets keys, cursor movements and VS Code's own requests; sends the server at most one request for a place.
 * Does not use VS Code's API, so that its tests need no window.
 *
 * VS Code asks its providers 50 ms after a key, and by its default setting `editor.quickSuggestions` it opens
 * its menu when ghost text takes longer than 750 ms, cancels the request and does not ask again. So a request
 * can begin before VS Code asks, and continue after VS Code has stopped waiting:
 *
 *     key ──> early ──> awaited ──> delivered
 *                 VS Code ^ │ ^         │ VS Code opens its menu all the same
 *                    asks │ v │ asks    v
 *                        kept ───────> late ──> (VS Code asks once more and is given the answer)
 *                              answer
 *
 * Keys that come before the server is ready are not asked for. Once it is ready, the last of them is `late`, without
 * an answer yet: VS Code is made to ask, and the request is sent as after a key.
 *
 * A change of the text ends a request in any phase.
 */

/** Where a suggestion is requested, and in which version of the text. Lines and UTF-16 units from 0. */
export interface Place {
    readonly uri: string;
    readonly version: number;
    readonly line: number;
    readonly character: number;
}

/** A request that was sent. */
export interface Sent<Answer> {
    readonly answer: Promise<Answer>;
    cancel(): void;
}

/** Sends a request. */
export type Send<Answer> = () => Sent<Answer>;

/** A request of VS Code's. */
export interface Question<Answer> {
    readonly place: Place;
    /** After a key, by the user's command, or as a continuation of the item selected in the menu. */
    readonly kind: "automatic" | "explicit" | "menu";
    /** Sends this request unchanged. */
    readonly send: Send<Answer>;
    /** Sends it as if VS Code had sent it after a key. */
    readonly sendAutomatic: Send<Answer>;
    /** Sends such a request for another place of the same document; `undefined` if nothing may be sent early. */
    readonly sendEarly: ((place: Place) => Sent<Answer>) | undefined;
}

/** Like VS Code's token: reports that VS Code no longer needs the answer. */
export interface Cancellation {
    readonly isCancellationRequested: boolean;
    onCancellationRequested(listener: () => void): { dispose(): void };
}

/** What the requests need to know about the window. */
export interface Window<Answer> {
    /** Whether the cursor of the active editor is there, alone and without a selection. */
    isAt(place: Place): boolean;
    isEmpty(answer: Answer): boolean;
    /** Make VS Code ask again at the cursor. */
    askAgain(): void;
    /** Milliseconds since a fixed time. */
    now(): number;
}

type Phase =
    /** Sent at a key; VS Code has not asked yet. */
    | "early"
    /** VS Code waits for the answer. */
    | "awaited"
    /** VS Code has stopped waiting by itself. */
    | "kept"
    /** The answer, or the server, came after that: VS Code is made to ask again, and gets it. */
    | "late"
    /** VS Code has the answer. */
    | "delivered";

interface Request<Answer> {
    readonly place: Place;
    readonly sent: Sent<Answer>;
    readonly at: number;
    phase: Phase;
    /** False once the focus has left the editor: then VS Code is not made to ask again. */
    mayBeLate: boolean;
    answer: Answer | undefined;
}

// VS Code does not ask after a key if another one follows sooner.
const VSCODE_DEBOUNCE_MILLISECONDS = 50;
// By then VS Code has asked, if it asks here at all: five times its debounce.
const VSCODE_ASKS_WITHIN_MILLISECONDS = 250;
// VS Code stops waiting after about 700 ms; an earlier cancellation comes from the user.
const PATIENT_MILLISECONDS = 500;
// For a place where VS Code is made to ask before anything was sent.
const NOT_SENT: Sent<never> = { answer: new Promise(() => undefined), cancel: () => undefined };

export class Requests<Answer> {
    private current: Request<Answer> | undefined;
    /** Where VS Code asks by itself after a key, and how to ask there before it does. */
    private follows: { uri: string; send: (place: Place) => Sent<Answer> } | undefined;
    private lastKey = Number.NEGATIVE_INFINITY;
    /** Place of the last key, until VS Code asks: without a server it asks nobody. */
    private unasked: Place | undefined;
    private readonly window: Window<Answer>;

    constructor(window: Window<Answer>) {
        this.window = window;
    }

    /** Phase of the current request, for tests. */
    get phase(): Phase | undefined {
        return this.current?.phase;
    }

    /** A key changed the text, and the cursor is at `place` now: ask early if VS Code is going to ask here. */
    typed(place: Place): void {
        const now = this.window.now();
        const pause = now - this.lastKey;
        this.lastKey = now;
        this.unasked = place;
        this.end();
        if (this.follows?.uri === place.uri && pause >= VSCODE_DEBOUNCE_MILLISECONDS) {
            const request = this.begin(place, "early", () => this.follows!.send(place));
            // VS Code's own request gets the error if it still occurs then.
            request.sent.answer.catch(() => this.drop(request));
        }
    }

    /** The text of a document changed: requests for it are outdated. */
    changed(uri: string): void {
        const current = this.current;
        if (current?.place.uri !== uri) {
            return;
        }
        const wasIgnored = current.phase === "early" && this.window.now() - current.at >= VSCODE_ASKS_WITHIN_MILLISECONDS;
        if (wasIgnored) {
            this.follows = undefined;
        }
        this.end();
    }

    /** The cursor moved: a request that VS Code does not wait for ends, unless it is for the new place. */
    moved(): void {
        const current = this.current;
        if (current !== undefined && current.phase !== "awaited" && !this.window.isAt(current.place)) {
            this.end();
        }
    }

    /** A server is ready: have VS Code ask for the last key if it came before that. */
    ready(): void {
        const place = this.unasked;
        if (place !== undefined && this.window.isAt(place)) {
            this.end();
            this.begin(place, "late", () => NOT_SENT);
            this.window.askAgain();
        }
    }

    /** The focus left the editor, so VS Code stops waiting: a late answer would be shown where nobody types. */
    left(): void {
        this.unasked = undefined;
        if (this.current?.phase === "awaited") {
            this.current.mayBeLate = false;
        } else if (this.current?.phase === "kept") {
            this.end();
        }
    }

    /** Nothing is sent early until VS Code asks by itself again: settings changed. */
    forget(): void {
        this.follows = undefined;
        this.end();
    }

    /** VS Code asks: answer with the current request if it is for the same place, else send another. */
    async asked(question: Question<Answer>, cancellation: Cancellation): Promise<Answer> {
        const { place, kind, sendEarly } = question;
        this.unasked = undefined;
        if (kind !== "explicit") {
            const isEarly = kind === "automatic" && sendEarly !== undefined;
            this.follows = isEarly ? { uri: place.uri, send: sendEarly } : undefined;
        }
        const current = this.current;
        const known = current !== undefined && isSame(current.place, place) ? current : undefined;
        if (known?.phase === "late" && known.answer !== undefined && kind !== "menu") {
            this.current = undefined;
            return known.answer;
        }
        if ((known?.phase === "early" || known?.phase === "kept") && kind === "automatic") {
            return this.deliver(known, cancellation);
        }
        this.end();
        // `askAgain` caused it; VS Code treats it like a command of the user.
        const send = known?.phase === "late" ? question.sendAutomatic : question.send;
        const request = this.begin(place, "awaited", send);
        return kind === "menu" ? this.pass(request, cancellation) : this.deliver(request, cancellation);
    }

    /**
     * VS Code opens its menu: it does so by itself only where it shows no ghost text.
     *
     * If it got some for this place, the answer came too late for a busy window.
     */
    menuOpens(place: Place): void {
        const current = this.current;
        if (current?.phase === "delivered" && isSame(current.place, place)) {
            this.show(current);
        }
    }

    /** Wait for the answer, even after VS Code has stopped waiting. */
    private async deliver(request: Request<Answer>, cancellation: Cancellation): Promise<Answer> {
        const began = this.window.now();
        request.phase = "awaited";
        request.mayBeLate = true;
        const listener = cancellation.onCancellationRequested(() => {
            const isPatient = this.window.now() - began >= PATIENT_MILLISECONDS;
            if (this.current === request && isPatient && request.mayBeLate && this.window.isAt(request.place)) {
                request.phase = "kept";
            } else {
                this.drop(request);
            }
        });
        try {
            const answer = await request.sent.answer;
            if (this.current === request) {
                this.answered(request, answer);
            }
            return answer;
        } catch (error) {
            this.drop(request);
            throw error;
        } finally {
            listener.dispose();
        }
    }

    /** Wait for an answer that only this request can use. */
    private async pass(request: Request<Answer>, cancellation: Cancellation): Promise<Answer> {
        const listener = cancellation.onCancellationRequested(() => this.drop(request));
        try {
            return await request.sent.answer;
        } finally {
            listener.dispose();
            this.drop(request);
        }
    }

    private answered(request: Request<Answer>, answer: Answer): void {
        request.answer = answer;
        if (this.window.isEmpty(answer)) {
            this.current = undefined;
        } else if (request.phase === "kept") {
            this.show(request);
        } else {
            request.phase = "delivered";
        }
    }

    private show(request: Request<Answer>): void {
        if (this.window.isAt(request.place)) {
            request.phase = "late";
            this.window.askAgain();
        } else {
            this.current = undefined;
        }
    }

    private begin(place: Place, phase: Phase, send: Send<Answer>): Request<Answer> {
        this.current = { place, sent: send(), at: this.window.now(), phase, mayBeLate: true, answer: undefined };
        return this.current;
    }

    /** Cancel this request, even if it is no longer the current one. */
    private drop(request: Request<Answer>): void {
        request.sent.cancel();
        if (this.current === request) {
            this.current = undefined;
        }
    }

    private end(): void {
        if (this.current !== undefined) {
            this.drop(this.current);
        }
    }
}

/** Whether two places are equal, in the same version of the text. */
export function isSame(one: Place, other: Place): boolean {
    return (
        one.uri === other.uri &&
        one.version === other.version &&
        one.line === other.line &&
        one.character === other.character
    );
}
