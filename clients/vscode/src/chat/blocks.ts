/** Puts a code block of an answer into a file: at the cursor, or as a change that is shown first. */

import { type TextDocument, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { codeOf, run } from "../commands";
import { inform } from "../notify";
import type { ApplyArgument, Refactored } from "../protocol";
import { editorInView } from "./about";

/** Run a command whose result is an edit, and show what it changes. */
export type ShowEdit = (document: TextDocument, title: string, work: () => Promise<Refactored>) => Promise<unknown>;

/** Replace the selection by `text`. */
export async function insert(text: string): Promise<void> {
    const editor = editorInView();
    if (editor === undefined) {
        void inform("Put the cursor where the code belongs, then insert it again.");
        return;
    }
    const before = editor.document.version;
    await editor.edit((edit) => edit.replace(editor.selection, text));
    if (editor.document.version === before) {
        // VS Code does not report that it is read-only.
        void inform("The file in view is read-only: put the cursor where the code belongs, then insert it again.");
        return;
    }
    await window.showTextDocument(editor.document, editor.viewColumn);
}

/** Show what a block changes: it replaces the selection; without one the server finds the place by the code itself. */
export async function applyBlock(
    client: LanguageClient,
    conversationId: string,
    block: number,
    show: ShowEdit,
): Promise<void> {
    const editor = editorInView();
    if (editor === undefined) {
        void inform("Open the file that the code is for, then apply it again.");
        return;
    }
    const { document, selection } = editor;
    const { textDocument, range } = codeOf(client, editor);
    const argument: ApplyArgument = {
        conversationId,
        block,
        textDocument: { ...textDocument, version: document.version },
        ...(selection.isEmpty ? {} : { range }),
        apply: false,
    };
    await show(document, "Apply code from the answer", () => run<Refactored>(client, "homebody.apply", argument));
}
