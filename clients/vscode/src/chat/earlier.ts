/** Explanations from before a conversation began, for its first question: the server does not have them. */

import type { Attachment, Turn } from "./messages";

// Longest text that is attached, in characters: the end of the explanations.
const LONGEST_HISTORY = 6000;

export function earlierTurns(turns: readonly Turn[]): Attachment[] {
    const answered = turns.filter(({ answer }) => answer !== "");
    if (answered.length === 0) {
        return [];
    }
    const text = answered.map(({ question, answer }) => `Question: ${question}\n\n${answer}`).join("\n\n");
    return [{ id: "", kind: "text", label: "Earlier in this conversation", text: text.slice(-LONGEST_HISTORY) }];
}
