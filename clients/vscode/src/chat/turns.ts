/** What becomes of a turn while it is answered, and in later questions. */

import type { Answered, AnsweredBefore, StreamPart } from "../protocol";
import { placeOf, sentenceOf } from "../words";
import type { Turn } from "./messages";

/** Record how far the model has read. */
export function read(turn: Turn, { tokens, of, secondsLeft }: NonNullable<StreamPart["reading"]>): void {
    const seconds = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft)} s left`;
    turn.note = `Reading: ${tokens} of ${of} tokens${seconds}`;
}

/** Record the complete answer. */
export function finish(turn: Turn, result: Answered | AnsweredBefore): void {
    turn.state = "done";
    delete turn.note;
    // Copying uses the streamed text: links would name files of this machine.
    turn.answer ||= result.markdown;
    turn.linked = result.markdown;
    turn.complete = result.complete;
    if (result.usage !== null) {
        turn.usage = result.usage;
    }
    turn.sources = result.sources.map((source) => ({ ...placeOf(source), tokens: source.tokens }));
    turn.leftOut = result.leftOut.map(placeOf);
    turn.blocks = result.blocks.map(({ block, text }) => ({ number: block, text }));
}

/** Record that the user stopped the answer. */
export function stopped(turn: Turn): void {
    turn.state = "stopped";
    delete turn.note;
}

/** Record why the answer is incomplete, and what the user can do about it. */
export function failed(turn: Turn, error: unknown): void {
    turn.state = "failed";
    turn.note = sentenceOf(error);
    if ((error as { data?: { kind?: string } }).data?.kind === "NoModelInstalled") {
        turn.fix = "installModel";
    }
}
