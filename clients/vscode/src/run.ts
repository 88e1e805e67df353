/** Runs a program until it ends, and writes its output to the log. */

import { spawn } from "node:child_process";

import type { LogOutputChannel } from "vscode";

/**
 * Run a program; `onLine` gets each line that it prints.
 *
 * If it fails, rejects with the last line that it printed; after `signal`, with "it was cancelled.".
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
        const take = (data: Buffer): void => {
            for (const line of data.toString().split(/\r?\n/).filter((text) => text.trim() !== "")) {
                log.info(line);
                last = line;
                onLine(line);
            }
        };
        child.stdout.on("data", take);
        child.stderr.on("data", take);
        child.on("error", (error) => reject(signal.aborted ? new Error("it was cancelled.") : error));
        child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(last || `${program} ended with ${code}`))));
    });
}
