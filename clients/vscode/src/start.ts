/** The first start: the walkthrough, what it sets up, and a file to try ghost text in. */

import { type ExtensionContext, Range, Uri, commands, window, workspace } from "vscode";

import { inform, say } from "./notify";
import type { Server } from "./server/server";
import type { StatusItem } from "./status";

const SHOWN = "homebody.start.shown";
const WALKTHROUGH = "homebody.homebody#start";
// The last line of the sample, in the body of a method.
const SAMPLE_INDENT = " ".repeat(8);
const MODEL_MILLISECONDS = 30_000;

/** Open the walkthrough, once; not where the user wants no page at the start of VS Code. */
export async function showWalkthroughOnce({ globalState }: ExtensionContext): Promise<void> {
    const wantsNone = workspace.getConfiguration("workbench").get("startupEditor") === "none";
    if (!wantsNone && !globalState.get<boolean>(SHOWN)) {
        await globalState.update(SHOWN, true);
        await commands.executeCommand("workbench.action.openWalkthrough", WALKTHROUGH, false);
    }
}

/** Install what is missing, after a question each: the server, then a model. */
export async function setUp(server: Server, status: StatusItem): Promise<void> {
    if (server.running === undefined) {
        await server.install();
    }
    if (server.running === undefined) {
        return;
    }
    await status.fulfils((current) => current?.model !== undefined || current?.fix !== undefined, MODEL_MILLISECONDS);
    if (status.current?.fix === "installModel") {
        await commands.executeCommand("homebody.installModel");
    } else if (status.current?.model !== undefined) {
        say(`$(check) Homebody is ready, with ${status.current.model}.`);
    }
}

/** Open an unsaved file whose last line asks for a suggestion, and ask for it. */
export async function openSample(extension: Uri, server: Server, status: StatusItem): Promise<void> {
    const sample = new TextDecoder().decode(await workspace.fs.readFile(Uri.joinPath(extension, "media", "sample.txt")));
    const content = sample + SAMPLE_INDENT;
    const document = await workspace.openTextDocument({ language: "python", content });
    const end = document.lineAt(document.lineCount - 1).range.end;
    const { selection } = await window.showTextDocument(document, { selection: new Range(end, end) });
    await server.need();
    if (!(await status.fulfils((current) => current?.model !== undefined, MODEL_MILLISECONDS))) {
        void inform(status.current?.message || "No model answers yet: the first step of the walkthrough sets one up.");
        return;
    }
    if (window.activeTextEditor?.document === document && window.activeTextEditor.selection.isEqual(selection)) {
        await commands.executeCommand("homebody.askForSuggestion");
    }
}
