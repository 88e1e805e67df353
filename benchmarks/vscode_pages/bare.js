// An extension that does nothing but give VS Code ghost text: its answer is ready so many milliseconds after the
// host reports the change of the text, without a server. What it takes is VS Code's own time.
// Set where it is packed: `COMPLETION`, its text, and `TIMES`, a file that gets when each answer was begun and when it
// was ready, in milliseconds since 1970.
const fs = require("node:fs");
const vscode = require("vscode");

const now = () => performance.timeOrigin + performance.now();

exports.activate = () => {
    // The scripts wait for Homebody's item.
    const item = vscode.window.createStatusBarItem();
    item.text = "Bare";
    item.accessibilityInformation = { label: "Homebody: Ready" };
    item.show();
    let answer;
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) {
            const began = now();
            const delay = Number(/takes (\d+) ms/.exec(document.lineAt(0).text)[1]);
            answer = delay === 0 ? { began, ended: began } : later(delay).then(() => ({ began, ended: now() }));
        }
    });
    vscode.languages.registerInlineCompletionItemProvider({ scheme: "file" }, {
        provideInlineCompletionItems: async (document, position) => {
            const { began, ended } = await answer;
            setImmediate(() => fs.appendFileSync(TIMES, `${began} ${ended}\n`));
            return [new vscode.InlineCompletionItem(COMPLETION, new vscode.Range(position, position))];
        },
    });
};

const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
