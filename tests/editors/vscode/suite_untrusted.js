// A folder that the user does not trust: its settings and prompts count for nothing.
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { answering, claim, homebody, request, show } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    const editor = await show("rooms.py");
    const extension = await homebody();
    const { server, settings } = extension;
    const actions = async () => {
        const found = await until(async () => {
            const listed = await server.running.sendRequest("textDocument/codeAction", {
                textDocument: { uri: editor.document.uri.toString() },
                range: { start: { line: 0, character: 4 }, end: { line: 0, character: 4 } },
                context: { diagnostics: [], triggerKind: 1 },
            });
            return listed?.length > 0 && listed;
        });
        return found.map(({ title }) => title);
    };

    await claim("the folder is not trusted and the user's server answers", async () => {
        assert.equal(vscode.workspace.isTrusted, false);
        await until(() => server.running);
        await until(async () => (await request(server, "homebody.status", {})).model === "scripted");
    });

    await claim("its settings and its prompts are ignored", async () => {
        assert.equal(settings.section("homebody").backend, undefined);
        assert.ok(!(await actions()).includes("Evil"));
    });

    await claim("a message says so once", async () => {
        const shown = [];
        await answering(extension.vscode.window, "showWarningMessage", async (message) => void shown.push(message), async () => {
            const before = server.running;
            await vscode.commands.executeCommand("homebody.restartServer");
            await until(() => server.running && server.running !== before);
            await until(() => shown.length > 0);
            // Neither another request nor another file shows it again.
            await actions();
            await show("prices.py");
            await actions();
        });
        assert.equal(shown.length, 1, shown.join("\n"));
        assert.match(shown[0], /its prompts are ignored, since the folder is not trusted/);
    });
};
