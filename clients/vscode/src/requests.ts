/** Commands of the server's: each takes one object and answers with one. */

import type { CancellationToken } from "vscode";
import { ExecuteCommandRequest, type LanguageClient } from "vscode-languageclient/node";

/** Run a command; rejects with the server's sentence where it refuses. */
export function run<Result>(
    client: LanguageClient,
    command: string,
    argument: object,
    token?: CancellationToken,
): Promise<Result> {
    return client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [argument] }, token);
}

/** The server's own sentence about what went wrong. */
export function told(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
