/**
 * The language client of one program: it runs the server, restarts it after a crash, up to five times in three minutes,
 * and provides ghost text and code actions.
 *
 * It is most of this extension's code, so this module is loaded while the server's process starts.
 */

import type { ChildProcess } from "node:child_process";

import type { LogOutputChannel } from "vscode";
import { CloseAction, ErrorAction, LanguageClient, RevealOutputChannelOn, State } from "vscode-languageclient/node";

import { SERVED_SCHEMES } from "../ghost/signals";
import type { Found, ServerStatus } from "../protocol";
import type { StatusItem } from "../status";
import { type Parts, middleware } from "./middleware";
import { attachNotices } from "./notices";

export interface Needs extends Parts {
    /** Start the server's process. */
    launch(): Promise<ChildProcess>;
    /** The client whose server is running. */
    running(): LanguageClient | undefined;
    /** Whether a client is still the one in use. */
    isCurrent(client: LanguageClient): boolean;
    log: LogOutputChannel;
    status: StatusItem;
    /** The server runs; its documents are opened next. */
    started(client: LanguageClient): void;
    starting(): void;
    stopped(): void;
}

export function createClient(needs: Needs): LanguageClient {
    const client: LanguageClient = new LanguageClient("homebody", "Homebody", needs.launch, {
        documentSelector: SERVED_SCHEMES.map((scheme) => ({ scheme })),
        initializationOptions: () => needs.settings.initializationOptions(),
        outputChannel: needs.log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        initializationFailedHandler: () => false,
        errorHandler: {
            // A process that has just ended takes no more keys; after four the client would give it up. The end itself
            // comes as `closed`.
            error: () => ({ action: ErrorAction.Continue, handled: true }),
            closed: () =>
                needs.isCurrent(client) ? restarts.closed() : { action: CloseAction.DoNotRestart, handled: true },
        },
        middleware: middleware(needs.running, needs),
    });
    const restarts = client.createDefaultErrorHandler();
    client.onNotification("homebody/didChangeStatus", (status: ServerStatus) => needs.status.show(status));
    client.onNotification("homebody/didFindSuggestion", (place: Found) => needs.ghost.found(place));
    client.onDidChangeState(({ newState }) => {
        if (!needs.isCurrent(client)) {
            return;
        }
        if (newState === State.Running) {
            attachNotices(client, needs.status, needs.log);
            needs.started(client);
        } else if (newState === State.Starting) {
            needs.starting();
        } else if (newState === State.Stopped || newState === State.StartFailed) {
            needs.stopped();
        }
    });
    return client;
}
