/**
 * What the chat needs from editors: the code that a question is about, and where to put code of an answer.
 */

import { type CancellationTokenSource, type TextEditor, window, workspace } from "vscode";
import { ExecuteCommandRequest, type LanguageClient, type Range as LspRange } from "vscode-languageclient/node";

import type { StreamPart } from "../protocol";
import { baseName } from "../words";

let works = 0;

export function readNote({ tokens, of, secondsLeft }: NonNullable<StreamPart["reading"]>): string {
    const seconds = secondsLeft === null ? "" : `, ${Math.ceil(secondsLeft)} s left`;
    return `Reading: ${tokens.toLocaleString("en")} of ${of.toLocaleString("en")} tokens${seconds}`;
}

export function sent<Result>(
    client: LanguageClient,
    command: string,
    argument: object,
    stop: CancellationTokenSource,
): Promise<Result> {
    // With this token, the server shows no progress bar in addition to the chat.
    const workDoneToken = `homebody-chat-work-${++works}`;
    const params = { command, arguments: [argument], workDoneToken };
    return client.sendRequest(ExecuteCommandRequest.type, params, stop.token);
}

export function codeOf(client: LanguageClient, { document, selection }: TextEditor): { textDocument: { uri: string }; range: LspRange } {
    const converter = client.code2ProtocolConverter;
    return { textDocument: converter.asTextDocumentIdentifier(document), range: converter.asRange(selection) };
}

export function placeOf({ document, selection }: TextEditor): string {
    const name = baseName(document.uri);
    if (selection.isEmpty) {
        return `${name}:${selection.start.line + 1}`;
    }
    // A selection that ends at the start of a line does not include that line.
    const last = selection.end.character === 0 ? selection.end.line : selection.end.line + 1;
    const first = selection.start.line + 1;
    return first >= last ? `${name}:${first}` : `${name}:${first}-${last}`;
}

export async function insert(text: string): Promise<void> {
    const editor = window.activeTextEditor ?? window.visibleTextEditors.find(isServed);
    if (editor === undefined) {
        void window.showInformationMessage("Put the cursor where the code belongs, then insert it again.");
        return;
    }
    await editor.edit((edit) => edit.replace(editor.selection, text));
    await window.showTextDocument(editor.document, editor.viewColumn);
}

export function isServed({ document }: TextEditor): boolean {
    return workspace.textDocuments.includes(document) && ["file", "untitled", "vscode-remote"].includes(document.uri.scheme);
}

/** The editor that questions are about. */
export function editorInView(): TextEditor | undefined {
    const editor = window.activeTextEditor ?? window.visibleTextEditors[0];
    return editor !== undefined && isServed(editor) ? editor : undefined;
}
