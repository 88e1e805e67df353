/** Whether there are suggestions, according to VS Code's settings. */

import type { TextDocument, Uri } from "vscode";

import { type Languages, isOnIn } from "./server/narrowed";
import { valueOf } from "./server/settings";

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
        ? `Suggestions are paused for ${document.languageId}.`
        : undefined;
}
