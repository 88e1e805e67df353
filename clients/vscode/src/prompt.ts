/**
 * `homebody.showLastPrompt`: the exact text that was sent for the last answer, and its parts.
 *
 * A read-only document shows it as text: a Markdown preview would load the pictures that it names, from any
 * host.
 */

import {
    Disposable,
    EventEmitter,
    type TextDocumentContentProvider,
    type TextEditor,
    Uri,
    ViewColumn,
    window,
    workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { run } from "./commands";
import { inform } from "./notify";
import { type Line, showPage } from "./pages";
import type { LastPrompt } from "./protocol";
import { placeOf } from "./words";

const SCHEME = "homebody";
const ADDRESS = Uri.from({ scheme: SCHEME, path: "/Last prompt.txt" });

export class PromptPage implements TextDocumentContentProvider, Disposable {
    private text = "";
    private readonly changed = new EventEmitter<Uri>();
    readonly onDidChange = this.changed.event;
    private readonly subscriptions = Disposable.from(
        this.changed,
        workspace.registerTextDocumentContentProvider(SCHEME, this),
    );

    provideTextDocumentContent(): string {
        return this.text;
    }

    /** Show the last prompt beside the editor: the one for its document, or for any. */
    async show(client: LanguageClient, editor: TextEditor | undefined): Promise<void> {
        const here = editor && { textDocument: client.code2ProtocolConverter.asTextDocumentIdentifier(editor.document) };
        const prompt = (here && (await lastPrompt(client, here))) ?? (await lastPrompt(client, {}));
        if (prompt === null) {
            void inform("Nothing was sent to a model yet.");
            return;
        }
        this.text = page(prompt);
        this.changed.fire(ADDRESS);
        const document = await workspace.openTextDocument(ADDRESS);
        await window.showTextDocument(document, { viewColumn: ViewColumn.Beside, preserveFocus: true });
        if (prompt.media.length > 0) {
            showPage(
                "Pictures of the last prompt",
                prompt.media.flatMap(({ name, label, tokens, type, data }): Line[] => [
                    { kind: "title", text: `${name} (${label}, ${tokens} tokens)` },
                    ...(type.startsWith("image/") ? [{ kind: "picture", text: `data:${type};base64,${data}` } as const] : []),
                ]),
            );
        }
    }

    dispose(): void {
        this.subscriptions.dispose();
    }
}

function lastPrompt(client: LanguageClient, argument: object): Promise<LastPrompt | null> {
    return run<LastPrompt | null>(client, "homebody.showPrompt", argument);
}

function page({ model, promptTokens, sources, leftOut, text }: LastPrompt): string {
    const lines = [`Sent to ${model}: ${promptTokens} tokens, from`];
    lines.push(...sources.map((source) => `- ${placeOf(source).label} (${source.why}, ${source.tokens} tokens)`));
    if (leftOut.length > 0) {
        lines.push("", "Left out:", ...leftOut.map((part) => `- ${placeOf(part).label}: ${part.why}`));
    }
    return [...lines, "", "─".repeat(72), text].join("\n");
}
