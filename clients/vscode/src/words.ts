/** Words for the pages: names of files, what went into a prompt and what did not. */

import { Uri, workspace } from "vscode";
import type { Range } from "vscode-languageclient/node";

import type { LeftOut, Source } from "./protocol";

export function baseName(uri: Uri): string {
    return uri.path.slice(uri.path.lastIndexOf("/") + 1);
}

export function sourceLines(sources: Source[]): string[] {
    return sources.map((source) => `- ${place(source)} (${source.why}, ${source.tokens} tokens)`);
}

export function leftOutLines(leftOut: LeftOut[]): string[] {
    return leftOut.map((part) => `- ${place(part)}: ${part.why}`);
}

function place({ uri, range }: { uri: string; range: Range }): string {
    const path = workspace.asRelativePath(Uri.parse(uri));
    // A range that ends at a line's start does not take that line in.
    const isWholeLines = range.end.character === 0 && range.end.line > range.start.line;
    return `${path}, lines ${range.start.line + 1} to ${range.end.line + (isWholeLines ? 0 : 1)}`;
}
