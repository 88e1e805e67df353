// What the suites share: they run inside VS Code's extension host, with the whole `vscode` API.
const { existsSync, readFileSync, rmSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { FOCUS, until } = require("./workbench");

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

/** Let the model give the answers of `workspace.toml` that wait for a gate, or not any more. */
exports.openGate = (name) => writeFileSync(path.join(exports.passed().gates, name), "");
exports.closeGate = (name) => rmSync(path.join(exports.passed().gates, name), { force: true });

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

/** The classes of the element that has the focus in the window, and of all around it: `exthost.js` answers. */
exports.focused = async function focused() {
    const answer = path.join(exports.root().fsPath, ".vscode", "focus.txt");
    rmSync(answer, { force: true });
    console.log(FOCUS);
    await until(() => existsSync(answer) && readFileSync(answer, "utf8") !== "");
    return readFileSync(answer, "utf8");
};

/**
 * VS Code's questions for ghost text and their answers, from now on, in order.
 *
 * Each has its place, its kind, whether it found an early request or was caused by us (`again`), and once it has its
 * answer the texts that were suggested.
 */
exports.watchQuestions = function watchQuestions(requests) {
    const questions = [];
    const { asked } = requests;
    requests.asked = async (question, token) => {
        const one = { ...question.place, kind: question.kind, found: foundBy(requests), suggested: undefined };
        questions.push(one);
        const answer = await asked.call(requests, question, token);
        const items = (Array.isArray(answer) ? answer : answer?.items) ?? [];
        one.suggested = items.map(({ insertText }) => insertText);
        return answer;
    };
    return questions;
};

function foundBy({ again, current }) {
    return again !== undefined ? "again" : current !== undefined && current.question === undefined ? "early" : undefined;
}

/** VS Code's question for the text and the cursor as they are now, once it has its answer. */
exports.answered = function answered(questions) {
    const { document, selection } = vscode.window.activeTextEditor;
    const { line, character } = selection.active;
    const uri = document.uri.toString();
    const isHere = (one) => one.uri === uri && one.version === document.version && one.line === line && one.character === character;
    return until(() => questions.find((one) => isHere(one) && one.suggested !== undefined));
};
