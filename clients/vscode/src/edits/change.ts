/** Has the server merge a reviewed change into its document, which may have been edited since. */

import { type TextDocument, WorkspaceEdit } from "vscode";
import type { LanguageClient, TextEdit } from "vscode-languageclient/node";

import { run } from "../commands";

/** A document's text that a change is for, and the text with it. */
export interface Change {
    before: string;
    after: string;
}

/** An edit that makes a change in the text that `document` has now; if that is refused, why, in one sentence. */
export async function merged(
    client: LanguageClient,
    document: TextDocument,
    { before, after }: Change,
): Promise<WorkspaceEdit | string> {
    const textDocument = client.code2ProtocolConverter.asTextDocumentIdentifier(document);
    for (;;) {
        const { version } = document;
        const { edits, reason } = await run<{ edits?: TextEdit[]; reason: string }>(client, "homebody.merge", {
            textDocument,
            before,
            after,
        });
        if (edits === undefined) {
            return reason;
        }
        const edit = new WorkspaceEdit();
        edit.set(document.uri, await client.protocol2CodeConverter.asTextEdits(edits));
        if (document.version === version) {
            return edit;
        }
    }
}
