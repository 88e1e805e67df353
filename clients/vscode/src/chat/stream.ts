/** Sends turns to the view: whole ones, and the text of an answer while it streams. */

import type { Turn } from "./messages";
import type { ChatView } from "./view";

// A message for each token would be slow.
const STREAM_MILLISECONDS = 50;

export class TurnStream {
    /** Text of the streaming answer that was not sent to the view yet. */
    private unsent = "";
    private timer: NodeJS.Timeout | undefined;

    constructor(private readonly view: ChatView) {}

    /** Send a whole turn; its answer includes the text that was not sent yet. */
    send(turn: Turn): void {
        this.drop();
        this.view.send({ type: "turn", turn });
    }

    /** Send text of an answer, collected for a short time. */
    append({ id }: Turn, text: string): void {
        this.unsent += text;
        this.timer ??= setTimeout(() => {
            const message = { type: "text" as const, id, text: this.unsent };
            this.drop();
            this.view.send(message);
        }, STREAM_MILLISECONDS);
    }

    /** Drop the text that was not sent yet. */
    drop(): void {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.unsent = "";
    }
}
