/** What becomes of a turn while it is answered, and in later questions. */

import type { Asked, Attachment, Explanation, StreamPart } from "../protocol";
import { placeOf, sentenceOf } from "../words";
import type { Turn } from "./messages";

// Longest text that is attached, in characters; only the end of longer explanations is sent.
const LONGEST_HISTORY = 6000;
const DISCONNECTED = "The server stopped before the answer was complete. It is started again: ask again.";

/** Record how far the model has read. */
export function read(turn: Turn, { tokens, of, secondsLeft }: NonNullable<StreamPart["reading"]>): void {
    const seconds = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft)} s left`;
    turn.note = `Reading: ${tokens.toLocaleString("en")} of ${of.toLocaleString("en")} tokens${seconds}`;
}

/** Record the complete answer. */
export function finish(turn: Turn, result: Asked | Explanation): void {
    turn.state = "done";
    delete turn.note;
    // Copying and saving use the streamed text: links would name files of this machine.
    turn.answer ||= result.markdown;
    turn.linked = result.markdown;
    turn.complete = result.complete;
    turn.usage = result.usage;
    turn.sources = result.sources.map((source) => ({ ...placeOf(source), tokens: source.tokens }));
    turn.leftOut = result.leftOut.map(placeOf);
    if ("blocks" in result) {
        turn.blocks = result.blocks.map(({ block, text }) => ({ number: block, text }));
    }
}

/** Record that the user stopped the answer. */
export function stopped(turn: Turn): void {
    turn.state = "stopped";
    delete turn.note;
}

/** Record why the answer is incomplete, and what the user can do about it. */
export async function failed(turn: Turn, error: unknown): Promise<void> {
    const { ConnectionError, ErrorCodes, ResponseError } = await import("vscode-languageclient/node");
    const isRejected = error instanceof ResponseError && error.code === ErrorCodes.PendingResponseRejected;
    turn.state = "failed";
    turn.note = isRejected || error instanceof ConnectionError ? DISCONNECTED : sentenceOf(error);
    if (error instanceof ResponseError && error.data?.kind === "NoModelInstalled") {
        turn.fix = "installModel";
    }
}

/** Earlier explanations, sent with the first question of a conversation: the server does not have them. */
export function earlier(turns: readonly Turn[]): Attachment[] {
    const answered = turns.filter(({ answer }) => answer !== "");
    if (answered.length === 0) {
        return [];
    }
    const text = answered.map(({ question, answer }) => `Question: ${question}\n\n${answer}`).join("\n\n");
    return [{ id: "", kind: "text", label: "Earlier in this conversation", text: text.slice(-LONGEST_HISTORY) }];
}
