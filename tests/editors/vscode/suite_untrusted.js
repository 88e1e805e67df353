// A folder that the user does not trust: its settings and prompts count for nothing.
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { claim, homebody, request, show } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    const editor = await show("rooms.py");
    const { server, settings } = await homebody();

    await claim("the folder is not trusted and the user's server answers", async () => {
        assert.equal(vscode.workspace.isTrusted, false);
        await until(() => server.running);
        await until(async () => (await request(server, "homebody.status", {})).model === "scripted");
    });

    await claim("its settings and its prompts are ignored", async () => {
        assert.equal(settings.section("homebody").backend, undefined);
        const found = await until(async () => {
            const actions = await server.running.sendRequest("textDocument/codeAction", {
                textDocument: { uri: editor.document.uri.toString() },
                range: { start: { line: 0, character: 4 }, end: { line: 0, character: 4 } },
                context: { diagnostics: [], triggerKind: 1 },
            });
            return actions?.length > 0 && actions;
        });
        assert.ok(!found.some(({ title }) => title === "Evil"));
    });
};
