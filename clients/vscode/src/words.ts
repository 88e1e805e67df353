/** Texts for messages, pages and the chat: names of files and lines, errors, and parts of a prompt. */

import { type NotebookCell, type TextDocument, Uri, extensions, workspace } from "vscode";
import type { Range } from "vscode-languageclient/node";

import type { Place } from "./chat/messages";
import type { LeftOut, Source } from "./protocol";

export function baseName(uri: Uri): string {
    return uri.path.slice(uri.path.lastIndexOf("/") + 1);
}

/** The cell whose text a document is. */
export function cellOf(document: TextDocument): NotebookCell | undefined {
    const cells = workspace.notebookDocuments.flatMap((notebook) => notebook.getCells());
    return cells.find((cell) => cell.document === document);
}

/** The name of a document's file, or of its notebook and the cell. */
export function nameOf(document: TextDocument): string {
    const cell = cellOf(document);
    return `${baseName(document.uri)}${cell === undefined ? "" : `, cell ${cell.index + 1}`}`;
}

/** The name of a language for the user, from the extension that defines it. */
export function languageName(id: string): string {
    const defined = extensions.all.flatMap(({ packageJSON }) => packageJSON.contributes?.languages ?? []);
    return defined.find(({ id: other, aliases = [] }) => other === id && aliases.length > 0)?.aliases[0] ?? id;
}

/** The last line of a range, from 0; a range that ends at the start of a line does not include that line. */
export function lastLine({ start, end }: Range): number {
    return end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
}

/** What is no file: by the beginning of the path of its address. */
const NO_FILES: Record<string, string> = { pasted: "attached text", conversation: "this conversation" };

/** A part of a file that went into a prompt or was left out, for the user. */
export function placeOf({ uri, range, why }: Source | LeftOut): Place {
    const parsed = Uri.parse(uri);
    const path = workspace.asRelativePath(parsed);
    const line = range.start.line;
    const endLine = lastLine(range);
    if (parsed.scheme === "homebody") {
        return { uri: "", label: NO_FILES[parsed.path.split("/")[0] ?? ""] ?? path, line, endLine, why };
    }
    if (range.end.line === 0 && range.end.character === 0) {
        return { uri, label: `${path} (${why})`, line, endLine, why }; // a picture has no lines
    }
    const lines = line === endLine ? `line ${line + 1}` : `lines ${line + 1} to ${endLine + 1}`;
    return { uri, label: `${path}, ${lines}`, line, endLine, why };
}

/** The message of an error; for an error of the server, the server's own message. */
export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/** Whether the user cancelled what failed with this error. */
export function isCancelled(error: unknown): boolean {
    return error instanceof Error && error.name === "AbortError";
}

/**
 * The same with a capital letter, unless it begins with the name of a file: the server's messages are written to follow
 * `homebody:` on a command line.
 */
export function sentenceOf(error: unknown): string {
    return messageOf(error).replace(/^\p{Ll}(?=[\p{L}'-]*\s)/u, (letter) => letter.toUpperCase());
}
