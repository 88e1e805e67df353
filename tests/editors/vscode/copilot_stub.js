const vscode = require("vscode");
exports.activate = () => {
    const suggests = () => vscode.workspace.getConfiguration("github.copilot").get("enable")["*"];
    vscode.languages.registerInlineCompletionItemProvider({ pattern: "**" }, {
        provideInlineCompletionItems: (_document, position) =>
            suggests() ? [{ insertText: "copilot()", range: new vscode.Range(position, position) }] : [],
    });
    const item = vscode.window.createStatusBarItem();
    item.text = "Copilot stub";
    item.show();
};
