// What the suites share: they run inside VS Code's extension host, with the whole `vscode` API.
const { readFileSync } = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");

/** Prove one sentence; prints one line. */
exports.claim = async function claim(sentence, prove) {
    try {
        await prove();
    } catch (error) {
        console.log(`not ok ${sentence}\n${error.stack}`);
        const extension = vscode.extensions.getExtension("homebody.homebody")?.exports;
        console.log(`not ok the chat is ${JSON.stringify(extension?.chat.shown)}`);
        console.log(`not ok the status is ${JSON.stringify(extension?.status.item.tooltip)}`);
        throw error;
    }
    console.log(`ok ${sentence}`);
};

/** Folder of the workspace. */
exports.root = function root() {
    return vscode.workspace.workspaceFolders[0].uri;
};

/** What the test in Python passes on to the suite. */
exports.passed = function passed() {
    return JSON.parse(readFileSync(path.join(exports.root().fsPath, ".vscode", "passed.json"), "utf8"));
};

/** Open a file of the workspace in an editor that has the focus. */
exports.show = async function show(name) {
    const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(exports.root(), name));
    return vscode.window.showTextDocument(document, vscode.ViewColumn.One);
};

/** Put the cursor, or a selection of whole lines, into an editor. */
exports.select = function select(editor, line, character, endLine = line, endCharacter = character) {
    editor.selection = new vscode.Selection(line, character, endLine, endCharacter);
};

/** The activated extension: server, chat, proposals, status. */
exports.homebody = function homebody() {
    return vscode.extensions.getExtension("homebody.homebody").activate();
};

exports.request = function request(server, command, argument) {
    return server.running.sendRequest("workspace/executeCommand", { command, arguments: [argument] });
};

/** Replace a function of an object of VS Code's API while `work` runs. */
exports.answering = async function answering(object, name, answer, work) {
    const own = object[name];
    object[name] = answer;
    try {
        return await work();
    } finally {
        object[name] = own;
    }
};
