/**
 * Homebody in VS Code: starts the server, shows its status, its chat and its proposals.
 *
 * The logic of completion and refactoring is in the server, for every editor.
 */

import * as vscode from "vscode";
import {
    type Comment,
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
import { CopilotChoice } from "./copilot";
import { InstructionInput } from "./edits/instruction";
import { Proposals } from "./edits/proposals";
import { Refactorings } from "./edits/refactor";
import { openMenu } from "./menu";
import { switchModel } from "./models";
import { Pages } from "./pages";
import { showLastPrompt } from "./prompt";
import type { ServerStatus } from "./protocol";
import { sentenceOf } from "./requests";
import { Server } from "./server";
import { Settings } from "./settings";
import { StatusItem } from "./status";
import { isOn, toggle } from "./toggle";
import { installModel } from "./weights";

type Act<Editor> = (client: LanguageClient, editor: Editor) => Promise<void>;

const SHOWN_MILLISECONDS = 5000;
const SETTINGS_MILLISECONDS = 2000;

let server: Server | undefined;

/** What the tests in the extension host use; other extensions do not get it. */
interface Internals {
    server: Server;
    settings: Settings;
    chat: Chat;
    proposals: Proposals;
    instructions: InstructionInput;
    status: StatusItem;
    copilot: CopilotChoice;
    /** The VS Code API that this extension uses: the tests answer its questions there. */
    vscode: typeof vscode;
}

export function activate(context: ExtensionContext): Internals | undefined {
    const status = new StatusItem();
    const pages = new Pages();
    const settings = new Settings(context.extension);
    const started = (server = new Server(context, settings, status));
    const proposals = new Proposals();
    const instructions = new InstructionInput();
    const refactorings = new Refactorings(proposals, instructions);
    const copilot = new CopilotChoice({ memory: context.globalState, hold: (reason) => status.hold(reason) });
    started.isHeldBack = () => copilot.isOpen;
    const view = new ChatView(context.extensionUri);
    const chat = new Chat(
        view,
        {
            client: () => started.need(),
            isRunning: () => started.running !== undefined,
            model: () => status.current?.chatModel ?? status.current?.model ?? "",
            show: (editor, title, work) => refactorings.show(editor.document, title, work),
        },
        context.workspaceState,
    );
    context.subscriptions.push(
        view.onDidReceive(({ type }) => {
            if (type === "focused") {
                started.ghost.left();
            }
        }),
    );
    started.onRefactoring = (client, argument) => refactorings.fromCodeAction(client, argument);

    /** Register a command; its failures are shown. */
    function register<Arguments extends unknown[]>(name: string, act: (...args: Arguments) => unknown): void {
        const command = commands.registerCommand(name, async (...args: Arguments) => {
            try {
                await act(...args);
            } catch (error) {
                void window.showErrorMessage(sentenceOf(error));
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

    /** Register a command about a proposal; the title bar of an editor passes the address of one. */
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
    register("homebody.submitInstruction", (comment: Comment) => instructions.submit(comment));
    register("homebody.cancelInstruction", () => instructions.cancel());
    registerForProposal("homebody.acceptEdit", (proposal) => proposals.accept(proposal));
    registerForProposal("homebody.discardEdit", (proposal) => proposals.close(proposal));
    registerForProposal("homebody.refineEdit", async (proposal) => {
        const client = await started.need();
        if (client !== undefined) {
            await refactorings.refine(client, proposal);
        }
    });
    register("homebody.toggleSuggestions", () => toggleHere(status));
    register("homebody.toggleLanguage", async () => {
        const languageId = window.activeTextEditor?.document.languageId;
        await (languageId === undefined
            ? window.showInformationMessage("Open a file of that language first.")
            : toggleHere(status, languageId));
    });
    register("homebody.askForSuggestion", async () => {
        if (isOn()) {
            await commands.executeCommand("editor.action.inlineSuggest.trigger");
        }
    });
    register("homebody.installServer", () => started.install());
    register("homebody.restartServer", () => started.restart());
    register("homebody.removeServer", async () => {
        await started.stop();
        const had = await started.environment.remove();
        say(had ? "Homebody's private environment is removed." : "There is no private environment.");
        await started.restart();
    });
    register("homebody.installModel", async () => {
        const program = started.command;
        if (program === undefined) {
            await started.need();
        } else if (await installModel(program, started.log)) {
            say("The model is installed.");
            await started.restart();
        }
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
        instructions,
        chat,
        copilot,
        window.registerWebviewViewProvider(ChatView.id, view, { webviewOptions: { retainContextWhenHidden: true } }),
        commands.registerCommand("homebody.openMenu", () => openMenu(started, status, copilot)),
        status.onDidChange(() => chat.showModel()),
    );
    void started.restart().then(() => copilot.check());
    return context.extensionMode === ExtensionMode.Test
        ? { server: started, settings, chat, proposals, instructions, status, copilot, vscode }
        : undefined;
}

export async function deactivate(): Promise<void> {
    await server?.stop();
}

function say(sentence: string): void {
    window.setStatusBarMessage(sentence, SHOWN_MILLISECONDS);
}

/** Turn suggestions on or off for the active file; shows the new state, or why they stay off. */
async function toggleHere(status: StatusItem, languageId?: string): Promise<void> {
    const scope = window.activeTextEditor?.document.uri;
    // The server needs a moment to apply changed settings.
    const isActive = (current: ServerStatus | undefined): boolean => current?.kind !== "Inactive";
    if (isOn(languageId, scope) && !(await status.fulfils(isActive, SETTINGS_MILLISECONDS))) {
        const sentence = "Your config.toml or the folder's .homebody.toml turns suggestions off here: change it there.";
        void window.showInformationMessage(sentence);
        return;
    }
    const wanted = !isOn(languageId, scope);
    const on = await toggle(languageId, scope);
    if (on === wanted) {
        say(`Suggestions${languageId === undefined ? "" : ` in ${languageId}`} ${on ? "on" : "off"}.`);
        return;
    }
    const sentence = "The settings of this folder turn suggestions off here.";
    if ((await window.showInformationMessage(sentence, "Open Its Settings")) !== undefined) {
        await commands.executeCommand("workbench.action.openWorkspaceSettings", { query: "homebody.completion" });
    }
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
