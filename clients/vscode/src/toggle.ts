/**
 * Suggestions on and off, for all files or for one language.
 *
 * The choice is the user's setting, so it is kept over restarts and can be seen where settings are.
 */

import { ConfigurationTarget, type TextDocument, type Uri, workspace } from "vscode";

import { type Languages, valueOf } from "./settings";

/** Whether suggestions are on in the folder of `scope`; `languageId` asks about one language. */
export function isOn(languageId?: string, scope?: Uri): boolean {
    const languages = valueOf<Languages>("completion.languages", scope) ?? {};
    const all = valueOf<boolean>("completion.enabled", scope) ?? true;
    return all && (languageId === undefined || (languages[languageId] ?? languages["*"] ?? true));
}

/** Whether the document gets suggestions without being asked, as far as VS Code's settings say. */
export function asksByItself({ languageId, uri }: TextDocument): boolean {
    return valueOf<string>("completion.trigger", uri) !== "manual" && isOn(languageId, uri);
}

/**
 * Turn suggestions on or off in the user's settings; returns the state in effect in the folder of `scope`.
 *
 * It stays off where the folder's own settings have them off: those are not changed.
 */
export async function toggle(languageId?: string, scope?: Uri): Promise<boolean> {
    const completion = workspace.getConfiguration("homebody.completion");
    const next = !isOn(languageId, scope);
    if (languageId === undefined) {
        await completion.update("enabled", next, ConfigurationTarget.Global);
    } else {
        const own = completion.inspect<Languages>("languages")?.globalValue ?? {};
        await completion.update("languages", { ...own, [languageId]: next }, ConfigurationTarget.Global);
        if (next && completion.inspect<boolean>("enabled")?.globalValue === false) {
            await completion.update("enabled", true, ConfigurationTarget.Global);
        }
    }
    return isOn(languageId, scope);
}

/** Why the active document gets no suggestions; `undefined` where it does. */
export function pausedReason(document: TextDocument | undefined): string | undefined {
    if (!isOn(undefined, document?.uri)) {
        return "Suggestions are paused.";
    }
    return document !== undefined && !isOn(document.languageId, document.uri)
        ? `Suggestions are paused for ${document.languageId}.`
        : undefined;
}
