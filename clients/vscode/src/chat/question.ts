/** What the user asks, and how the server answers it. */

import type { CancellationToken } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { runStoppable } from "../commands";
import type { Asked, Attachment, ExplainArgument, Explanation } from "../protocol";
import type { Explained, Turn } from "./messages";

export interface Question {
    text: string;
    /** Names of what is sent with it. */
    attached: string[];
    /** What the user attached, to be sent with it again. */
    items?: Attachment[];
    /** Send it; the answer streams on `token`. What changes code results in a sentence for the user. */
    ask(client: LanguageClient, token: string, stop: CancellationToken): Promise<Asked | Explanation | string>;
    /** Code that is explained, but perhaps not read to its end. */
    about?: Explained;
}

/** An explanation of code, or of a problem in it; with `full`, all of it is read, however long that takes. */
export function explanationOf(about: Explained, { full = false } = {}): Question {
    const { place, code, problem, action } = about;
    return {
        text: problem === undefined ? `Explain ${place}` : `Explain the problem in ${place}: ${problem.message}`,
        attached: [],
        ask: (client, token, stop) => {
            const more = { ...(problem && { problem }), ...(action !== undefined && { action }) };
            const argument: ExplainArgument = { ...code, ...more, full, links: true, token };
            return runStoppable<Explanation>(client, "homebody.explain", argument, stop);
        },
        ...(full ? {} : { about }),
    };
}

/** Another answer to the last question of a conversation that the server has answered. */
export function regenerationOf({ question, attached, items }: Turn, conversationId: string): Question {
    return {
        text: question,
        attached,
        ...(items && { items }),
        ask: (client, token, stop) => {
            const argument = { conversationId, regenerate: true, links: true, token };
            return runStoppable<Asked>(client, "homebody.ask", argument, stop);
        },
    };
}
