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
 * If it fails, rejects with the last line that it printed; after `signal`, with "it was cancelled." once it has ended.
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
        const child = spawn(program, args, { signal, stdio: ["ignore", "pipe", "pipe"] });
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
        // A program that is to end may still write.
        child.on("error", (error) => !signal.aborted && reject(error));
        child.on("close", (code) => {
            if (code === 0 && !signal.aborted) {
                resolve();
            } else {
                reject(new Error(signal.aborted ? "it was cancelled." : last || `${program} ended with ${code}`));
            }
        });
    });
}

function onSearchPath(name: string): string[] {
    if (/[\\/]/.test(name)) {
        return []; // a relative path would depend on the workspace
    }
    const folders = (process.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
    return folders.flatMap((folder) => withEndings(join(folder, name)));
}

function withEndings(path: string): string[] {
    return process.platform === "win32" && !/\.exe$/i.test(path) ? [`${path}.exe`] : [path];
}

async function isProgram(path: string): Promise<boolean> {
    try {
        await access(path, constants.X_OK);
        return (await stat(path)).isFile();
    } catch {
        return false;
    }
}
