/**
 * Turns suggestions on and off, for all files or for one language.
 *
 * The choice is written into the user's settings, so it is kept and can be seen there.
 */

import { ConfigurationTarget, commands, window, workspace } from "vscode";

import { inform, offer, say } from "./notify";
import type { ServerStatus } from "./protocol";
import type { Languages } from "./server/narrowed";
import type { StatusItem } from "./status";
import { isOn } from "./suggestions";

const SETTINGS_MILLISECONDS = 2000;

/** Turn suggestions on or off for the active file; shows the new state, or why they stay off. */
export async function toggle(status: StatusItem, languageId?: string): Promise<void> {
    const scope = window.activeTextEditor?.document.uri;
    const next = !isOn(languageId, scope);
    // The server needs a moment to apply changed settings.
    if (!next && !(await status.fulfils(isActive, SETTINGS_MILLISECONDS))) {
        void inform(status.current?.message ?? "");
        return;
    }
    await write(next, languageId);
    if (isOn(languageId, scope) === next) {
        say(`Suggestions${languageId === undefined ? "" : ` in ${languageId}`} ${next ? "on" : "off"}.`);
        return;
    }
    await offer(inform, "The settings of this folder turn suggestions off here.", {
        "Open Its Settings": () =>
            commands.executeCommand("workbench.action.openWorkspaceSettings", { query: "homebody.completion" }),
    });
}

/** Change the user's settings. Those of the folder are not changed: if they turn suggestions off, these stay off. */
async function write(next: boolean, languageId: string | undefined): Promise<void> {
    const completion = workspace.getConfiguration("homebody.completion");
    if (languageId === undefined) {
        await completion.update("enabled", next, ConfigurationTarget.Global);
        return;
    }
    await setLanguage("completion", languageId, next);
    if (next && completion.inspect<boolean>("enabled")?.globalValue === false) {
        await completion.update("enabled", true, ConfigurationTarget.Global);
    }
}

/** Change a language in the user's settings, of suggestions or of next edits. */
export function setLanguage(section: "completion" | "nextEdit", languageId: string, isOn: boolean): Thenable<void> {
    const settings = workspace.getConfiguration(`homebody.${section}`);
    const own = settings.inspect<Languages>("languages")?.globalValue ?? {};
    return settings.update("languages", { ...own, [languageId]: isOn }, ConfigurationTarget.Global);
}

function isActive(current: ServerStatus | undefined): boolean {
    return current?.kind !== "Inactive";
}
