/**
 * The server's life: find it, start it, start it again when what it was started with changes.
 *
 * A server that crashes is started again by the language client itself, up to five times in three minutes.
 * Ghost text, code actions and the edits of the server are the language client's as well.
 */

import {
    type Disposable,
    type ExtensionContext,
    type LogOutputChannel,
    commands,
    window,
    workspace,
} from "vscode";
import {
    LanguageClient,
    type Middleware,
    RevealOutputChannelOn,
    State,
    TransportKind,
} from "vscode-languageclient/node";

import { findCommand } from "./command";
import type { ServerStatus } from "./protocol";
import type { Settings } from "./settings";
import { reportShown, watchFocus } from "./signals";
import type { StatusItem } from "./status";

// Settings are typed letter by letter.
const SETTLED_MILLISECONDS = 500;

export class Server implements Disposable {
    client: LanguageClient | undefined;
    private readonly disposables: Disposable[] = [];
    private readonly log: LogOutputChannel;
    private readonly focus = watchFocus(() => this.running);
    private startedWith = "";
    private timer: NodeJS.Timeout | undefined;
    /** Starts and stops, one after the other. */
    private queue = Promise.resolve();

    constructor(
        context: ExtensionContext,
        private readonly settings: Settings,
        private readonly status: StatusItem,
    ) {
        this.log = window.createOutputChannel("Homebody", { log: true });
        this.disposables.push(
            this.log,
            workspace.onDidChangeConfiguration((event) => {
                if (event.affectsConfiguration("homebody")) {
                    clearTimeout(this.timer);
                    this.timer = setTimeout(() => this.restartIfNeeded(), SETTLED_MILLISECONDS);
                }
            }),
            this.focus,
        );
        context.subscriptions.push(this);
    }

    /** The client, if its server answers. */
    get running(): LanguageClient | undefined {
        return this.client?.isRunning() ? this.client : undefined;
    }

    /** Start the server, or end it and start it again. Failures are told to the user. */
    restart(): Promise<void> {
        this.queue = this.queue.then(async () => {
            await this.stop();
            await this.start();
        });
        return this.queue;
    }

    /** The running client; without one the user is told what is wrong. */
    async need(): Promise<LanguageClient | undefined> {
        await this.queue;
        if (this.running === undefined) {
            await this.restart();
        }
        return this.running;
    }

    showLog(): void {
        this.log.show();
    }

    async stop(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        try {
            await client?.dispose();
        } catch (error) {
            // It did not end in time, or never began; its process ends with its input.
            this.log.debug(String(error));
        }
    }

    dispose(): void {
        clearTimeout(this.timer);
        for (const disposable of this.disposables) {
            disposable.dispose();
        }
    }

    private restartIfNeeded(): void {
        if (this.startedWith !== this.startSettings()) {
            void this.restart();
        }
    }

    private startSettings(): string {
        return JSON.stringify([this.settings.command, this.settings.initializationOptions()]);
    }

    private async start(): Promise<void> {
        this.startedWith = this.startSettings();
        this.status.starting();
        const name = this.settings.command;
        const command = await findCommand(name);
        if (command === undefined) {
            this.fail(
                `Homebody's server was not found: there is no program "${name}". ` +
                    "Install it, or set its full path in the setting homebody.server.command.",
            );
            return;
        }
        this.log.info(`starting ${command} lsp`);
        const client = new LanguageClient(
            "homebody",
            "Homebody",
            { command, args: ["lsp"], transport: TransportKind.stdio },
            {
                documentSelector: [
                    { scheme: "file" },
                    { scheme: "untitled" },
                    { scheme: "vscode-notebook-cell" },
                ],
                initializationOptions: () => this.settings.initializationOptions(),
                outputChannel: this.log,
                revealOutputChannelOn: RevealOutputChannelOn.Never,
                initializationFailedHandler: () => false,
                middleware: this.middleware(),
            },
        );
        this.client = client;
        client.onNotification("homebody/didChangeStatus", (status: ServerStatus) => this.status.show(status));
        client.onDidChangeState(({ newState }) => this.follow(client, newState));
        try {
            await client.start();
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            this.fail(`Homebody's server (${command}) did not start: ${reason}`);
        }
    }

    private middleware(): Middleware {
        return {
            provideInlineCompletionItems: reportShown(() => this.running),
            workspace: {
                configuration: ({ items }) => items.map(({ section }) => this.settings.section(section)),
                // The server asks for the settings then; the client would send VS Code's defaults along.
                didChangeConfiguration: async () => {
                    const settings = null;
                    await this.running?.sendNotification("workspace/didChangeConfiguration", { settings });
                },
            },
        };
    }

    private follow(client: LanguageClient, state: State): void {
        if (client !== this.client) {
            return;
        }
        void commands.executeCommand("setContext", "homebody.isRunning", state === State.Running);
        if (state === State.Running) {
            // The documents are told of after this state, and before the start is done.
            void client.start().then(() => this.focus.tell(), () => undefined);
        } else if (state === State.Starting) {
            this.status.starting();
        } else if (state === State.Stopped || state === State.StartFailed) {
            this.status.stopped("The server has stopped.");
        }
    }

    private fail(message: string): void {
        this.log.error(message);
        this.status.stopped(message);
        void this.offerHelp(message);
    }

    private async offerHelp(message: string): Promise<void> {
        const answer = await window.showErrorMessage(message, "Open Setting", "Show Log", "Try Again");
        if (answer === "Open Setting") {
            await commands.executeCommand("workbench.action.openSettings", "homebody.server.command");
        } else if (answer === "Show Log") {
            this.showLog();
        } else if (answer === "Try Again") {
            await this.restart();
        }
    }
}
