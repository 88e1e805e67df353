/**
 * What the server understands beyond LSP, as docs/architecture.md and the server's `arguments.py` have it.
 *
 * Types alone: each command takes one object and gives one back.
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
}

/** A part of a file that went into a prompt. */
export interface Source {
    uri: string;
    range: Range;
    tokens: number;
    /** A few words. */
    why: string;
}

/** A part of a file that did not go in, and why. */
export interface LeftOut {
    uri: string;
    range: Range;
    why: string;
}

export interface ExplainArgument {
    textDocument: { uri: string };
    range?: Range;
    /** The explanation streams on it as `$/progress` with `{text}`. */
    token: string;
}

export interface Explanation {
    markdown: string;
    usage: { promptTokens: number; outputTokens: number; contextLength: number };
    sources: Source[];
}

export interface RefactorArgument {
    textDocument: { uri: string; version?: number };
    range: Range;
    action?: string;
    instruction?: string;
}

export interface Refactored {
    status: "applied" | "refused" | "unchanged" | "cancelled";
    reason?: string;
}

export interface LastPrompt {
    text: string;
    promptTokens: number;
    model: string;
    sources: Source[];
    leftOut: LeftOut[];
}

/** Parameters of `textDocument/didFocus`. */
export interface DidFocus {
    textDocument: { uri: string };
    position: Position;
}
