/** Finds and starts the server, and restarts it when its command or start options change. */

import { type ChildProcess, spawn } from "node:child_process";

import { Disposable, type ExtensionContext, type Memento, commands, window, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { CopilotChoice } from "../copilot";
import { watchFocus } from "../ghost/signals";
import { GhostText } from "../ghost/text";
import { OPEN_SETTINGS, inform, offer, openSettings, showError, warn } from "../notify";
import type { StatusItem } from "../status";
import { messageOf } from "../words";
import { PrivateEnvironment } from "./environment";
import { locate } from "./locate";
import type { Actions } from "./middleware";
import type { Settings } from "./settings";

// A setting changes with each letter that is typed.
const SETTLED_MILLISECONDS = 500;
// Longest time that a server has to end by itself.
const ENDED_MILLISECONDS = 2000;
// Whether a server has run on this machine.
const WORKED = "homebody.server.worked";

export class Server implements Disposable {
    /** Path of the program that was started last. */
    command: string | undefined;
    readonly environment: PrivateEnvironment;
    readonly log = window.createOutputChannel("Homebody", { log: true });
    readonly ghost = new GhostText();
    private client: LanguageClient | undefined;
    private process: ChildProcess | undefined;
    private readonly version: string;
    private readonly memory: Memento;
    private readonly focus = watchFocus(() => this.running);
    private readonly subscriptions: Disposable;
    private startedWith = "";
    private timer: NodeJS.Timeout | undefined;
    /** The last of the starts, and of what must not happen during one. */
    private last: Promise<unknown> = Promise.resolve();

    constructor(
        context: ExtensionContext,
        private readonly settings: Settings,
        private readonly status: StatusItem,
        private readonly copilot: CopilotChoice,
        private readonly actions: Actions,
    ) {
        this.memory = context.globalState;
        this.version = context.extension.packageJSON.version;
        this.environment = new PrivateEnvironment(context, this.log);
        this.subscriptions = Disposable.from(
            this.log,
            workspace.onDidChangeConfiguration((event) => {
                if (event.affectsConfiguration("homebody") && this.startedWith !== this.startSettings()) {
                    this.startOnceSettled();
                }
            }),
            workspace.onDidGrantWorkspaceTrust(() => void this.restart()),
            this.focus,
            this.ghost,
        );
    }

    /** The client, if its server is running. */
    get running(): LanguageClient | undefined {
        return this.client?.isRunning() ? this.client : undefined;
    }

    /** Start or restart the server. Failures are shown to the user. */
    restart(): Promise<void> {
        return this.queued(() => this.startAgain());
    }

    /** The running client; without one, a message says what is wrong. */
    async need(): Promise<LanguageClient | undefined> {
        await this.queued(async () => {
            await settled(this.client);
            if (this.running === undefined) {
                await this.startAgain();
            }
        });
        return this.running;
    }

    async stop(): Promise<void> {
        const { client, process } = this;
        this.client = undefined;
        await settled(client);
        try {
            await client?.dispose();
        } catch (error) {
            // It did not end in time, or never started.
            this.log.debug(String(error));
        }
        // One that has ended is not there to be killed.
        setTimeout(() => process?.kill(), ENDED_MILLISECONDS);
    }

    /** Install the server into the extension's own environment, if the user agrees, and start it. */
    async install(): Promise<void> {
        if (!(await this.environment.mayInstall())) {
            return;
        }
        await this.queued(async () => {
            const isReplaced = this.command !== undefined && this.environment.owns(this.command);
            if (isReplaced) {
                // It reads its files until it ends.
                await this.stop();
            }
            if ((await this.environment.install()) || isReplaced) {
                await this.startAgain();
            }
        });
    }

    /** Delete the extension's own environment, and start the server that is found then; returns whether there was one. */
    remove(): Promise<boolean> {
        return this.queued(async () => {
            await this.stop();
            try {
                return await this.environment.remove();
            } finally {
                await this.startAgain();
            }
        });
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.subscriptions.dispose();
    }

    /** Stop the server at once, since it must send nothing by settings of before, and start it with the new ones. */
    private startOnceSettled(): void {
        this.status.starting();
        void this.queued(() => this.stop());
        clearTimeout(this.timer);
        this.timer = setTimeout(() => void this.need(), SETTLED_MILLISECONDS);
    }

    /** Do `work` after everything that was queued before, even if some of that failed. */
    private queued<Result>(work: () => Promise<Result>): Promise<Result> {
        const result = this.last.then(work);
        this.last = result.catch(() => undefined);
        return result;
    }

    private startSettings(): string {
        return JSON.stringify([this.settings.command, this.settings.initializationOptions()]);
    }

    private async startAgain(): Promise<void> {
        await this.stop();
        await this.start();
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
        let first: Promise<ChildProcess> | undefined = this.launch(command);
        first.catch(() => undefined);
        const { createClient } = await import("./client");
        const { settings, ghost, copilot, actions, log, status } = this;
        const client = createClient({
            launch: () => {
                const launched = first ?? this.launch(command);
                first = undefined;
                return launched;
            },
            running: () => this.running,
            isCurrent: (each) => each === this.client,
            started: (each) => this.started(each),
            starting: () => {
                setRunning(false);
                status.starting();
            },
            stopped: () => {
                setRunning(false);
                status.stopped("The server has stopped. Run \"Homebody: Restart the Server\".");
            },
            ...{ settings, ghost, copilot, actions, log, status },
        });
        this.client = client;
        try {
            await client.start();
        } catch (error) {
            this.fail(`Homebody's server (${command}) did not start: ${messageOf(error)}`);
            return;
        }
        this.compareVersions(client, command);
    }

    /** Start the server's process. */
    private launch(command: string): Promise<ChildProcess> {
        const child = spawn(command, ["lsp"]);
        this.process = child;
        return new Promise((resolve, reject) => {
            child.once("spawn", () => resolve(child));
            child.once("error", reject);
        });
    }

    private started(client: LanguageClient): void {
        setRunning(true);
        void this.memory.update(WORKED, true);
        // The client opens the documents after this state, and before the start is complete.
        void client.start().then(
            () => this.ready(),
            () => undefined,
        );
    }

    private ready(): void {
        this.focus.tell();
        if (!this.copilot.isOpen) {
            this.ghost.ready();
        }
    }

    /** Report a server of another version, and what to do. */
    private compareVersions(client: LanguageClient, command: string): void {
        const theirs = client.initializeResult?.serverInfo?.version;
        if (theirs === undefined || minor(theirs) === minor(this.version)) {
            return;
        }
        const isOlder = theirs.localeCompare(this.version, "en", { numeric: true }) < 0;
        const outdated = isOlder ? "server" : "extension";
        const sentence =
            `This extension is Homebody ${this.version}, the server (${command}) is ${theirs}: ` +
            `update the ${outdated}, or some commands will not work.`;
        this.log.warn(sentence);
        const install = { "Install Matching Server": () => this.install() };
        // Do not wait: the server can be used meanwhile.
        void offer(warn, sentence, {
            ...(outdated === "server" ? install : {}),
            "Show Log": () => this.log.show(),
        });
    }

    private fail(message: string): void {
        this.log.error(message);
        this.status.stopped(message, this.memory.get<boolean>(WORKED) ? "Error" : "Warning");
        setRunning(false);
        const isBroken = this.command !== undefined && this.environment.owns(this.command);
        // On a machine where nothing has worked yet, nothing has failed: something is missing.
        void offer(this.memory.get<boolean>(WORKED) ? showError : inform, message, {
            [isBroken ? "Repair" : "Install"]: () => this.install(),
            ...(this.command === undefined
                ? { [OPEN_SETTINGS]: () => openSettings("homebody.server.command") }
                : { "Show Log": () => this.log.show() }),
            "Try Again": () => this.restart(),
        });
    }
}

function setRunning(isRunning: boolean): void {
    void commands.executeCommand("setContext", "homebody.isRunning", isRunning);
}

/** A version without its last number: versions that differ in that one alone fit together. */
function minor(version: string): string {
    return version.split(".").slice(0, 2).join(".");
}

/**
 * Wait for a start in progress, also one after a crash: a client that is disposed of meanwhile registers its commands
 * afterwards, and the next client cannot.
 */
async function settled(client: LanguageClient | undefined): Promise<void> {
    if (client?.needsStop()) {
        await client.start().catch(() => undefined);
    }
}
