/**
 * Finds and starts the server, and restarts it when its command or start options change.
 *
 * The language client itself restarts a server that crashes, up to five times in three minutes.
 * It also provides ghost text and code actions.
 */

import {
    type Disposable,
    type ExtensionContext,
    InlineCompletionTriggerKind,
    type LogOutputChannel,
    commands,
    env,
    window,
    workspace,
} from "vscode";
import {
    ErrorAction,
    LanguageClient,
    type Middleware,
    RevealOutputChannelOn,
    State,
    TransportKind,
} from "vscode-languageclient/node";

import { PrivateEnvironment } from "./environment";
import { GhostText } from "./ghost/text";
import { locate } from "./locate";
import { Notices } from "./notices";
import type { RefactorArgument, ServerStatus } from "./protocol";
import type { Settings } from "./settings";
import { reportShown, watchFocus } from "./signals";
import type { StatusItem } from "./status";

// A setting changes with each letter that is typed.
const SETTLED_MILLISECONDS = 500;

/** Runs the refactoring of a code action. */
export type RunRefactoring = (client: LanguageClient, argument: RefactorArgument) => Promise<void>;

export class Server implements Disposable {
    client: LanguageClient | undefined;
    /** Path of the program that was started last. */
    command: string | undefined;
    /** Set by the module that shows refactorings. */
    onRefactoring: RunRefactoring | undefined;
    /** Whether suggestions come on request only; overrides the settings. */
    isHeldBack: () => boolean = () => false;
    readonly environment: PrivateEnvironment;
    private readonly disposables: Disposable[] = [];
    readonly log: LogOutputChannel;
    private readonly notices: Notices;
    private readonly focus = watchFocus(() => this.running);
    readonly ghost = new GhostText();
    private readonly version: string;
    private startedWith = "";
    private timer: NodeJS.Timeout | undefined;
    /** Queue of starts and stops: one at a time. */
    private queue = Promise.resolve();

    constructor(
        context: ExtensionContext,
        private readonly settings: Settings,
        private readonly status: StatusItem,
    ) {
        this.log = window.createOutputChannel("Homebody", { log: true });
        this.version = context.extension.packageJSON.version;
        this.environment = new PrivateEnvironment(context, this.log);
        this.notices = new Notices(
            () => this.status.current,
            () => this.showLog(),
        );
        this.disposables.push(
            this.log,
            this.notices,
            workspace.onDidChangeConfiguration((event) => {
                if (event.affectsConfiguration("homebody")) {
                    clearTimeout(this.timer);
                    this.timer = setTimeout(() => this.restartIfNeeded(), SETTLED_MILLISECONDS);
                }
            }),
            workspace.onDidGrantWorkspaceTrust(() => void this.restart()),
            this.focus,
            this.ghost,
        );
        context.subscriptions.push(this);
    }

    /** The client, if its server is running. */
    get running(): LanguageClient | undefined {
        return this.client?.isRunning() ? this.client : undefined;
    }

    /** Start or restart the server. Failures are shown to the user. */
    restart(): Promise<void> {
        this.queue = this.queue.then(async () => {
            await this.stop();
            await this.start();
        });
        return this.queue;
    }

