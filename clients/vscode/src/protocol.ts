/**
 * The server's additions to LSP; see docs/architecture.md and `lsp/commands/` in the server.
 *
 * Contains only types: each command takes one object and returns one.
 */

import type { Position, Range } from "vscode-languageclient/node";

/** Parameters of `homebody/didChangeStatus`, which the server sends when its state changes. */
export interface ServerStatus {
    kind: "Normal" | "Warning" | "Error" | "Inactive";
    busy: boolean;
    message: string;
    backend?: string;
    model?: string;
    /** In tokens. */
    contextLength?: number;
    /** Why this model was chosen, one sentence each. */
    reasons?: string[];
    /** The model that explains and answers, if it is another one. */
    chatModel?: string;
    /** Why nothing is suggested although the model answered, and what to do. */
    hint?: string;
    /** With an error: what the client can offer. */
    fix?: "installModel";
}

/** What a model is used for. */
export type Use = "completion" | "chat" | "next_edit";

/** A model on this machine, and the settings that choose it: `homebody.models`. */
export interface ModelHere {
    name: string;
    kind: string;
    url: string | null;
    model: string;
    /** Name of its server, for the user. */
    where: string;
    uses: Use[];
    /** Bytes on disk. */
    size: number | null;
    /** The uses that it answers now. */
    inUse: Use[];
    /** Whether it takes pictures; null if its server does not report it. */
    sees: boolean | null;
}

/** Where there is a suggestion now, after a request that had none. */
export interface Found {
    textDocument: { uri: string; version: number };
    position: Position;
}

/** A model that suits this machine, and the command that downloads it. */
export interface Recommendation {
    use: Use;
    /** A model on this machine that suits this use already. */
    present: string | null;
    model: string;
    licence: string;
    downloadBytes: number;
    /** For a shell. */
    command: string;
}

/** Result of `homebody.recommend`. */
export interface Advice {
    machine: string;
    recommendations: Recommendation[];
}

/** The problems that an editor shows in one document; positions count from 0. */
export interface DocumentDiagnostics {
    uri: string;
    diagnostics: { range: Range; severity: number; source: string | null; code: string | number | null; message: string }[];
}

/** A part of a file that went into a prompt. */
export interface Source {
    uri: string;
    range: Range;
    tokens: number;
    /** Why it is in the prompt, in a few words. */
    why: string;
}

/** A part of a file that was left out, and why. */
export interface LeftOut {
    uri: string;
    range: Range;
    why: string;
}

/** Token counts of one answer, the server's own. */
export interface Usage {
    promptTokens: number;
    outputTokens: number;
    contextLength: number;
}

/** What `$/progress` carries on the token of a stream: text, or how far the prompt is read. */
export interface StreamPart {
    text: string;
    reading?: { tokens: number; of: number; secondsLeft: number | null };
}

/** The code that a command is about; an empty range is a cursor and means the function around it. */
export interface Code {
    textDocument: { uri: string };
    range: Range;
}

/** Something that goes into the next question: an item of `homebody.contextItems`. */
export interface Attachment {
    id: string;
    kind: string;
    label: string;
    detail?: string;
    /** Text that the client attaches itself; then `id` is empty. */
    text?: string;
    /** A picture that the user pasted or dropped, in base64; then `id` is empty. */
    data?: string;
    /** What the model will get of a picture, or why the item cannot be sent; for the user. */
    note?: string;
}

/** A picture as the model gets it; `label` has the size of a picture. */
export interface Media {
    name: string;
    label: string;
    tokens: number;
}

/** Result of `homebody.checkAttachment`. */
export interface CheckedAttachment {
    media: Media[];
}

/** A diagnostic that is explained or fixed. */
export interface Problem {
    message: string;
    source: string | null;
    code: string | number | null;
}

/** What questions and explanations have in common. */
export interface InConversation {
    /** Without one, a conversation begins. */
    conversationId?: string;
    /** The Markdown of the result links to the code that it names. */
    links: true;
    /** The conversation is written to disk. */
    store: true;
    /** What the answer streams on. */
    token: string;
}

export interface AskArgument extends Partial<Code>, InConversation {
    question: string;
    attach: Attachment[];
    diagnostics?: DocumentDiagnostics[];
}

/** A question's answer, or an explanation. */
export interface Answered {
    conversationId: string;
    markdown: string;
    complete: boolean;
    usage: Usage | null;
    sources: Source[];
    leftOut: LeftOut[];
    blocks: { block: number; language: string; text: string }[];
}

/** A turn of a conversation that is opened again; `text` has no links. */
export interface AnsweredBefore extends Omit<Answered, "conversationId"> {
    question: string;
    text: string;
}

/** An entry of `homebody.conversations`; `when` its last question was asked, in seconds since the epoch. */
export interface ListedConversation {
    conversationId: string;
    title: string;
    when: number;
}

export interface ApplyArgument {
    conversationId: string;
    block: number;
    textDocument: { uri: string; version: number };
    range?: Range;
    apply: false;
}

export interface RefactorArgument {
    textDocument: { uri: string; version?: number };
    range: Range;
    action?: string;
    instruction?: string;
    /** Text of the problem, for actions that fix one. */
    problem?: string;
    apply?: boolean;
}

export interface Refactored {
    status: "applied" | "ready" | "refused" | "unchanged" | "cancelled";
    reason?: string;
    /**
     * With `ready`: what would change; with `refused`: what the user may look at and apply all the same. These are the
     * text of a document and the text with the change; a new file has none `before`.
     */
    proposal?: { uri: string; before: string | null; after: string };
    /** With a proposal: whether the user should see it first. Without, it only adds a few lines. */
    review?: boolean;
    /** What the edit takes away or adds, in short sentences. */
    notes?: string[];
    /** Id of the pending edit, for `homebody.refine`. */
    id?: string;
}

export interface LastPrompt {
    text: string;
    promptTokens: number;
    model: string;
    sources: Source[];
    leftOut: LeftOut[];
    /** Pictures, as they were sent. */
    media: (Media & { type: string; data: string })[];
}

/** Parameters of `textDocument/didFocus`. */
export interface DidFocus {
    textDocument: { uri: string };
    position: Position;
}

/** An edit of `textDocument/copilotInlineEdit`. */
export interface NextEdit {
    textDocument: { uri: string; version: number };
    range: Range;
    text: string;
    /** Run when the user accepts the edit; its argument is the edit's id. */
    command: { title: string; command: string; arguments: [string] };
    show: "full" | "hint";
}
