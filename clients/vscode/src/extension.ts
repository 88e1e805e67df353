/**
 * Homebody in VS Code: starts the server, shows its status, its chat and its proposals.
 *
 * The logic of completion and refactoring is in the server, for every editor.
 */

import * as vscode from "vscode";
import {
    CancellationTokenSource,
    type ExtensionContext,
    ExtensionMode,
    type Memento,
    type SourceControl,
    type TextEditor,
    type Uri,
    commands,
    env,
    window,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { Chat } from "./chat/chat";
import { ChatView } from "./chat/view";
import { runShown } from "./commands";
import { writeCommitMessage } from "./commit";
import { CopilotChoice } from "./copilot";
import { MemoryFiles } from "./edits/files";
import { type Proposal, Proposals } from "./edits/proposals";
import { Refactorings } from "./edits/refactor";
import { type Review, Reviews } from "./edits/reviews";
import { isServed } from "./ghost/signals";
import { openMenu } from "./menu";
import { recommendation, switchModel } from "./models";
import { NextEdits } from "./nextEdit/nextEdits";
import { inform, say, showError } from "./notify";
import { type Line, showPage } from "./pages";
import { showLastPrompt } from "./prompt";
import type { Recommendation } from "./protocol";
import { Server } from "./server/server";
import { Settings } from "./server/settings";
import { installModel } from "./server/weights";
import { openSample, setUp, showWalkthroughOnce } from "./start";
import { StatusItem } from "./status";
import { isOn, toggle } from "./suggestions";
import { sentenceOf } from "./words";

/** The parts of the extension that live as long as the window. */
interface Parts {
    /** What is stored for all windows on this machine. */
    memory: Memento;
    server: Server;
    settings: Settings;
    chat: Chat;
    proposals: Proposals;
    reviews: Reviews;
    refactorings: Refactorings;
    status: StatusItem;
    copilot: CopilotChoice;
    nextEdits: NextEdits;
}

/** What the tests in the extension host use; other extensions do not get it. */
interface Internals extends Parts {
    /** The VS Code API that this extension uses: the tests answer its questions there. */
    vscode: typeof vscode;
}

let parts: Parts | undefined;

export function activate(context: ExtensionContext): Internals | undefined {
    parts = build(context);
    context.subscriptions.push(...registerCommands(parts, context.extensionUri));
    const { server, copilot } = parts;
    void server.restart().then(() => copilot.check());
    void showWalkthroughOnce(context);
    return context.extensionMode === ExtensionMode.Test ? { ...parts, vscode } : undefined;
}

export async function deactivate(): Promise<void> {
    await parts?.server.stop();
}

function build(context: ExtensionContext): Parts {
    const status = new StatusItem();
    const settings = new Settings(context.extension);
    const copilot = new CopilotChoice(context.globalState, status);
    const files = new MemoryFiles();
    const need = (): Promise<LanguageClient | undefined> => server.need();
    const proposals = new Proposals(files, need);
    const reviews = new Reviews(files);
    const refactorings = new Refactorings(proposals, reviews, need);
    const server = new Server(context, settings, status, copilot, {
        refactor: (client, argument) => refactorings.fromCodeAction(client, argument),
        explain: (argument) => chat.explainCode(argument),
        nextEdit: (document, position) => nextEdits.ghostText(document, position),
    });
    const nextEdits: NextEdits = new NextEdits(() => server.running, server.ghost);
    const view = new ChatView(context.extensionUri);
    const needs = {
        client: need,
        isRunning: () => server.running !== undefined,
        model: () => status.chatModel,
        refactorings,
    };
    const chat = new Chat(view, needs, context.workspaceState);
    context.subscriptions.push(
        status,
        copilot,
        files,
        proposals,
        reviews,
        server,
        nextEdits,
        chat,
        window.registerWebviewViewProvider(ChatView.id, view, { webviewOptions: { retainContextWhenHidden: true } }),
        status.onDidChange(() => chat.follow()),
        view.onDidReceive(({ type }) => type === "focused" && server.ghost.left()),
    );
    const memory = context.globalState;
    return { memory, server, settings, chat, proposals, reviews, refactorings, status, copilot, nextEdits };
}

function registerCommands({ memory, server, chat, proposals, reviews, refactorings, status, copilot, nextEdits }: Parts, extension: Uri): vscode.Disposable[] {
    const registered: vscode.Disposable[] = [];

    /** Register a command; its failures are shown. */
    function register<Arguments extends unknown[]>(name: string, act: (...args: Arguments) => unknown): void {
        const command = commands.registerCommand(name, async (...args: Arguments) => {
            try {
                await act(...args);
            } catch (error) {
                void showError(sentenceOf(error));
            }
        });
        registered.push(command);
    }

    /** Register a command that needs the server. */
    function registerWithServer<Arguments extends unknown[]>(
        name: string,
        act: (client: LanguageClient, ...args: Arguments) => unknown,
    ): void {
        register(name, async (...args: Arguments) => {
            const client = await server.need();
            await (client && act(client, ...args));
        });
    }

    /** Register a command that needs the server and an open file. */
    function registerInEditor(name: string, act: (client: LanguageClient, editor: TextEditor) => unknown): void {
        register(name, async () => {
            const editor = servedEditor();
            const client = editor && (await server.need());
            await (client && act(client, editor));
        });
    }

    /**
     * Register a command about a change that waits for a decision: in the diff editor, or in the file itself.
     *
     * The title bar of an editor passes the editor's address.
     */
    function registerForChange(
        name: string,
        ofProposal: (proposal: Proposal) => unknown,
        ofReview: (review: Review) => unknown,
    ): void {
        register(name, async (uri?: Uri) => {
            const proposal = proposals.find(uri);
            const review = reviews.current;
            if (proposal !== undefined) {
                await ofProposal(proposal);
            } else if (review !== undefined) {
                await ofReview(review);
            } else {
                void inform("There is no change here to decide on.");
            }
        });
    }

    registerInEditor("homebody.explainSelection", (_client, editor) => chat.explain(editor));
    registerInEditor("homebody.refactorSelection", (client, editor) => refactorings.choose(client, editor));
    register("homebody.inOwnWords", async () => {
        const editor = servedEditor();
        // Its keys have opened an input.
        await (editor ? refactorings.inOwnWords(editor) : commands.executeCommand("workbench.action.closeQuickOpen"));
    });
    registerForChange("homebody.acceptEdit", (proposal) => proposals.accept(proposal), ({ document: { uri } }) => reviews.keep(uri));
    registerForChange("homebody.discardEdit", (proposal) => proposals.close(proposal), ({ document: { uri } }) => reviews.undo(uri));
    const refine = (change: Proposal | Review): Promise<void> => refactorings.refine(change);
    registerForChange("homebody.refineEdit", refine, refine);
    // A command that has a key shows it in the title bar, where there is no room for it.
    register("homebody.decide", (name: "acceptEdit" | "discardEdit") => commands.executeCommand(`homebody.${name}`));
    register("homebody.keepHunk", (uri: Uri, line: number) => reviews.keep(uri, line));
    register("homebody.undoHunk", (uri: Uri, line: number) => reviews.undo(uri, line));
    register("homebody.showNotes", (notes: string[]) => inform(`The change ${notes.join(", ")}.`));
    register("homebody.compareEdit", (uri: Uri | undefined = reviews.current?.document.uri) => uri && reviews.compare(uri));

    register("homebody.openChat", () => chat.open());
    register("homebody.stopAnswer", () => chat.stop());
    register("homebody.newChat", () => chat.begin());
    register("homebody.chatHistory", () => chat.showHistory());
    register("homebody.saveChat", () => chat.save());
    registerWithServer("homebody.showLastPrompt", (client) => showLastPrompt(client));

    register("homebody.toggleSuggestions", () => toggle(status));
    register("homebody.toggleLanguage", async () => {
        const languageId = window.activeTextEditor?.document.languageId;
        await (languageId === undefined
            ? inform("Open a file of that language first.")
            : toggle(status, languageId));
    });
    register("homebody.askForSuggestion", async () => {
        if (isOn()) {
            await commands.executeCommand("editor.action.inlineSuggest.trigger");
        }
    });

    register("homebody.takeNextEdit", () => nextEdits.take());
    register("homebody.rejectNextEdit", () => nextEdits.reject());

    registerWithServer("homebody.writeCommitMessage", (client, source?: SourceControl) =>
        writeCommitMessage(client, source?.rootUri),
    );
    register("homebody.setUp", () => setUp(server, status));
    register("homebody.openSample", () => openSample(extension, server, status));
    register("homebody.openMenu", () => openMenu(server, status, copilot, nextEdits));
    register("homebody.installServer", () => server.install());
    register("homebody.restartServer", () => server.restart());
    register("homebody.removeServer", async () => {
        const had = await server.remove();
        say(had ? "Homebody's private environment is removed." : "There is no private environment.");
    });
    registerWithServer("homebody.switchModel", (client) => switchModel(client, status, memory));
    register("homebody.installModel", async (offer?: Recommendation) => {
        if (server.command === undefined) {
            await server.need();
        }
        if (server.command !== undefined && (await installModel(server.command, server.log, offer))) {
            say("The model is installed.");
            await server.restart();
        }
    });
    registerWithServer("homebody.recommendModel", async (client) => {
        showPage("Models for this machine", await recommendation(client));
    });
    registerWithServer("homebody.checkInstallation", async (client) => {
        const stop = new CancellationTokenSource();
        const { lines } = await runShown<{ lines: Line[] }>(client, "homebody.doctor", {}, "Homebody doctor", stop);
        showPage("Homebody doctor", lines);
    });
    register("homebody.copyLine", async (text: string) => {
        await env.clipboard.writeText(text);
        say("$(check) Copied.");
    });
    return registered;
}

/** The active editor; if the server does not have its document, a message says so. */
function servedEditor(): TextEditor | undefined {
    const editor = window.activeTextEditor;
    if (editor === undefined || !isServed(editor)) {
        void inform("Open a file first: Homebody reads files, notebooks and unsaved texts, and no other pages.");
        return undefined;
    }
    return editor;
}
