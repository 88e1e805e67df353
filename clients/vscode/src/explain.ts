/**
 * `homebody.explainSelection`: the selection, or without one the file, explained in a page beside it.
 *
 * The text streams in. Closing the page, the progress's Cancel or the next explanation ends it.
 */

import { CancellationTokenSource, type TextEditor, workspace } from "vscode";
import { type LanguageClient, ProgressType } from "vscode-languageclient/node";

import type { Pages } from "./pages";
import type { ExplainArgument, Explanation } from "./protocol";
import { runShown, told } from "./requests";
import { baseName, sourceLines } from "./words";

const COMMAND = "homebody.explain";

let count = 0;
let newest: CancellationTokenSource | undefined;

export async function explainSelection(
    client: LanguageClient,
    pages: Pages,
    editor: TextEditor,
): Promise<void> {
    newest?.cancel();
    const stop = (newest = new CancellationTokenSource());
    const name = baseName(editor.document.uri);
    const heading = `# ${name}${linesOf(editor)}\n\n`;
    const token = `homebody-explain-${++count}`;
    const argument = argumentOf(client, editor, token);
    const page = await pages.open(`Explanation of ${name}.md`, heading);
    let text = "";

    function show(all: string): void {
        text = all;
        if (newest === stop) {
            page.show(heading + text);
        }
    }

    const subscriptions = [
        stop,
        client.onProgress(new ProgressType<{ text: string }>(), token, (part) => show(text + part.text)),
        workspace.onDidCloseTextDocument(({ uri }) => {
            if (uri.toString() === page.uri.toString()) {
                stop.cancel();
            }
        }),
    ];
    try {
        const said = await runShown<Explanation>(client, COMMAND, argument, `Explaining ${name}`, stop);
        show(said.markdown + footer(said));
    } catch (error) {
        show(`${text}\n\n${stop.token.isCancellationRequested ? "(stopped)" : told(error)}\n`);
    } finally {
        subscriptions.forEach((subscription) => subscription.dispose());
    }
}

function argumentOf(client: LanguageClient, editor: TextEditor, token: string): ExplainArgument {
    const { document, selection } = editor;
    const converter = client.code2ProtocolConverter;
    const textDocument = converter.asTextDocumentIdentifier(document);
    return selection.isEmpty
        ? { textDocument, token }
        : { textDocument, token, range: converter.asRange(selection) };
}

function linesOf({ selection }: TextEditor): string {
    return selection.isEmpty ? "" : `, lines ${selection.start.line + 1} to ${selection.end.line + 1}`;
}

function footer({ usage, sources }: Explanation): string {
    const { promptTokens, outputTokens, contextLength } = usage;
    return [
        "\n\n---\n",
        `${promptTokens} tokens read, ${outputTokens} written, context length ${contextLength}. Read were:\n`,
        ...sourceLines(sources),
        "",
    ].join("\n");
}
