/**
 * `homebody.refactorSelection`: choose what to do, or say it in your own words; the server applies it.
 *
 * The edit comes by `workspace/applyEdit` with the document's version; VS Code shows a preview first
 * where code of the user's is replaced.
 */

import { CancellationTokenSource, type QuickPickItem, type TextEditor, window } from "vscode";
import { CodeActionRequest, Command, type LanguageClient, type Range } from "vscode-languageclient/node";

import type { RefactorArgument, Refactored } from "./protocol";
import { runShown, told } from "./requests";

type Choice = QuickPickItem & { action?: string };

const OWN_WORDS: Choice = { label: "$(edit) In your own words…" };

export async function refactorSelection(client: LanguageClient, editor: TextEditor): Promise<void> {
    const { document, selection } = editor;
    const converter = client.code2ProtocolConverter;
    const range = converter.asRange(selection);
    const textDocument = { ...converter.asTextDocumentIdentifier(document), version: document.version };
    const choices = [...(await actions(client, textDocument.uri, range)), OWN_WORDS];
    const choice = await window.showQuickPick(choices, { placeHolder: "What to do with this code" });
    if (choice === undefined) {
        return;
    }
    const argument: RefactorArgument = { textDocument, range };
    if (choice.action !== undefined) {
        argument.action = choice.action;
    } else {
        const words = await window.showInputBox({ prompt: "What to change", placeHolder: "Use pathlib" });
        if (!words?.trim()) {
            return;
        }
        argument.instruction = words;
    }
    tell(await refactor(client, argument, choice.action === undefined ? "Rewriting" : choice.label));
}

async function actions(client: LanguageClient, uri: string, range: Range): Promise<Choice[]> {
    const listed = await client.sendRequest(CodeActionRequest.type, {
        textDocument: { uri },
        range,
        context: { diagnostics: [] },
    });
    return (listed ?? []).flatMap((item) => {
        const command = Command.is(item) ? item : item.command;
        const action = command?.arguments?.[0]?.action;
        return typeof action === "string" ? [{ label: item.title, action }] : [];
    });
}

async function refactor(
    client: LanguageClient,
    argument: RefactorArgument,
    title: string,
): Promise<Refactored> {
    const stop = new CancellationTokenSource();
    try {
        return await runShown<Refactored>(client, "homebody.refactor", argument, title, stop);
    } catch (error) {
        return stop.token.isCancellationRequested
            ? { status: "cancelled" }
            : { status: "refused", reason: told(error) };
    } finally {
        stop.dispose();
    }
}

function tell({ status, reason }: Refactored): void {
    if (status === "refused") {
        void window.showWarningMessage(reason ?? "Nothing was changed.");
    } else if (status === "unchanged") {
        void window.showInformationMessage("The model found nothing to change.");
    }
}
