// In the extension host: how long the extension takes to load and to activate, in milliseconds.
const vscode = require("vscode");

exports.run = async function run() {
    const extension = vscode.extensions.getExtension("homebody.homebody");
    if (extension.isActive) {
        throw new Error("the extension was active before it could be measured");
    }
    const began = performance.now();
    await extension.activate();
    console.log(`ok [${performance.now() - began}]`);
};
