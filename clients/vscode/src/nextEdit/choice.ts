/** `homebody.chooseNextEdits`: how next edits are shown, for all files or not in one language. */

import { ConfigurationTarget, type QuickPickItem, QuickPickItemKind, window, workspace } from "vscode";

import { type Languages, isOnIn } from "../server/narrowed";
import { valueOf } from "../server/settings";
import { setLanguage } from "../suggestions";

const WAYS = {
    full: "Show what changes",
    hint: "Only mark the line, until you go there",
    off: "Off",
};

/** Ask, and write the choice into the user's settings. */
export async function chooseNextEdits(): Promise<void> {
    const { languageId, uri } = window.activeTextEditor?.document ?? {};
    const chosen = valueOf<string>("nextEdit.enabled", uri) ?? "full";
    const settings = workspace.getConfiguration("homebody.nextEdit");
    const choices: (QuickPickItem & { act?: () => Thenable<void> })[] = Object.entries(WAYS).map(([way, label]) => ({
        label: `$(${way === chosen ? "check" : "blank"}) ${label}`,
        act: () => settings.update("enabled", way, ConfigurationTarget.Global),
    }));
    if (languageId !== undefined && chosen !== "off") {
        const isOn = isOnIn(valueOf<Languages>("nextEdit.languages", uri) ?? {}, languageId);
        choices.push(
            { label: "", kind: QuickPickItemKind.Separator },
            {
                label: `$(symbol-boolean) ${isOn ? "Off" : "On"} in ${languageId}`,
                act: () => setLanguage("nextEdit", languageId, !isOn),
            },
        );
    }
    await (await window.showQuickPick(choices, { title: "Next edits" }))?.act?.();
}
