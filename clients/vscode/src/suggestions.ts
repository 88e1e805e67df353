/**
 * Whether there are suggestions, according to VS Code's settings, and turning them on and off.
 *
 * The user's choice is written into their settings, so it is kept and can be seen there.
 */

import { ConfigurationTarget, type TextDocument, type Uri, commands, window, workspace } from "vscode";

import { inform, offer, say } from "./notify";
import type { ServerStatus } from "./protocol";
import { type Languages, isOnIn } from "./server/narrowed";
import { valueOf } from "./server/settings";
import type { StatusItem } from "./status";
import { languageName } from "./words";

const SETTINGS_MILLISECONDS = 2000;

/** Whether suggestions are on in the folder of `scope`; with `languageId`, for one language. */
export function isOn(languageId?: string, scope?: Uri): boolean {
    const languages = valueOf<Languages>("completion.languages", scope) ?? {};
    const all = valueOf<boolean>("completion.enabled", scope) ?? true;
    return all && (languageId === undefined || isOnIn(languages, languageId));
}

/** Whether the document gets automatic suggestions. */
export function asksByItself({ languageId, uri }: TextDocument): boolean {
    return valueOf<string>("completion.trigger", uri) !== "manual" && isOn(languageId, uri);
}

/** Why the active document gets no suggestions; `undefined` if it gets some. */
export function pausedReason(document: TextDocument | undefined): string | undefined {
    if (!isOn(undefined, document?.uri)) {
        return "Suggestions are paused.";
    }
    return document !== undefined && !isOn(document.languageId, document.uri)
        ? `Suggestions are paused for ${languageName(document.languageId)}.`
        : undefined;
}

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
        say(`Suggestions${languageId === undefined ? "" : ` in ${languageName(languageId)}`} ${next ? "on" : "off"}.`);
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
