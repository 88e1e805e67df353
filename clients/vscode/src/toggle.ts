/**
 * Turns suggestions on and off, for all files or for one language.
 *
 * The choice is written into the user's settings, so it is kept and can be seen there.
 */

import { ConfigurationTarget, type TextDocument, type Uri, workspace } from "vscode";

import { type Languages, valueOf } from "./settings";

/** Whether suggestions are on in the folder of `scope`; with `languageId`, for one language. */
export function isOn(languageId?: string, scope?: Uri): boolean {
    const languages = valueOf<Languages>("completion.languages", scope) ?? {};
    const all = valueOf<boolean>("completion.enabled", scope) ?? true;
    return all && (languageId === undefined || (languages[languageId] ?? languages["*"] ?? true));
}

/** Whether the document gets automatic suggestions, according to VS Code's settings. */
export function asksByItself({ languageId, uri }: TextDocument): boolean {
    return valueOf<string>("completion.trigger", uri) !== "manual" && isOn(languageId, uri);
}

/**
 * Turn suggestions on or off in the user's settings; returns the state in effect in the folder of `scope`.
 *
 * They stay off if the folder's own settings turn them off: those are not changed.
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

/** Why the active document gets no suggestions; `undefined` if it gets some. */
export function pausedReason(document: TextDocument | undefined): string | undefined {
    if (!isOn(undefined, document?.uri)) {
        return "Suggestions are paused.";
    }
    return document !== undefined && !isOn(document.languageId, document.uri)
        ? `Suggestions are paused for ${document.languageId}.`
        : undefined;
}
