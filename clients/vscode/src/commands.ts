/** Commands of the server: each takes one object and returns one. */

import type { CancellationToken, Disposable, TextEditor } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { inNotification } from "./notify";
import type { Code, StreamPart } from "./protocol";

export const EXECUTE = "workspace/executeCommand";

const ENDED = "The server stopped before the answer was complete. It is started again: try again.";

let count = 0;

/** Run a command; if the server refuses or ends, rejects with one sentence. */
export function run<Result>(client: LanguageClient, command: string, argument: object): Promise<Result> {
    return send(client, { command, arguments: [argument] });
}

/** Run a command that asks the model, until `stop`; its progress is not shown, only reported on `workDoneToken`. */
export function runStoppable<Result>(
    client: LanguageClient,
    command: string,
    argument: object,
    stop: CancellationToken,
    workDoneToken = newToken(),
): Promise<Result> {
    // Without a token, the server would show a progress bar of its own.
    return send(client, { command, arguments: [argument], workDoneToken }, stop);
}

/**
 * Run a command that asks the model, with a notification that shows its progress and a Cancel button.
 *
 * The button cancels `stop`, and `stop` cancels the request.
 */
export async function runShown<Result>(
    client: LanguageClient,
    command: string,
    argument: object,
    title: string,
    stop: { token: CancellationToken; cancel(): void },
): Promise<Result> {
    const workDoneToken = newToken();
    return inNotification(title, async (report, signal) => {
        const { WorkDoneProgress } = await import("vscode-languageclient/node");
        signal.addEventListener("abort", () => stop.cancel());
        const subscription = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
            if (value.kind === "report" && value.message !== undefined) {
                report(value.message);
            }
        });
        try {
            return await runStoppable<Result>(client, command, argument, stop.token, workDoneToken);
        } finally {
            subscription.dispose();
        }
    });
}

/** Pass on what a command streams, to which the token is given. */
export async function stream(
    client: LanguageClient,
    take: (part: StreamPart) => void,
): Promise<Disposable & { token: string }> {
    const { ProgressType } = await import("vscode-languageclient/node");
    const token = newToken();
    const subscription = client.onProgress(new ProgressType<StreamPart>(), token, take);
    return { token, dispose: () => subscription.dispose() };
}

/** The code that a command is about: the selection, or the cursor as an empty range. */
export function codeOf(client: LanguageClient, { document, selection }: Pick<TextEditor, "document" | "selection">): Code {
    const converter = client.code2ProtocolConverter;
    return { textDocument: converter.asTextDocumentIdentifier(document), range: converter.asRange(selection) };
}

async function send<Result>(client: LanguageClient, params: object, stop?: CancellationToken): Promise<Result> {
    try {
        // It would send `undefined` as a second parameter.
        return await (stop === undefined ? client.sendRequest(EXECUTE, params) : client.sendRequest(EXECUTE, params, stop));
    } catch (error) {
        const { ConnectionError, ErrorCodes, ResponseError } = await import("vscode-languageclient/node");
        const ends: number[] = [ErrorCodes.PendingResponseRejected, ErrorCodes.ConnectionInactive];
        const hasEnded = error instanceof ConnectionError || (error instanceof ResponseError && ends.includes(error.code));
        throw hasEnded ? new Error(ENDED) : error;
    }
}

function newToken(): string {
    return `homebody-work-${++count}`;
}
