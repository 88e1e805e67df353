/** `homebody.showLastPrompt`: the exact text that was sent for the last answer, and its parts. */

import { type TextEditor, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { Pages } from "./pages";
import type { LastPrompt } from "./protocol";
import { run } from "./requests";
import { leftOutLines, sourceLines } from "./words";

export async function showLastPrompt(
    client: LanguageClient,
    pages: Pages,
    editor: TextEditor | undefined,
): Promise<void> {
    const converter = client.code2ProtocolConverter;
    const here = editor && { textDocument: converter.asTextDocumentIdentifier(editor.document) };
    const prompt = (here && (await ask(client, here))) ?? (await ask(client, {}));
    if (prompt === null) {
        void window.showInformationMessage("Nothing was sent to a model yet.");
        return;
    }
    await pages.open("Last prompt.txt", page(prompt));
}

function ask(client: LanguageClient, argument: object): Promise<LastPrompt | null> {
    return run<LastPrompt | null>(client, "homebody.showPrompt", argument);
}

function page({ model, promptTokens, sources, leftOut, text }: LastPrompt): string {
    const lines = [`Sent to ${model}: ${promptTokens} tokens, from`, ...sourceLines(sources)];
    if (leftOut.length > 0) {
        lines.push("", "Left out:", ...leftOutLines(leftOut));
    }
    return [...lines, "", "─".repeat(72), text].join("\n");
}
