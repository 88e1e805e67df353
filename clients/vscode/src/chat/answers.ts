/** Gets answers from the server: one at a time, streamed into a turn of the conversation. */

import { CancellationError, type CancellationToken, CancellationTokenSource } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { stream } from "../commands";
import type { Asked, Explanation, StreamPart } from "../protocol";
import type { Turn } from "./messages";
import type { Question } from "./question";
import { failed, read, stopped } from "./turns";

const STARTING = "Waiting for the server…";
const NOT_RUNNING = "The server is not running: the item Homebody in the status bar says why. Then ask again.";

export interface Servers {
    /** A running server, started if needed; without one, a message says what is wrong. */
    client(): Promise<LanguageClient | undefined>;
    /** Whether a server is running. */
    isRunning(): boolean;
}

/** Who is told of a turn that changes. */
export interface Audience {
    changed(turn: Turn): void;
    /** The answer was continued by `text`. */
    wrote(turn: Turn, text: string): void;
}

export class Answers {
    private stopping: CancellationTokenSource | undefined;

    constructor(
        private readonly servers: Servers,
        private readonly audience: Audience,
    ) {}

    get isBusy(): boolean {
        return this.stopping !== undefined;
    }

    /** Stop the answer that is being written. */
    stop(): void {
        this.stopping?.cancel();
    }

    /**
     * Ask, and fill the turn while the answer streams; an answer that is still being written is stopped.
     *
     * Returns the result and the client that it came from; `undefined` if the answer failed or was stopped, which the
     * turn says.
     */
    async answer(
        turn: Turn,
        question: Question,
    ): Promise<{ result: Asked | Explanation | string; client: LanguageClient } | undefined> {
        this.stop();
        const stop = (this.stopping = new CancellationTokenSource());
        if (!this.servers.isRunning()) {
            turn.note = STARTING;
        }
        this.audience.changed(turn);
        let writing: Awaited<ReturnType<typeof stream>> | undefined;
        try {
            const client = await Promise.race([this.servers.client(), cancellation(stop.token)]);
            if (client === undefined) {
                throw new Error(NOT_RUNNING);
            }
            writing = await stream(client, (part) => this.take(turn, part));
            return { result: await question.ask(client, writing.token, stop.token), client };
        } catch (error) {
            if (stop.token.isCancellationRequested) {
                stopped(turn);
            } else {
                await failed(turn, error);
            }
            return undefined;
        } finally {
            writing?.dispose();
            stop.dispose();
            if (this.stopping === stop) {
                this.stopping = undefined;
            }
        }
    }

    private take(turn: Turn, { text, reading }: StreamPart): void {
        if (text !== "") {
            turn.answer += text;
            if (turn.state === "reading") {
                turn.state = "writing";
                delete turn.note;
                this.audience.changed(turn);
            } else {
                this.audience.wrote(turn, text);
            }
        } else if (reading !== undefined && turn.state === "reading") {
            read(turn, reading);
            this.audience.changed(turn);
        }
    }
}

/** Rejects once `token` is cancelled. */
function cancellation(token: CancellationToken): Promise<never> {
    return new Promise((_, reject) => token.onCancellationRequested(() => reject(new CancellationError())));
}
