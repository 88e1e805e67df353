/** What the extension changes in the language client's requests and answers. */

import { InlineCompletionTriggerKind, commands } from "vscode";
import type { LanguageClient, Middleware } from "vscode-languageclient/node";

import type { CopilotChoice } from "../copilot";
import type { Refactorings } from "../edits/refactor";
import { reportShown } from "../ghost/signals";
import type { GhostText } from "../ghost/text";
import type { Settings } from "./settings";

/** The parts of the extension that the requests pass through. */
export interface Parts {
    settings: Settings;
    ghost: GhostText;
    copilot: CopilotChoice;
    refactorings: Refactorings;
}

/** `running` is the client if its server is running. */
export function middleware(running: () => LanguageClient | undefined, parts: Parts): Middleware {
    const { settings, ghost, copilot, refactorings } = parts;
    const report = reportShown(running);
    return {
        provideInlineCompletionItems: (document, position, context, token, next) =>
            copilot.isOpen && context.triggerKind === InlineCompletionTriggerKind.Automatic
                ? []
                : report(document, position, context, token, (...asked) => ghost.suggest(...asked, next)),
        provideCompletionItem: (document, position, context, token, next) => {
            ghost.menuOpens(document, position);
            return next(document, position, context, token);
        },
        executeCommand: (command, args, next) => {
            if (command === "homebody.acceptCompletion") {
                // For the walkthrough.
                void commands.executeCommand("setContext", "homebody.hasAccepted", true);
            }
            const client = running();
            // What the lightbulb offers is shown before it is applied; see edits/refactor.ts.
            return command === "homebody.refactor" && client !== undefined
                ? refactorings.fromCodeAction(client, args[0])
                : next(command, args);
        },
        workspace: {
            configuration: ({ items }) => items.map(({ section, scopeUri }) => settings.section(section, scopeUri)),
            // The server requests the settings then; the client would include VS Code's defaults.
            didChangeConfiguration: async () => {
                await running()?.sendNotification("workspace/didChangeConfiguration", { settings: null });
            },
        },
    };
}
