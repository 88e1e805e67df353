/** Gets answers from the server: one at a time, streamed into a turn of the conversation. */

import { CancellationError, type CancellationToken, CancellationTokenSource } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { stream } from "../commands";
import type { Answered, StreamPart } from "../protocol";
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

interface Writing {
    stop(): void;
    done: Promise<unknown>;
}

export class Answers {
    private writing: Writing | undefined;

    constructor(
        private readonly servers: Servers,
        private readonly audience: Audience,
    ) {}

    get isBusy(): boolean {
        return this.writing !== undefined;
    }

    /** Stop the answer that is being written: what there is of it is the answer. Without any text, there is none. */
    async stop(): Promise<void> {
        const { writing } = this;
        writing?.stop();
        await writing?.done;
    }

    /**
     * Ask, and fill the turn while the answer streams.
     *
     * Returns the result; `undefined` if the answer failed or was stopped, which the turn says.
     */
    async answer(turn: Turn, question: Question, conversationId?: string): Promise<Answered | string | undefined> {
        const source = new CancellationTokenSource();
        const writing: Writing = { stop: () => source.cancel(), done: Promise.resolve() };
        const answered = this.ask(turn, question, conversationId, writing, source.token);
        writing.done = answered;
        this.writing = writing;
        try {
            return await answered;
        } finally {
            source.dispose();
            if (this.writing === writing) {
                this.writing = undefined;
            }
        }
    }

    private async ask(
        turn: Turn,
        question: Question,
        conversationId: string | undefined,
        writing: Writing,
        stop: CancellationToken,
    ): Promise<Answered | string | undefined> {
        if (!this.servers.isRunning()) {
            turn.note = STARTING;
        }
        this.audience.changed(turn);
        const cancel = writing.stop;
        let isEnding = false;
        let parts: Awaited<ReturnType<typeof stream>> | undefined;
        try {
            const client = await Promise.race([this.servers.client(), cancellation(stop)]);
            if (client === undefined) {
                throw new Error(NOT_RUNNING);
            }
            parts = await stream(client, (part) => this.take(turn, part));
            const { token } = parts;
            writing.stop = () => {
                if (turn.state === "writing") {
                    writing.stop = cancel;
                    isEnding = true;
                    void client.sendNotification("window/workDoneProgress/cancel", { token });
                } else {
                    cancel();
                }
            };
            const more = conversationId === undefined ? {} : { conversationId };
            return await question.ask(client, { token, links: true, store: true, ...more }, stop);
        } catch (error) {
            if (stop.isCancellationRequested || isEnding) {
                stopped(turn);
            } else {
                failed(turn, error);
            }
            return undefined;
        } finally {
            parts?.dispose();
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
