/** What the user asks, and how the server answers it. */

import type { CancellationToken } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { runStoppable } from "../commands";
import type { Asked, Explanation } from "../protocol";
import type { Explained, Turn } from "./messages";

export interface Question {
    text: string;
    /** Names of what is sent with it. */
    attached: string[];
    /** Send it; the answer streams on `token`. */
    ask(client: LanguageClient, token: string, stop: CancellationToken): Promise<Asked | Explanation>;
    /** Code that is explained, but perhaps not read to its end. */
    about?: Explained;
}

/** An explanation of code; with `full`, all of it is read, however long that takes. */
export function explanationOf(about: Explained, { full = false } = {}): Question {
    return {
        text: `Explain ${about.place}`,
        attached: [],
        ask: (client, token, stop) => {
            const argument = { ...about.code, full, links: true, token };
            return runStoppable<Explanation>(client, "homebody.explain", argument, stop);
        },
        ...(full ? {} : { about }),
    };
}

/** Another answer to the last question of a conversation that the server has answered. */
export function regenerationOf({ question, attached }: Turn, conversationId: string): Question {
    return {
        text: question,
        attached,
        ask: (client, token, stop) => {
            const argument = { conversationId, regenerate: true, links: true, token };
            return runStoppable<Asked>(client, "homebody.ask", argument, stop);
        },
    };
}
