/** Why an answer of the conversation is incomplete, and what the user can do about it. */

import { ConnectionError, ErrorCodes, ResponseError } from "vscode-languageclient/node";

import { sentenceOf } from "../requests";
import type { Turn } from "./messages";

const STOPPED = "The server stopped before the answer was complete. It is started again: ask again.";

/** Record in a turn that its answer is incomplete, and why. */
export function fail(turn: Turn, error: unknown, isCancelled: boolean): void {
    turn.state = isCancelled ? "stopped" : "failed";
    delete turn.note;
    if (isCancelled) {
        return;
    }
    turn.note = isDisconnected(error) ? STOPPED : sentenceOf(error);
    if (error instanceof ResponseError && error.data?.kind === "NoModelInstalled") {
        turn.fix = "installModel";
    }
}

/** Whether the server ended while it answered. */
function isDisconnected(error: unknown): boolean {
    const isRejected = error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected;
    return isRejected || error instanceof ConnectionError;
}
