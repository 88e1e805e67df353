/**
 * Finds the full path of the server's program, from its name or path.
 *
 * The system must not search for it: Windows looks into the current folder first, which is the workspace.
 */

import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

/** Full path of the program that `command` names; `undefined` if there is none. */
export async function findCommand(command: string): Promise<string | undefined> {
    const path = command.replace(/^~(?=[\\/])/, homedir());
    for (const candidate of isAbsolute(path) ? withEndings(path) : onSearchPath(path)) {
        if (await isProgram(candidate)) {
            return candidate;
        }
    }
    return undefined;
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
