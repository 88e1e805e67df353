/**
 * A private Python environment for the server, made only when the user agrees.
 *
 * The extension contains the server's wheel. The packages that it needs come from a folder `wheels` beside
 * it, if that exists; else from the package index that the user's own pip settings name. The question
 * mentions this, since it uses the network.
 */

import { execFile } from "node:child_process";
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import type { ExtensionContext, LogOutputChannel } from "vscode";

import { agrees, inNotification, showFailure } from "../notify";
import { isCancelled, messageOf } from "../words";
import { findProgram, runLogged } from "./program";

const isWindows = process.platform === "win32";
const OLDEST = [3, 11] as const;

export class PrivateEnvironment {
    private readonly folder: string;
    private readonly bundled: string;

    constructor(
        context: ExtensionContext,
        private readonly log: LogOutputChannel,
    ) {
        this.folder = join(context.globalStorageUri.fsPath, "server");
        this.bundled = join(context.extensionUri.fsPath, "wheels");
    }

    /** Path of its `homebody`; `undefined` if it does not exist. */
    async command(): Promise<string | undefined> {
        const program = this.program("homebody");
        return (await exists(program)) ? program : undefined;
    }

    /** Whether a program is the one of this environment. */
    owns(program: string): boolean {
        return program === this.program("homebody");
    }

    /** Ask whether to create or replace it. */
    async mayInstall(): Promise<boolean> {
        const detail =
            (await this.wheels()).length > 1
                ? "Everything it needs comes with the extension; nothing is downloaded."
                : "What it needs (about 60 MB) is downloaded from your Python package index. Your code is not sent anywhere.";
        const question = (await exists(this.folder))
            ? "Install Homebody's server into its private Python environment again?"
            : "Homebody's server is not installed. Install it into a private Python environment?";
        return agrees(question, detail, "Install");
    }

    /** Create or replace it; returns whether that was done. Failures are shown. */
    async install(): Promise<boolean> {
        const wheels = await this.wheels();
        const own = wheels.find((name) => /^homebody-.*\.whl$/.test(name));
        try {
            await this.make(own === undefined ? "homebody" : join(this.bundled, own), wheels.length > 1);
            return true;
        } catch (error) {
            if (!isCancelled(error)) {
                const reason = messageOf(error);
                this.log.error(reason);
                void showFailure(`The server could not be installed: ${reason}`, this.log);
            }
            return false;
        }
    }

    /** Delete it; returns whether there was one. */
    async remove(): Promise<boolean> {
        const had = await exists(this.folder);
        await rm(this.folder, { recursive: true, force: true });
        return had;
    }

    private async make(wheel: string, isOffline: boolean): Promise<void> {
        const python = await findPython();
        await inNotification("Installing Homebody's server", async (report, signal) => {
            // An incomplete environment is useless.
            await this.remove();
            report("making the environment");
            await runLogged(python, ["-m", "venv", this.folder], this.log, signal);
            report(isOffline ? "unpacking" : "downloading");
            const source = isOffline ? ["--no-index", "--find-links", this.bundled] : [];
            const install = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", ...source, wheel];
            try {
                await runLogged(this.program("python"), install, this.log, signal);
            } catch (error) {
                await this.remove();
                throw error;
            }
        });
    }

    private program(name: string): string {
        return isWindows ? join(this.folder, "Scripts", `${name}.exe`) : join(this.folder, "bin", name);
    }

    private async wheels(): Promise<string[]> {
        const names = await readdir(this.bundled).catch(() => []);
        return names.filter((name) => name.endsWith(".whl"));
    }
}

/** A Python that is new enough. If there is none, rejects with what to install. */
async function findPython(): Promise<string> {
    for (const name of isWindows ? ["python"] : ["python3", "python3.14", "python3.13", "python3.12", "python3.11"]) {
        const python = await findProgram(name);
        const version = python && (await versionOf(python));
        if (python && version && (version[0] > OLDEST[0] || (version[0] === OLDEST[0] && version[1] >= OLDEST[1]))) {
            return python;
        }
    }
    throw new Error(`there is no Python ${OLDEST.join(".")} or newer on the PATH; install one and try again.`);
}

async function versionOf(python: string): Promise<[number, number] | undefined> {
    try {
        const script = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])";
        const { stdout } = await promisify(execFile)(python, ["-I", "-c", script], { timeout: 10_000 });
        const [major, minor] = stdout.trim().split(" ").map(Number);
        return [major ?? 0, minor ?? 0];
    } catch {
        return undefined;
    }
}

async function exists(path: string): Promise<boolean> {
    return (await stat(path).catch(() => undefined)) !== undefined;
}
