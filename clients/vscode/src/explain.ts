/**
 * `homebody.explainSelection`: the selection, or without one the file, explained in a page beside it.
 *
 * The text streams in; closing the page or the progress's Cancel ends it.
 */

import { CancellationTokenSource, ProgressLocation, type TextEditor, window, workspace } from "vscode";
import { type LanguageClient, ProgressType } from "vscode-languageclient/node";

import type { Pages } from "./pages";
import type { ExplainArgument, Explanation } from "./protocol";
import { run, told } from "./requests";
import { baseName, sourceLines } from "./words";

let count = 0;

export async function explainSelection(
    client: LanguageClient,
    pages: Pages,
    editor: TextEditor,
): Promise<void> {
    const { document, selection } = editor;
    const name = baseName(document.uri);
    const lines = `lines ${selection.start.line + 1} to ${selection.end.line + 1}`;
    const title = `# ${selection.isEmpty ? name : `${name}, ${lines}`}\n\n`;
    const converter = client.code2ProtocolConverter;
    const token = `homebody-explain-${++count}`;
    const argument: ExplainArgument = {
        textDocument: converter.asTextDocumentIdentifier(document),
        ...(selection.isEmpty ? {} : { range: converter.asRange(selection) }),
        token,
    };

    const page = await pages.open(`Explanation of ${name}.md`, title);
    const stop = new CancellationTokenSource();
    let text = "";
    const subscriptions = [
        stop,
        client.onProgress(new ProgressType<{ text: string }>(), token, (part) => {
            text += part.text;
            page.show(title + text);
        }),
        workspace.onDidCloseTextDocument(({ uri }) => {
            if (uri.toString() === page.uri.toString()) {
                stop.cancel();
            }
        }),
    ];
    try {
        const said = await window.withProgress(
            { location: ProgressLocation.Notification, title: `Explaining ${name}`, cancellable: true },
            (_, cancelled) => {
                cancelled.onCancellationRequested(() => stop.cancel());
                return run<Explanation>(client, "homebody.explain", argument, stop.token);
            },
        );
        page.show(title + said.markdown + footer(said));
    } catch (error) {
        page.show(`${title}${text}\n\n${stop.token.isCancellationRequested ? "(stopped)" : told(error)}\n`);
    } finally {
        subscriptions.forEach((subscription) => subscription.dispose());
    }
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
