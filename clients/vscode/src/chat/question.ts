/** What the user asks, and how the server answers it. */

import type { CancellationToken } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { runStoppable } from "../commands";
import type { Answered, Attachment, InConversation } from "../protocol";
import type { Explained, Turn } from "./messages";

export interface Question {
    text: string;
    /** Names of what is sent with it. */
    attached: string[];
    /** What the user attached, to be sent with it again. */
    items?: Attachment[];
    /** Send it; the answer becomes a part of the conversation. What changes code results in a sentence for the user. */
    ask(client: LanguageClient, conversation: InConversation, stop: CancellationToken): Promise<Answered | string>;
    /** Code that is explained, but perhaps not read to its end. */
    about?: Explained;
}

/** An explanation of code, or of a problem in it; with `full`, all of it is read, however long that takes. */
export function explanationOf(about: Explained, { full = false } = {}): Question {
    const { place, code, problem, action } = about;
    const question = problem === undefined ? `Explain ${place}` : `Explain the problem in ${place}: ${problem.message}`;
    return {
        text: question,
        attached: [],
        ask: (client, conversation, stop) => {
            const more = { ...(problem && { problem }), ...(action !== undefined && { action }) };
            const argument = { ...code, ...more, ...conversation, question, full };
            return runStoppable<Answered>(client, "homebody.explain", argument, stop);
        },
        ...(full ? {} : { about }),
    };
}

/** Another answer to the last question of the conversation, which the server has answered. */
export function regenerationOf({ question, attached }: Turn, items: Attachment[] = []): Question {
    return {
        text: question,
        attached,
        items,
        ask: (client, conversation, stop) =>
            runStoppable<Answered>(client, "homebody.ask", { ...conversation, regenerate: true }, stop),
    };
}
