/** Commands of the server's: each takes one object and answers with one. */

import { type CancellationToken, ProgressLocation, window } from "vscode";
import { ExecuteCommandRequest, type LanguageClient, WorkDoneProgress } from "vscode-languageclient/node";

let count = 0;

/** Run a command; rejects with the server's sentence where it refuses. */
export function run<Result>(client: LanguageClient, command: string, argument: object): Promise<Result> {
    return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] });
}

/**
 * Run a command that asks the model, with a notification that says how far it is and has a Cancel.
 *
 * `stop` is told of the Cancel, and cancels the request whoever cancelled it.
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

/** The server's own sentence about what went wrong. */
export function told(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
