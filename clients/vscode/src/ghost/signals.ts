/**
 * Reports to the server where the user looks, and which suggestions they got.
 *
 * VS Code's stable API does not report what was seen, nor that a word of a suggestion was accepted. So what
 * was delivered counts as shown, and the command of a suggestion reports that it was accepted.
 */

import { Disposable, type InlineCompletionItem, type TextEditor, window, workspace } from "vscode";
import type { LanguageClient, Middleware } from "vscode-languageclient/node";

import type { DidFocus } from "../protocol";

type Running = () => LanguageClient | undefined;
type ProvideInlineCompletionItems = NonNullable<Middleware["provideInlineCompletionItems"]>;

/** Schemes of the documents that the server gets. */
export const SERVED_SCHEMES = ["file", "untitled", "vscode-notebook-cell"];

// After a shorter move, the cursor is still in the text that the model has read.
const FAR_LINES = 32;

/**
 * Send `textDocument/didFocus` when an editor becomes active, or the cursor jumps far.
 *
 * `tell` sends it for the active editor: for a server that has just started.
 */
export function watchFocus(running: Running): Disposable & { tell(): void } {
    let last: { uri: string; line: number } | undefined;

    function focus(editor: TextEditor | undefined): void {
        const client = running();
        if (client === undefined || editor === undefined || !isServed(editor)) {
            return;
        }
        const converter = client.code2ProtocolConverter;
        const position = converter.asPosition(editor.selection.active);
        const textDocument = converter.asTextDocumentIdentifier(editor.document);
        const focused: DidFocus = { textDocument, position };
        last = { uri: focused.textDocument.uri, line: position.line };
        void client.sendNotification("textDocument/didFocus", focused);
    }

    function isFar(editor: TextEditor): boolean {
        const line = editor.selection.active.line;
        return last?.uri !== editor.document.uri.toString() || Math.abs(line - last.line) >= FAR_LINES;
    }

    const subscriptions = Disposable.from(
        window.onDidChangeActiveTextEditor(focus),
        window.onDidChangeTextEditorSelection(({ textEditor }) => {
            if (textEditor === window.activeTextEditor && isFar(textEditor)) {
                focus(textEditor);
            }
        }),
    );
    return { tell: () => focus(window.activeTextEditor), dispose: () => subscriptions.dispose() };
}

/**
 * Middleware that sends `textDocument/didShowCompletion` for the first suggestion that is delivered.
 *
 * When the user types what is suggested, each key delivers the rest of it again: it counts once.
 */
export function reportShown(running: Running): ProvideInlineCompletionItems {
    let last = "";
    return async (document, position, context, token, next) => {
        const line = document.lineAt(position).text;
        const given = await next(document, position, context, token);
        const first = Array.isArray(given) ? given[0] : given?.items[0];
        if (first !== undefined && !token.isCancellationRequested) {
            const before = line.slice(0, (first.range?.start ?? position).character);
            const outcome = `${document.uri} ${position.line} ${before}${textOf(first)}`;
            if (outcome !== last) {
                last = outcome;
                const item = { insertText: textOf(first), command: first.command };
                void running()?.sendNotification("textDocument/didShowCompletion", { item });
            }
        }
        return given;
    };
}

function textOf({ insertText }: InlineCompletionItem): string {
    return typeof insertText === "string" ? insertText : insertText.value;
}

/** Whether the server has the document of an editor: another version of a file in a diff, or an output, is none. */
export function isServed({ document }: TextEditor): boolean {
    return SERVED_SCHEMES.includes(document.uri.scheme) && workspace.textDocuments.includes(document);
}