    /** The running client; without one, a message says what is wrong. */
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
            // It did not end in time, or never started; its process ends when its input closes.
            this.log.debug(String(error));
        }
    }

    /** Install the server into the extension's own environment, if the user agrees, and start it. */
    async install(): Promise<void> {
        if ((await this.environment.offer()) !== undefined) {
            await this.restart();
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
        const located = await locate(this.settings, this.environment);
        this.command = located?.command;
        if (located === undefined) {
            this.fail(
                `Homebody's server was not found: there is no program "${this.settings.command}". ` +
                    "Install it, or set its full path in the setting homebody.server.command.",
            );
            return;
        }
        const { command, where } = located;
        this.log.info(`starting ${command} lsp, found by ${where}`);
        const client: LanguageClient = new LanguageClient(
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
                errorHandler: {
                    // A process that has just ended takes no more keys; after four the client would give it up. The
                    // end itself comes as `closed`.
                    error: () => ({ action: ErrorAction.Continue, handled: true }),
                    closed: () => restarts.closed(),
                },
                middleware: this.middleware(),
            },
        );
        const restarts = client.createDefaultErrorHandler();
        this.client = client;
        client.onNotification("homebody/didChangeStatus", (status: ServerStatus) => this.status.show(status));
        client.onDidChangeState(({ newState }) => this.follow(client, newState));
        try {
            await client.start();
        } catch (error) {
            const reason = error instanceof Error ? error.message : String(error);
            this.fail(`Homebody's server (${command}) did not start: ${reason}`);
            return;
        }
        await this.compareVersions(client, command);
    }

    private middleware(): Middleware {
        const report = reportShown(() => this.running);
        return {
            provideInlineCompletionItems: (document, position, context, token, next) =>
                this.isHeldBack() && context.triggerKind === InlineCompletionTriggerKind.Automatic
                    ? []
                    : report(document, position, context, token, (...asked) => this.ghost.suggest(...asked, next)),
            provideCompletionItem: (document, position, context, token, next) => {
                this.ghost.menuOpens(document, position);
                return next(document, position, context, token);
            },
            // What the lightbulb offers is shown before it is applied; see edits/refactor.ts.
            executeCommand: (command, args, next) => {
                if (command === "homebody.acceptCompletion") {
                    // For the walkthrough.
                    void commands.executeCommand("setContext", "homebody.hasAccepted", true);
                }
                const running = this.running;
                return command === "homebody.refactor" && running !== undefined && this.onRefactoring !== undefined
                    ? this.onRefactoring(running, args[0])
                    : next(command, args);
            },
            workspace: {
                configuration: ({ items }) =>
                    items.map(({ section, scopeUri }) => this.settings.section(section, scopeUri)),
                // The server requests the settings then; the client would include VS Code's defaults.
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
            this.notices.attach(client);
            // The client opens the documents after this state, and before the start is complete.
            void client.start().then(
                () => this.focus.tell(),
                () => undefined,
            );
        } else if (state === State.Starting) {
            this.status.starting();
        } else if (state === State.Stopped || state === State.StartFailed) {
            this.status.stopped("The server has stopped.");
        }
    }

    /** Report a server of another version, and what to do. */
    private async compareVersions(client: LanguageClient, command: string): Promise<void> {
        const theirs = client.initializeResult?.serverInfo?.version;
        if (theirs === undefined || minor(theirs) === minor(this.version)) {
            return;
        }
        const older = isOlder(theirs, this.version) ? "server" : "extension";
        const sentence =
            `This extension is Homebody ${this.version}, the server (${command}) is ${theirs}: ` +
            `update the ${older}, or some commands will not work.`;
        this.log.warn(sentence);
        const choices = older === "server" ? ["Install Matching Server", "Show Log"] : ["Show Log"];
        // Do not wait: the server can be used meanwhile.
        void window.showWarningMessage(sentence, ...choices).then((answer) => {
            if (answer === "Install Matching Server") {
                void this.install();
            } else if (answer === "Show Log") {
                this.showLog();
            }
        });
    }

    private fail(message: string): void {
        this.log.error(message);
        this.status.stopped(message);
        void this.offerHelp(message);
    }

    private async offerHelp(message: string): Promise<void> {
        const isBroken = this.command !== undefined && this.environment.owns(this.command);
        const install = isBroken ? "Repair" : "Install";
        const answer = await window.showErrorMessage(message, install, "Open Setting", "Show Log", "Try Again");
        if (answer === install) {
            await this.install();
        } else if (answer === "Open Setting") {
            await openServerSetting();
        } else if (answer === "Show Log") {
            this.showLog();
        } else if (answer === "Try Again") {
            await this.restart();
        }
    }
}

/** Open the setting where it counts: its scope is the machine, so in a remote window that is the remote one. */
export async function openServerSetting(): Promise<void> {
    const scope = env.remoteName === undefined ? "User" : "Remote";
    const open = `workbench.action.open${scope === "User" ? "" : "Remote"}Settings`;
    await commands.executeCommand(open, { query: "homebody.server.command" });
}

function minor(version: string): string {
    return version.split(".").slice(0, 2).join(".");
}

function isOlder(one: string, other: string): boolean {
    const [a = 0, b = 0] = one.split(".").map(Number);
    const [c = 0, d = 0] = other.split(".").map(Number);
    return a < c || (a === c && b < d);
}
