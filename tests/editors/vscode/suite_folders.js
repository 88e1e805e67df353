// A workspace with three folders: one is off by its `.vscode/settings.json`, one by its `.homebody.toml`.
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { answered, claim, homebody, request, watchQuestions } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    const { server, settings, status } = await homebody();
    // VS Code reads the workspace file and the folders' settings after the window has opened.
    await until(() => vscode.workspace.workspaceFolders?.length === 3);
    const folders = vscode.workspace.workspaceFolders;
    const [lively, quiet, silent] = folders;
    await until(() => server.running);
    await until(async () => (await request(server, "homebody.status", {})).model === "scripted");
    const questions = watchQuestions(server.ghost.requests);

    await claim("each folder's own settings are sent", async () => {
        assert.deepEqual(folders.map(({ name }) => name), ["lively", "quiet", "silent"]);
        const sent = () => folders.map(({ uri }) => settings.section("homebody", uri.toString()).completion ?? {});
        await until(() => sent()[0].maxTokens === 64 && sent()[1].enabled === false);
        assert.equal(sent()[1].maxTokens, undefined);
        assert.equal(sent()[2].enabled, undefined);
    });

    /** Type in a folder until there are suggestions, or none: the server needs a moment for its settings. */
    const follows = async ({ uri }, isSuggested) => {
        const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(uri, "rooms.py"));
        const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
        const end = document.lineAt(document.lineCount - 1).range.end;
        editor.selection = new vscode.Selection(end, end);
        await until(async () => {
            await vscode.commands.executeCommand("type", { text: "r" });
            const { suggested } = await answered(questions);
            await vscode.commands.executeCommand("deleteLeft");
            await answered(questions);
            return (suggested.length > 0) === isSuggested;
        });
    };

    await claim("suggestions are off in two folders and on in the third", async () => {
        await follows(lively, true);
        await follows(quiet, false);
        await until(() => status.item.tooltip.includes("Suggestions are paused."));
        await follows(silent, false);
        await until(() => status.item.tooltip.includes(".homebody.toml"));
        await follows(lively, true);
        await until(() => status.item.tooltip.startsWith("Ready."));
    });

    await claim("a folder's setting that is changed counts for the next suggestion there, and only there", async () => {
        const set = ({ uri }, enabled) =>
            vscode.workspace.getConfiguration("homebody.completion", uri).update("enabled", enabled, vscode.ConfigurationTarget.WorkspaceFolder);
        await set(quiet, undefined);
        await follows(quiet, true);
        await set(lively, false);
        await follows(lively, false);
        await follows(quiet, true);
        await follows(silent, false);
    });
};
