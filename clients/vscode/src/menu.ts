/** `homebody.openMenu`: all that one can do, from the status bar. */

import { type QuickPickItem, commands, window } from "vscode";

import * as requests from "./requests";
import type { Server } from "./server";
import type { StatusItem } from "./status";

type Choice = QuickPickItem & { act: () => unknown };

const SHOWN_MILLISECONDS = 5000;
const OPEN_SETTINGS = "workbench.action.openSettings";
const run = commands.executeCommand;

export async function openMenu(server: Server, status: StatusItem): Promise<void> {
    const isRunning = server.running !== undefined;
    const start = isRunning ? "Restart" : "Start";
    const choices: Choice[] = [
        ...(isRunning ? work(server, status) : []),
        { label: "$(settings-gear) Settings", act: () => run(OPEN_SETTINGS, "@ext:homebody.homebody") },
        { label: "$(output) Log", act: () => server.showLog() },
        { label: `$(debug-restart) ${start} the server`, act: () => server.restart() },
    ];
    const model = status.current?.model;
    const title = model === undefined ? "Homebody" : `Homebody, with ${model}`;
    const choice = await window.showQuickPick(choices, { title });
    await choice?.act();
}

function work(server: Server, status: StatusItem): Choice[] {
    const isOn = status.current?.kind !== "Inactive";
    const languageId = window.activeTextEditor?.document.languageId;
    const choices: Choice[] = [
        { label: "$(comment) Explain selection or file", act: () => run("homebody.explainSelection") },
        { label: "$(wand) Refactor selection or function…", act: () => run("homebody.refactorSelection") },
        { label: "$(list-flat) Show the last prompt", act: () => run("homebody.showLastPrompt") },
        isOn
            ? { label: "$(circle-slash) Turn suggestions off", act: () => toggle(server) }
            : { label: "$(check) Turn suggestions on", act: () => toggle(server) },
    ];
    if (isOn && languageId !== undefined) {
        const label = `$(symbol-boolean) Turn suggestions in ${languageId} on or off`;
        choices.push({ label, act: () => toggle(server, languageId) });
    }
    return choices;
}

async function toggle(server: Server, languageId?: string): Promise<void> {
    const client = await server.need();
    if (client !== undefined) {
        const argument = languageId === undefined ? {} : { languageId };
        const { enabled } = await requests.run<{ enabled: boolean }>(client, "homebody.toggle", argument);
        const where = languageId === undefined ? "" : ` in ${languageId}`;
        const state = `Suggestions${where} are ${enabled ? "on" : "off"} until the server ends.`;
        window.setStatusBarMessage(state, SHOWN_MILLISECONDS);
    }
}
