/** What the extension changes in the language client's requests and answers. */

import {
    type CodeAction,
    CodeActionKind,
    type Command,
    type InlineCompletionItem,
    InlineCompletionTriggerKind,
    type Position,
    type TextDocument,
    commands,
} from "vscode";
import type { LanguageClient, Middleware } from "vscode-languageclient/node";

import type { CopilotChoice } from "../copilot";
import type { Explained } from "../chat/messages";
import { reportShown } from "../ghost/signals";
import type { GhostText } from "../ghost/text";
import type { RefactorArgument } from "../protocol";
import type { Settings } from "./settings";

/** What other parts of this extension show: what the lightbulb offers, and the next edit where it is ghost text. */
export interface Actions {
    refactor(client: LanguageClient, argument: RefactorArgument): Promise<unknown>;
    explain(argument: Omit<Explained, "place"> & Explained["code"]): Promise<unknown>;
    nextEdit(document: TextDocument, position: Position): InlineCompletionItem[] | undefined;
}

/** The parts of the extension that the requests pass through. */
export interface Parts {
    settings: Settings;
    ghost: GhostText;
    copilot: CopilotChoice;
    actions: Actions;
}

/** `running` is the client if its server is running. */
export function middleware(
    running: () => LanguageClient | undefined,
    { settings, ghost, copilot, actions }: Parts,
): Middleware {
    const report = reportShown(running);
    return {
        provideInlineCompletionItems: (document, position, context, token, next) =>
            actions.nextEdit(document, position) ??
            (copilot.isOpen && context.triggerKind === InlineCompletionTriggerKind.Automatic
                ? []
                : report(document, position, context, token, (...asked) => ghost.suggest(...asked, next))),
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
            if (command === "homebody.refactor" && client !== undefined) {
                return actions.refactor(client, args[0]);
            }
            return command === "homebody.explain" ? actions.explain(args[0]) : next(command, args);
        },
        provideCodeActions: async (document, range, context, token, next) => {
            const listed = (await next(document, range, context, token)) ?? [];
            // Fixes stand in one list with those of others, which have similar names.
            for (const action of listed.filter(isQuickFix)) {
                action.title = `Homebody: ${action.title}`;
            }
            return listed;
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

function isQuickFix(action: Command | CodeAction): boolean {
    return "kind" in action && action.kind !== undefined && CodeActionKind.QuickFix.contains(action.kind);
}
