/**
 * The messages between the chat view and the extension, and what one turn of a conversation holds.
 *
 * Contains only types: `chat.ts` handles the messages, the page in `webview/` draws them.
 */

import type { Attachment, Code, Problem, Usage } from "../protocol";

/** A place in a file; `line` and `endLine` count from 0, `endLine` is the last line of the place. */
export interface Place {
    /** Empty if it is in no file. */
    uri: string;
    label: string;
    line: number;
    endLine: number;
    /** A few words on why it is in the prompt, or why not. */
    why: string;
    /** Tokens in the prompt; absent if it was left out. */
    tokens?: number;
}

/** A code block of an answer that `homebody.apply` knows by `number`. */
export interface Block {
    number: number;
    text: string;
}

/** Code that is explained, and its name for the user. */
export interface Explained {
    place: string;
    code: Code;
    /** A problem in it, which is explained instead. */
    problem?: Problem;
    /** Name of a prompt file that explains it. */
    action?: string;
}

export type TurnState = "reading" | "writing" | "done" | "stopped" | "failed";

/** A question and its answer. */
export interface Turn {
    id: number;
    question: string;
    attached: string[];
    /** As the model wrote it. */
    answer: string;
    /** The complete answer with the server's links; links that the model wrote are plain text. */
    linked?: string;
    /** Code that was explained without reading all of it. */
    unread?: Explained;
    state: TurnState;
    /** One sentence: why it failed, or how far the model has read. */
    note?: string;
    /** False if a limit ended the answer, or not all of the code was read. */
    complete?: boolean;
    /** With a failure: what the view can offer. */
    fix?: "installModel";
    usage?: Usage;
    sources?: Place[];
    leftOut?: Place[];
    blocks?: Block[];
}

/** The code in view, which is sent with a question unless the user removes it. */
export interface About {
    label: string;
    isLeftOut: boolean;
}

/** From the extension to the view. */
export type ToView =
    | { type: "state"; turns: Turn[]; attachments: Attachment[]; model: string }
    | { type: "turn"; turn: Turn }
    | { type: "text"; id: number; text: string }
    | { type: "attachments"; attachments: Attachment[] }
    | { type: "items"; query: string; items: Attachment[] }
    | { type: "model"; model: string }
    | { type: "about"; about: About | undefined }
    /** Colours of code in a theme of this kind, by the classes of the highlighter. */
    | { type: "colours"; colours: Record<string, string>; kind: number }
    | { type: "focus" };

/** From the view to the extension. */
export type FromView =
    | { type: "ready" }
    /** The page got the focus. */
    | { type: "focused" }
    | { type: "ask"; question: string }
    | { type: "stop" }
    | { type: "regenerate" }
    | { type: "readAll"; about: Explained }
    | { type: "new" }
    /** Ask the question of a turn again, with lines that were left out. */
    | { type: "include"; id: number; place: Pick<Place, "uri" | "label" | "line" | "endLine"> }
    | { type: "items"; query: string }
    | { type: "attach"; item: Attachment }
    | { type: "detach"; index: number }
    | { type: "toggleAbout" }
    | { type: "switchModel" }
    | { type: "installModel" }
    | { type: "open"; place: Pick<Place, "uri" | "line" | "endLine"> }
    | { type: "copy"; text: string }
    | { type: "insert"; text: string }
    /** Without a number if the answer has no such block. */
    | { type: "apply"; block?: number };
