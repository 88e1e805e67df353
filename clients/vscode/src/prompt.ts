/** `homebody.showLastPrompt`: a page with the exact text that was sent for the last answer, and its parts. */

import { type TextEditor, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { run } from "./commands";
import { inform } from "./notify";
import { type Line, showPage } from "./pages";
import type { LastPrompt } from "./protocol";
import { placeOf } from "./words";

/** Show the last prompt beside the editor: the one for its document, or for any. */
export async function showLastPrompt(client: LanguageClient, editor = window.activeTextEditor): Promise<void> {
    const prompt = (editor && (await lastPrompt(client, editor))) ?? (await lastPrompt(client));
    if (prompt === null) {
        void inform("Nothing was sent to a model yet.");
    } else {
        showPage("Last prompt", linesOf(prompt), { isBeside: true });
    }
}

function lastPrompt(client: LanguageClient, editor?: TextEditor): Promise<LastPrompt | null> {
    const textDocument = editor && client.code2ProtocolConverter.asTextDocumentIdentifier(editor.document);
    return run<LastPrompt | null>(client, "homebody.showPrompt", textDocument === undefined ? {} : { textDocument });
}

function linesOf({ model, promptTokens, sources, leftOut, media, text }: LastPrompt): Line[] {
    return [
        { kind: "head", text: `Sent to ${model}: ${promptTokens} tokens, from` },
        ...sources.map((source) => fact(`${placeOf(source).label} (${source.why}, ${source.tokens} tokens)`)),
        ...(leftOut.length === 0 ? [] : [title("Left out")]),
        ...leftOut.map((part) => fact(`${placeOf(part).label}: ${part.why}`)),
        ...media.flatMap(({ name, label, tokens, type, data }): Line[] => [
            title(`${name} (${label}, ${tokens} tokens)`),
            ...(type.startsWith("image/") ? [{ kind: "picture", text: `data:${type};base64,${data}` } as const] : []),
        ]),
        title("Text"),
        { kind: "text", text },
    ];
}

function title(text: string): Line {
    return { kind: "title", text };
}

function fact(text: string): Line {
    return { kind: "fact", text };
}
