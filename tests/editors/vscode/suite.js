// Runs inside VS Code's extension host, with the whole `vscode` API. Each claim prints one line.
const assert = require("node:assert/strict");
const { existsSync } = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { until } = require("./workbench");

const { executeCommand } = vscode.commands;

exports.run = async function run() {
    const root = vscode.workspace.workspaceFolders[0].uri;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(root, "rooms.py"));
    const editor = await vscode.window.showTextDocument(document);
    const extension = vscode.extensions.getExtension("homebody.homebody");
    const server = await extension.activate();

    await claim("the extension starts the server", async () => {
        await until(() => server.running);
        await until(async () => (await status(server)).model === "scripted");
    });

    await claim("a workspace cannot choose the server or where code goes", async () => {
        const { initializationOptions } = server.running.clientOptions;
        assert.equal(initializationOptions().backend.kind, "scripted");
        assert.equal(initializationOptions().backend.url, undefined);
        assert.equal(existsSync(path.join(root.fsPath, "evil.ran")), false);
    });

    await claim("only what is set is sent", async () => {
        const section = server.settings.section("homebody");
        assert.deepEqual(section, { backend: { kind: "scripted" }, completion: { maxTokens: 96 } });
    });

    await claim("ghost text comes while typing and is taken by command", async () => {
        select(editor, document.lineCount - 1, 4);
        await executeCommand("type", { text: "ret" });
        await until(async () => {
            await executeCommand("editor.action.inlineSuggest.commit");
            return document.getText().includes("    return length * height_of_room(length)");
        });
    });

    let docstring;
    await claim("code actions are listed", async () => {
        select(editor, 0, 4);
        const range = editor.selection;
        await until(async () => {
            const actions = await executeCommand("vscode.executeCodeActionProvider", document.uri, range);
            docstring = actions.find((action) => action.title === "Write a docstring");
            return docstring;
        });
        assert.equal(docstring.kind.value, "refactor.rewrite.docstring");
    });

    await claim("a docstring is written by the code action", async () => {
        await executeCommand(docstring.command.command, ...docstring.command.arguments);
        await until(() => document.getText().includes('    """Say how high the room is."""\n'));
    });

    await claim("an explanation streams into a read-only page of text", async () => {
        editor.selection = new vscode.Selection(0, 0, document.lineCount - 1, 0);
        await vscode.window.showTextDocument(document, editor.viewColumn);
        await executeCommand("homebody.explainSelection");
        const page = await until(() => pages().find(({ uri }) => uri.path.endsWith("rooms.py.md")));
        await until(() => page.getText().includes("It computes an area.\n\n---"));
        assert.match(page.getText(), /tokens read, \d+ written/);
        assert.equal(page.languageId, "markdown");
    });

    await claim("the last prompt is shown with what went into it", async () => {
        await executeCommand("homebody.showLastPrompt");
        const page = await until(() => pages().find(({ uri }) => uri.path === "/Last prompt.txt"));
        assert.match(page.getText(), /^Sent to scripted: \d+ tokens, from\n- rooms\.py, lines 1 to /);
        assert.ok(page.getText().includes("def height_of_room(length):"));
    });

    await claim("a server that crashes is there again", async () => {
        const before = server.running.serverProcess.pid;
        process.kill(before, "SIGKILL");
        await until(() => server.running && server.running.serverProcess.pid !== before);
        await until(async () => (await status(server)).kind === "Normal");
    });
};

async function claim(sentence, prove) {
    try {
        await prove();
    } catch (error) {
        console.log(`not ok ${sentence}\n${error.stack}`);
        throw error;
    }
    console.log(`ok ${sentence}`);
}

function select(editor, line, character) {
    editor.selection = new vscode.Selection(line, character, line, character);
}

function pages() {
    return vscode.workspace.textDocuments.filter(({ uri }) => uri.scheme === "homebody");
}

function status(server) {
    return server.running.sendRequest("workspace/executeCommand", { command: "homebody.status", arguments: [{}] });
}
