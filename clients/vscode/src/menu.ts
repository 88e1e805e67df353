/** `homebody.openMenu`: all commands, from the status bar. */

import { type QuickPickItem, QuickPickItemKind, type TextDocument, commands, window } from "vscode";

import type { CopilotChoice } from "./copilot";
import type { NextEdits } from "./nextEdit/nextEdits";
import { openSettings } from "./notify";
import { type Languages, isOnIn } from "./server/narrowed";
import type { Server } from "./server/server";
import { valueOf } from "./server/settings";
import type { StatusItem } from "./status";
import { isOn, setLanguage } from "./suggestions";
import { languageName } from "./words";

type Choice = QuickPickItem & { act?: () => unknown };

const SEPARATOR: Choice = { label: "", kind: QuickPickItemKind.Separator };

const run = commands.executeCommand;

export async function openMenu(server: Server, status: StatusItem, copilot: CopilotChoice, nextEdits: NextEdits): Promise<void> {
    const isRunning = server.running !== undefined;
    const isWithoutModel = isRunning && status.current?.fix === "installModel";
    const choices: Choice[] = [
        ...(copilot.isOpen ? [item("question", "Choose who suggests: Homebody or Copilot", () => copilot.ask())] : []),
        ...(isWithoutModel ? [item("cloud-download", "Install a small model…", () => run("homebody.installModel"))] : []),
        ...(isRunning ? work(nextEdits) : [item("cloud-download", "Install the server…", () => run("homebody.installServer"))]),
        SEPARATOR,
        item("server-process", "Settings of the model and its server", () => openSettings("homebody.backend")),
        item("settings-gear", "Settings", () => openSettings("@ext:homebody.homebody")),
        item("pulse", "Doctor: check the installation", () => run("homebody.checkInstallation")),
        item("output", "Log", () => server.log.show()),
        item("debug-restart", `${isRunning ? "Restart" : "Start"} the server`, () => run("homebody.restartServer")),
    ];
    const model = status.current?.model;
    const title = model === undefined ? "Homebody" : `Homebody, with ${model}`;
    const choice = await window.showQuickPick(choices, { title });
    await choice?.act?.();
}

function work(nextEdits: NextEdits): Choice[] {
    const document = window.activeTextEditor?.document;
    const { languageId, uri } = document ?? {};
    const on = isOn(undefined, uri);
    const choices = [
        item("comment-discussion", "Ask", () => run("homebody.openChat")),
        item("book", "Explain selection or function", () => run("homebody.explainSelection")),
        item("edit", "Change in my own words…", () => run("homebody.inOwnWords")),
        item("wand", "Refactor selection or function…", () => run("homebody.refactorSelection")),
        item("git-commit", "Write a commit message", () => run("homebody.writeCommitMessage")),
        item("list-flat", "Show the last prompt", () => run("homebody.showLastPrompt")),
        SEPARATOR,
        item("arrow-swap", "Switch model…", () => run("homebody.switchModel")),
        item("lightbulb", "Recommend a model…", () => run("homebody.recommendModel")),
        SEPARATOR,
        item(on ? "debug-pause" : "play", `${on ? "Pause" : "Resume"} suggestions`, () => run("homebody.toggleSuggestions")),
    ];
    if (on && languageId !== undefined) {
        const verb = isOn(languageId, uri) ? "Pause" : "Resume";
        choices.push(item("symbol-boolean", `${verb} suggestions in ${languageName(languageId)}`, () => run("homebody.toggleLanguage")));
    }
    return [...choices, ...nextEditChoices(nextEdits, document)];
}

function nextEditChoices(nextEdits: NextEdits, document: TextDocument | undefined): Choice[] {
    const settings = item("arrow-right", "Next edits…", () => openSettings("homebody.nextEdit"));
    if (document === undefined || valueOf<string>("nextEdit.enabled", document.uri) === "off") {
        return [settings];
    }
    const { languageId, uri } = document;
    const isOnHere = isOnIn(valueOf<Languages>("nextEdit.languages", uri) ?? {}, languageId);
    const pause = (isOn: boolean, where: string, act: () => unknown): Choice =>
        item("symbol-boolean", `${isOn ? "Pause" : "Resume"} next edits in ${where}`, act);
    return [
        pause(!nextEdits.isPausedIn(document), "this file", () => nextEdits.toggleIn(document)),
        pause(isOnHere, languageName(languageId), () => setLanguage("nextEdit", languageId, !isOnHere)),
        settings,
    ];
}

function item(icon: string, label: string, act: () => unknown): Choice {
    return { label: `$(${icon}) ${label}`, act };
}
