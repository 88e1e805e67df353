/** Earlier explanations, sent with the first question of a conversation: the server does not have them. */

import type { Attachment, Turn } from "./messages";

// Longest text that is attached, in characters; only the end of longer explanations is sent.
const LONGEST_HISTORY = 6000;

export function earlierTurns(turns: readonly Turn[]): Attachment[] {
    const answered = turns.filter(({ answer }) => answer !== "");
    if (answered.length === 0) {
        return [];
    }
    const text = answered.map(({ question, answer }) => `Question: ${question}\n\n${answer}`).join("\n\n");
    return [{ id: "", kind: "text", label: "Earlier in this conversation", text: text.slice(-LONGEST_HISTORY) }];
}
