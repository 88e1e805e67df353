// A workspace with two folders, each with settings of its own.
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { claim, homebody, request } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    const { server, settings } = await homebody();
    // VS Code reads the workspace file and the folders' settings after the window has opened.
    await until(() => vscode.workspace.workspaceFolders?.length === 2);
    const folders = vscode.workspace.workspaceFolders;
    await until(() => server.running);
    await until(async () => (await request(server, "homebody.status", {})).model === "scripted");

    await claim("each folder's own settings are sent", async () => {
        assert.deepEqual(folders.map(({ name }) => name), ["quiet", "lively"]);
        const sent = () => folders.map(({ uri }) => settings.section("homebody", uri.toString()).completion ?? {});
        await until(() => sent()[0].enabled === false && sent()[1].maxTokens === 64);
        assert.equal(sent()[0].maxTokens, undefined);
    });

    await claim("suggestions are off in one folder and on in the other", async () => {
        const suggested = async ({ uri }) => {
            const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(uri, "rooms.py"));
            const position = { line: document.lineCount - 1, character: 4 };
            const { items } = await server.running.sendRequest("textDocument/inlineCompletion", {
                textDocument: { uri: document.uri.toString() },
                position,
                context: { triggerKind: 2 },
            });
            return items.map(({ insertText }) => insertText);
        };
        const [quiet, lively] = folders;
        assert.match(await until(async () => (await suggested(lively))[0]), /height_of_room/);
        await until(async () => (await suggested(quiet)).length === 0);
        assert.equal((await suggested(lively)).length, 1);
    });
};
