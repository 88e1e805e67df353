/**
 * Finds programs and runs them.
 *
 * The system must not search for them: Windows looks into the current folder first, which is the workspace.
 */

import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { createInterface } from "node:readline";

import type { LogOutputChannel } from "vscode";

const isWindows = process.platform === "win32";

/** Full path of the program that `command` names, by its name or its path; `undefined` if there is none. */
export async function findProgram(command: string): Promise<string | undefined> {
    const path = command.replace(/^~(?=[\\/])/, homedir());
    for (const candidate of isAbsolute(path) ? withEndings(path) : onSearchPath(path)) {
        if (await isProgram(candidate)) {
            return candidate;
        }
    }
    return undefined;
}

/**
 * Run a program until it ends, and write its output to the log; `onLine` gets each line that it prints.
 *
 * If it fails, rejects with the last line that it printed; after `signal`, with an `AbortError` once it and all that it
 * has started have been told to end.
 */
export function runLogged(
    program: string,
    args: string[],
    log: LogOutputChannel,
    signal: AbortSignal,
    onLine: (line: string) => void = () => undefined,
): Promise<void> {
    log.info([program, ...args].join(" "));
    return new Promise((resolve, reject) => {
        if (signal.aborted) {
            reject(signal.reason);
            return;
        }
        // In a group of its own, which ends as a whole: an installer starts others.
        const child = spawn(program, args, { detached: !isWindows, stdio: ["ignore", "pipe", "pipe"] });
        signal.addEventListener("abort", () => endGroup(child.pid));
        let last = "";
        const take = (line: string): void => {
            if (line.trim() !== "") {
                log.info(line);
                last = line;
                onLine(line);
            }
        };
        for (const input of [child.stdout, child.stderr]) {
            createInterface({ input }).on("line", take);
        }
        child.on("error", reject);
        child.on("close", (code) => {
            if (signal.aborted) {
                reject(signal.reason);
            } else if (code === 0) {
                resolve();
            } else {
                reject(new Error(last || `${program} ended with ${code}`));
            }
        });
    });
}

/** The program and arguments that run a command line in the system's shell. */
export function shellCommand(line: string): [program: string, args: string[]] {
    return isWindows ? ["cmd.exe", ["/d", "/s", "/c", line]] : ["/bin/sh", ["-c", line]];
}

/** End a process and all that it has started. */
function endGroup(pid: number | undefined): void {
    if (pid === undefined) {
        return;
    }
    if (isWindows) {
        spawn("taskkill", ["/pid", String(pid), "/t", "/f"], { stdio: "ignore" });
        return;
    }
    try {
        process.kill(-pid, "SIGTERM");
    } catch {
        // It has ended already.
    }
}

function onSearchPath(name: string): string[] {
    if (/[\\/]/.test(name)) {
        return []; // a relative path would depend on the workspace
    }
    const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
    return folders.flatMap((folder) => withEndings(join(folder, name)));
}

function withEndings(path: string): string[] {
    return isWindows && !/\.exe$/i.test(path) ? [`${path}.exe`] : [path];
}

async function isProgram(path: string): Promise<boolean> {
    try {
        await access(path, constants.X_OK);
        return (await stat(path)).isFile();
    } catch {
        return false;
    }
}
