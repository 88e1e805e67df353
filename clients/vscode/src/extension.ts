/**
 * Homebody in VS Code: starts the server, shows its status and its pages, and sends it a few signals.
 *
 * There is no logic of completion or refactoring here: that is the server's, in any editor.
 */

import { type ExtensionContext, type TextEditor, commands, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { explainSelection } from "./explain";
import { openMenu } from "./menu";
import { Pages } from "./pages";
import { showLastPrompt } from "./prompt";
import { refactorSelection } from "./refactor";
import { told } from "./requests";
import { Server } from "./server";
import { Settings } from "./settings";
import { StatusItem } from "./status";

type Act<Editor> = (client: LanguageClient, editor: Editor) => Promise<void>;

let server: Server | undefined;

export function activate(context: ExtensionContext): Server {
    const status = new StatusItem();
    const pages = new Pages();
    const started = new Server(context, new Settings(context.extension), status);
    server = started;

    /** Register a command that needs the server. */
    function register(name: string, act: Act<TextEditor | undefined>): void {
        const command = commands.registerCommand(name, async () => {
            const editor = window.activeTextEditor;
            const client = await started.need();
            try {
                await (client && act(client, editor));
            } catch (error) {
                void window.showErrorMessage(told(error));
            }
        });
        context.subscriptions.push(command);
    }

    const explain: Act<TextEditor> = (client, editor) => explainSelection(client, pages, editor);
    register("homebody.explainSelection", inEditor(explain));
    register("homebody.refactorSelection", inEditor(refactorSelection));
    register("homebody.showLastPrompt", (client, editor) => showLastPrompt(client, pages, editor));
    context.subscriptions.push(
        status,
        pages,
        commands.registerCommand("homebody.openMenu", () => openMenu(started, status)),
    );
    void started.restart();
    return started;
}

export async function deactivate(): Promise<void> {
    await server?.stop();
}

/** Make it a command that needs an open file. */
function inEditor(act: Act<TextEditor>): Act<TextEditor | undefined> {
    return async (client, editor) => {
        if (editor === undefined) {
            void window.showInformationMessage("Open a file first.");
        } else {
            await act(client, editor);
        }
    };
}
