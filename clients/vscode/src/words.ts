/** Texts for pages and the chat: names of files, what went into a prompt, and what was left out. */

import { Uri, workspace } from "vscode";
import type { Range } from "vscode-languageclient/node";

import type { Place } from "./chat/messages";
import type { LeftOut, Source } from "./protocol";

export function baseName(uri: Uri): string {
    return uri.path.slice(uri.path.lastIndexOf("/") + 1);
}

export function sourcePlaces(sources: Source[]): Place[] {
    return sources.map((source) => ({ ...place(source), tokens: source.tokens }));
}

export function leftOutPlaces(leftOut: LeftOut[]): Place[] {
    return leftOut.map(place);
}

export function sourceLines(sources: Source[]): string[] {
    return sourcePlaces(sources).map(({ label, why, tokens }) => `- ${label} (${why}, ${tokens} tokens)`);
}

export function leftOutLines(leftOut: LeftOut[]): string[] {
    return leftOutPlaces(leftOut).map(({ label, why }) => `- ${label}: ${why}`);
}

function place({ uri, range, why }: { uri: string; range: Range; why: string }): Place {
    const path = workspace.asRelativePath(Uri.parse(uri));
    // A range that ends at the start of a line does not include that line.
    const isWholeLines = range.end.character === 0 && range.end.line > range.start.line;
    const line = range.start.line;
    const endLine = range.end.line - (isWholeLines ? 1 : 0);
    return { uri, label: `${path}, lines ${line + 1} to ${endLine + 1}`, line, endLine, why };
}
