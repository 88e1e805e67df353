// Runs the suites of one window, one after the other.
const path = require("node:path");
const vscode = require("vscode");
const { passed } = require("./claims");
const { FOLDERS, until } = require("./workbench");

exports.run = async function run() {
    // Without folders, `exthost.js` reloads the window, and the suites start again.
    await until(() => vscode.workspace.workspaceFolders?.length > 0);
    console.log(FOLDERS);
    for (const suite of passed().suites) {
        await require(path.resolve(__dirname, suite)).run();
    }
};
