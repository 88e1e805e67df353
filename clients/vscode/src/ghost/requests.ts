/**
 * Requests for ghost text: sent at the key, and kept until VS Code shows the answer.
 *
 * VS Code asks its providers 50 ms after a key, and by its default setting `editor.quickSuggestions` it opens its menu
 * when ghost text takes longer than 750 ms, cancels the request and does not ask again. Here, a place in a version of
 * the text has one request, whoever asks first: the extension at the key, or VS Code. VS Code gets its answer whenever
 * it asks for that place; if it has stopped waiting by then, it is made to ask again. A change of the text, and a
 * cursor that goes elsewhere, end the request.
 *
 * Does not use VS Code's API, so that its tests need no window.
 */

/** Where a suggestion is requested, and in which version of the text. Lines and UTF-16 units from 0. */
export interface Place {
    readonly uri: string;
    readonly version: number;
    readonly line: number;
    readonly character: number;
}

/** After a key, by the user's command, or as a continuation of the item selected in the menu. */
export type Kind = "automatic" | "explicit" | "menu";

/** A request that was sent. */
export interface Sent<Answer> {
    readonly answer: Promise<Answer>;
    cancel(): void;
}

/** A request of VS Code's. */
export interface Question<Answer> {
    readonly place: Place;
    readonly kind: Kind;
    /** Whether the next key of this document may be asked for before VS Code asks. */
    readonly mayAskEarly: boolean;
    /** Sends it, or a request like it for another place of the document. */
    readonly send: (place: Place, kind: Kind) => Sent<Answer>;
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
    /** Make VS Code ask again at the cursor, as if the user had. */
    askAgain(): void;
}

interface Request<Answer> {
    readonly place: Place;
    readonly sent: Sent<Answer>;
    /** VS Code's latest question for it; none before VS Code asks. */
    question: Cancellation | undefined;
    /** Whether VS Code has the answer. */
    isDelivered: boolean;
}

export class Requests<Answer> {
    private current: Request<Answer> | undefined;
    /** Where VS Code is made to ask. */
    private again: Place | undefined;
    /** The last question that VS Code asked after a key, until the next key is asked for early. */
    private asks: Question<Answer> | undefined;
    /** Place of the last key, until VS Code asks: without a server it asks nobody. */
    private unasked: Place | undefined;
    /** Whether the focus has left the editor: a late answer would be shown where nobody types. */
    private hasLeft = false;
    private readonly window: Window<Answer>;

    constructor(window: Window<Answer>) {
        this.window = window;
    }

    /** Whether VS Code shows an answer, or may soon. */
    get isPending(): boolean {
        return this.current !== undefined || this.again !== undefined;
    }

    /**
     * A key changed the text, and the cursor is at `place` now.
     *
     * It is asked for if VS Code has asked after the key before: where it did not, it may not ask at all.
     */
    typed(place: Place): void {
        this.end();
        this.unasked = place;
        const { asks } = this;
        if (asks?.place.uri === place.uri) {
            this.asks = undefined;
            const request = this.begin(place, asks, "automatic");
            // VS Code's own request gets the error if it still occurs then.
            request.sent.answer.catch(() => this.drop(request));
        }
    }

    /** The text of a document changed: a request for it is outdated. */
    changed(uri: string): void {
        if ((this.current?.place ?? this.again)?.uri === uri) {
            this.end();
        }
    }

    /** The cursor moved: a request that VS Code does not wait for ends, unless it is for the new place. */
    moved(): void {
        const place = this.current?.place ?? this.again;
        if (place !== undefined && !isAwaited(this.current) && !this.window.isAt(place)) {
            this.end();
        }
    }

    /** A server is ready: have VS Code ask for the last key if it came before that. */
    ready(): void {
        if (this.unasked !== undefined) {
            this.end();
            this.askAgain(this.unasked);
        }
    }

    /** The server has a suggestion for a place where it had none: have VS Code ask for it. */
    found(place: Place): void {
        if (this.current === undefined && !this.hasLeft) {
            this.askAgain(place);
        }
    }

    /** The focus left the editor. */
    left(): void {
        this.unasked = undefined;
        this.hasLeft = true;
        if (this.current?.question?.isCancellationRequested) {
            this.end();
        }
    }

    /** Nothing is sent early until VS Code asks by itself again: settings changed. */
    forget(): void {
        this.asks = undefined;
        this.end();
    }

    /** VS Code asks: answer with the request for this place, or send one. */
    async asked(question: Question<Answer>, cancellation: Cancellation): Promise<Answer> {
        const { place } = question;
        const isAgain = this.again !== undefined && isSame(this.again, place);
        const kind = isAgain && question.kind === "explicit" ? "automatic" : question.kind;
        this.again = this.unasked = undefined;
        this.hasLeft = false;
        if (question.kind !== "explicit") {
            this.asks = kind === "automatic" && question.mayAskEarly ? question : undefined;
        }
        const { current } = this;
        const isKnown = kind === "automatic" && current !== undefined && isSame(current.place, place);
        if (!isKnown) {
            this.end();
        }
        const request = isKnown ? current : this.begin(place, question, kind);
        Object.assign(request, { question: cancellation, isDelivered: false });
        const listener = cancellation.onCancellationRequested(() => {
            // VS Code does not say whether it stopped waiting or the user pressed Escape, and in a busy window the time
            // since its question does not either.
            if (request.question === cancellation && (kind === "menu" || !this.mayBeLate(request))) {
                this.drop(request);
            }
        });
        try {
            const answer = await request.sent.answer;
            if (this.current !== request || request.question !== cancellation) {
                return answer;
            }
            request.isDelivered = !cancellation.isCancellationRequested;
            if (isAgain || kind === "menu" || this.window.isEmpty(answer)) {
                this.current = undefined;
            } else if (!request.isDelivered) {
                this.askAgain(place);
            }
            return answer;
        } catch (error) {
            this.drop(request);
            throw error;
        } finally {
            listener.dispose();
        }
    }

    /**
     * VS Code opens its menu: it does so by itself only where it shows no ghost text.
     *
     * If it got some for this place, the answer came too late for a busy window.
     */
    menuOpens(place: Place): void {
        if (this.current?.isDelivered && isSame(this.current.place, place)) {
            this.askAgain(place);
        }
    }

    private mayBeLate(request: Request<Answer>): boolean {
        return this.current === request && !this.hasLeft && this.window.isAt(request.place);
    }

    /** Nothing is kept for a place that the user has left. */
    private askAgain(place: Place): void {
        if (this.window.isAt(place)) {
            this.again = place;
            this.window.askAgain();
        } else {
            this.end();
        }
    }

    private begin(place: Place, question: Question<Answer>, kind: Kind): Request<Answer> {
        this.current = { place, sent: question.send(place, kind), question: undefined, isDelivered: false };
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
        this.again = undefined;
        if (this.current !== undefined) {
            this.drop(this.current);
        }
    }
}

/** Whether VS Code waits for the answer. */
function isAwaited(request: Request<unknown> | undefined): boolean {
    return request?.question?.isCancellationRequested === false && !request.isDelivered;
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
