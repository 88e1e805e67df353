/**
 * Finds the server: from the setting, the selected Python environment, the PATH, or the private environment.
 *
 * A folder can select an environment with its own program, so that environment is used in trusted folders only.
 */

import { dirname, join } from "node:path";

import { extensions, workspace } from "vscode";

import type { PrivateEnvironment } from "./environment";
import { findProgram } from "./program";
import type { Settings } from "./settings";

/** A program, and a short description of where it was found. */
export interface Located {
    command: string;
    where: string;
}

const DEFAULT = "homebody";

/** Find the server; `undefined` if it is not installed. */
export async function locate(settings: Settings, own: PrivateEnvironment): Promise<Located | undefined> {
    const named = settings.command;
    if (named !== DEFAULT) {
        // A program that the user names is never replaced by another one.
        const command = await findProgram(named);
        return command === undefined ? undefined : { command, where: "the setting homebody.server.command" };
    }
    const selected = await selectedEnvironment();
    if (selected !== undefined) {
        return { command: selected, where: "the selected Python environment" };
    }
    const onPath = await findProgram(named);
    if (onPath !== undefined) {
        return { command: onPath, where: "the PATH" };
    }
    const mine = await own.command();
    return mine === undefined ? undefined : { command: mine, where: "the extension's private environment" };
}

interface PythonExtension {
    environments?: { getActiveEnvironmentPath(): { path: string } };
}

async function selectedEnvironment(): Promise<string | undefined> {
    const python = extensions.getExtension<PythonExtension>("ms-python.python");
    if (!workspace.isTrusted || python === undefined || !python.isActive) {
        return undefined;
    }
    const path = python.exports?.environments?.getActiveEnvironmentPath().path;
    if (!path) {
        return undefined;
    }
    // The path of the interpreter, or of the environment's folder.
    const folders = [dirname(path), join(path, process.platform === "win32" ? "Scripts" : "bin")];
    for (const folder of folders) {
        const found = await findProgram(join(folder, DEFAULT));
        if (found !== undefined) {
            return found;
        }
    }
    return undefined;
}
