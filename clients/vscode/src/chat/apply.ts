/** Applies a code block of an answer to the open file: the server turns it into an edit, which is shown
first. */

import { type TextEditor, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { ApplyArgument, Refactored } from "../protocol";
import { run } from "../requests";
import { isServed } from "./code";

/** Run a command whose result is an edit, and show what it changes. */
export type ShowEdit = (editor: TextEditor, title: string, work: () => Promise<Refactored>) => Promise<void>;

export async function applyBlock(
    client: LanguageClient,
    conversationId: string,
    block: number,
    show: ShowEdit,
): Promise<void> {
    const editor = window.activeTextEditor ?? window.visibleTextEditors.find(isServed);
    if (editor === undefined) {
        void window.showInformationMessage("Open the file that the code is for, then apply it again.");
        return;
    }
    const argument = argumentOf(client, editor, conversationId, block);
    await show(editor, "Apply code from the answer", () => run<Refactored>(client, "homebody.apply", argument));
}

/** The block replaces the selection; without one the server finds the place by the code itself. */
function argumentOf(
    client: LanguageClient,
    { document, selection }: TextEditor,
    conversationId: string,
    block: number,
): ApplyArgument {
    const converter = client.code2ProtocolConverter;
    const textDocument = { ...converter.asTextDocumentIdentifier(document), version: document.version };
    const argument: ApplyArgument = { conversationId, block, textDocument, apply: false };
    return selection.isEmpty ? argument : { ...argument, range: converter.asRange(selection) };
}
