// In the extension host: how long the extension takes to load and to activate, and until its server is ready, in
// milliseconds.
const vscode = require("vscode");

exports.run = async function run() {
    const extension = vscode.extensions.getExtension("homebody.homebody");
    if (extension.isActive) {
        throw new Error("the extension was active before it could be measured");
    }
    const began = performance.now();
    const { server } = await extension.activate();
    const activated = performance.now();
    await server.need();
    console.log(`ok [${activated - began}, ${performance.now() - began}]`);
};
