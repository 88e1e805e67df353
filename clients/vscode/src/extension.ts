/**
 * Homebody in VS Code: starts the server, shows its status, its chat and its proposals.
 *
 * There is no logic of completion or refactoring here: that is the server's, in any editor.
 */

import * as vscode from "vscode";
import {
    type ExtensionContext,
    ExtensionMode,
    type TextEditor,
    type Uri,
    commands,
    window,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { Chat } from "./chat/chat";
import { ChatView } from "./chat/view";
import { settleWithCopilot } from "./copilot";
import { Proposals } from "./edits/proposals";
import { Refactorings } from "./edits/refactor";
import { openMenu } from "./menu";
import { switchModel } from "./models";
import { Pages } from "./pages";
import { showLastPrompt } from "./prompt";
import { told } from "./requests";
import { Server } from "./server";
import { Settings } from "./settings";
import { StatusItem } from "./status";
import { isOn, toggle } from "./toggle";

type Act<Editor> = (client: LanguageClient, editor: Editor) => Promise<void>;

const SHOWN_MILLISECONDS = 5000;

let server: Server | undefined;

/** What the tests in the extension host look at; no other extension gets it. */
interface Internals {
    server: Server;
    settings: Settings;
    chat: Chat;
    proposals: Proposals;
    status: StatusItem;
    settleWithCopilot: typeof settleWithCopilot;
    /** VS Code's API as this extension sees it: questions are answered there. */
    vscode: typeof vscode;
}

export function activate(context: ExtensionContext): Internals | undefined {
    const status = new StatusItem();
    const pages = new Pages();
    const settings = new Settings(context.extension);
    const started = (server = new Server(context, settings, status));
    const proposals = new Proposals();
    const refactorings = new Refactorings(proposals);
    const view = new ChatView(context.extensionUri);
    const chat = new Chat(
        view,
        {
            client: () => started.need(),
            model: () => status.current?.chatModel ?? status.current?.model ?? "",
            show: (editor, title, work) => refactorings.show(editor.document, title, work),
        },
        context.workspaceState,
    );
    started.onRefactoring = (client, argument) => refactorings.fromCodeAction(client, argument);

    /** Register a command; what fails is shown. */
    function register<Arguments extends unknown[]>(name: string, act: (...args: Arguments) => unknown): void {
        const command = commands.registerCommand(name, async (...args: Arguments) => {
            try {
                await act(...args);
            } catch (error) {
                void window.showErrorMessage(told(error));
            }
        });
        context.subscriptions.push(command);
    }

    /** Register a command that needs the server and an open file. */
    function registerInEditor(name: string, act: Act<TextEditor>): void {
        register(name, async () => {
            const editor = window.activeTextEditor;
            const client = await started.need();
            if (client !== undefined && editor === undefined) {
                void window.showInformationMessage("Open a file first.");
            } else if (client !== undefined && editor !== undefined) {
                await act(client, editor);
            }
        });
    }

    /** Register a command about a proposal: of the title bar it is given one's address. */
    function registerForProposal(name: string, act: (proposal: NonNullable<ReturnType<Proposals["find"]>>) => unknown): void {
        register(name, async (uri?: Uri) => {
            const proposal = proposals.find(uri);
            if (proposal === undefined) {
                void window.showInformationMessage("There is no change here to decide on.");
            } else {
                await act(proposal);
            }
        });
    }

    registerInEditor("homebody.explainSelection", (_client, editor) => chat.explain(editor));
    registerInEditor("homebody.refactorSelection", (client, editor) => refactorings.choose(client, editor));
    registerInEditor("homebody.inOwnWords", (client, editor) => refactorings.inOwnWords(client, editor));
    register("homebody.openChat", () => chat.open());
    register("homebody.stopAnswer", () => chat.stop());
    register("homebody.newChat", () => chat.clear());
    register("homebody.saveChat", () => chat.save());
    register("homebody.showLastPrompt", async () => {
        const client = await started.need();
        if (client !== undefined) {
            await showLastPrompt(client, pages, window.activeTextEditor);
        }
    });
    registerForProposal("homebody.acceptEdit", (proposal) => proposals.accept(proposal));
    registerForProposal("homebody.discardEdit", (proposal) => proposals.close(proposal));
    registerForProposal("homebody.refineEdit", async (proposal) => {
        const client = await started.need();
        if (client !== undefined) {
            await refactorings.refine(client, proposal);
        }
    });
    register("homebody.toggleSuggestions", async () => say("Suggestions", await toggle()));
    register("homebody.toggleLanguage", async () => {
        const languageId = window.activeTextEditor?.document.languageId;
        if (languageId !== undefined) {
            say(`Suggestions in ${languageId}`, await toggle(languageId));
        }
    });
    register("homebody.askForSuggestion", async () => {
        if (isOn()) {
            await commands.executeCommand("editor.action.inlineSuggest.trigger");
        }
    });
    register("homebody.installServer", () => started.install());
    register("homebody.removeServer", async () => {
        await started.stop();
        const had = await started.environment.remove();
        const sentence = had ? "Homebody's private environment is removed." : "There is no private environment.";
        window.setStatusBarMessage(sentence, SHOWN_MILLISECONDS);
        await started.restart();
    });
    register("homebody.switchModel", async () => {
        const client = await started.need();
        if (client !== undefined) {
            await switchModel(client, status.current);
        }
    });
    register("homebody.recommendModel", () => inTerminal(started, "Homebody models", ["models", "recommend"]));
    register("homebody.doctor", () => inTerminal(started, "Homebody doctor", ["doctor"]));
    context.subscriptions.push(
        status,
        pages,
        proposals,
        chat,
        window.registerWebviewViewProvider(ChatView.id, view, { webviewOptions: { retainContextWhenHidden: true } }),
        commands.registerCommand("homebody.openMenu", () => openMenu(started, status)),
        started.onDidStart(() => chat.serverStarted()),
    );
    void started.restart().then(() => settleWithCopilot(context.globalState));
    return context.extensionMode === ExtensionMode.Test
        ? { server: started, settings, chat, proposals, status, settleWithCopilot, vscode }
        : undefined;
}

export async function deactivate(): Promise<void> {
    await server?.stop();
}

function say(what: string, on: boolean): void {
    window.setStatusBarMessage(`${what} ${on ? "on" : "off"}.`, SHOWN_MILLISECONDS);
}

/** Run a command of `homebody` in a terminal, with the program that serves this window. */
async function inTerminal(started: Server, name: string, shellArgs: string[]): Promise<void> {
    const program = started.command;
    if (program === undefined) {
        await started.need();
        return;
    }
    window.createTerminal({ name, shellPath: program, shellArgs }).show();
}
