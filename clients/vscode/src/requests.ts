/** Commands of the server: each takes one object and returns one. */

import { type CancellationToken, ProgressLocation, window } from "vscode";
import { ExecuteCommandRequest, type LanguageClient, WorkDoneProgress } from "vscode-languageclient/node";

let count = 0;

/** Run a command; if the server refuses, rejects with its message. */
export function run<Result>(client: LanguageClient, command: string, argument: object): Promise<Result> {
    return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] });
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
    const workDoneToken = `homebody-work-${++count}`;
    const params = { command, arguments: [argument], workDoneToken };
    const options = { location: ProgressLocation.Notification, title, cancellable: true };
    return window.withProgress(options, async (progress, cancelled) => {
        const subscriptions = [
            cancelled.onCancellationRequested(() => stop.cancel()),
            client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
                if (value.kind === "report" && value.message !== undefined) {
                    progress.report({ message: value.message });
                }
            }),
        ];
        try {
            return await client.sendRequest(ExecuteCommandRequest.type, params, stop.token);
        } finally {
            subscriptions.forEach((subscription) => subscription.dispose());
        }
    });
}

/** The message of an error; for an error of the server, the server's own message. */
export function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}

/** The same with a capital letter: the server's messages are written to follow `homebody:` on a command line.
*/ export function sentenceOf(error: unknown): string {
    const message = messageOf(error);
    return message.charAt(0).toUpperCase() + message.slice(1);
}
