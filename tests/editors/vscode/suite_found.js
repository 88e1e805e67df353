// Where the server is found, what is reported about another version, and what happens if Copilot is active.
const assert = require("node:assert/strict");
const path = require("node:path");
const vscode = require("vscode");
const { answering, claim, homebody, passed, show } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    await show("rooms.py");
    const extension = await homebody();
    const { server } = extension;
    const { program, other } = passed();
    await until(() => server.running);
    const warnings = [];
    const wanted = new RegExp(`the server \\(.*\\) is ${other.replaceAll(".", "\\.")}: update the extension`);

    await claim("the selected Python environment comes before the PATH", async () => {
        const python = { isActive: true, exports: { environments: { getActiveEnvironmentPath: () => ({ path: path.join(path.dirname(program), "python") }) } } };
        const own = extension.vscode.extensions.getExtension;
        const stub = (id) => (id === "ms-python.python" ? python : own.call(extension.vscode.extensions, id));
        const config = vscode.workspace.getConfiguration("homebody");
        const before = config.get("server.command");
        await answering(extension.vscode.window, "showWarningMessage", async (message) => void warnings.push(message), () =>
            answering(extension.vscode.extensions, "getExtension", stub, async () => {
                await config.update("server.command", "homebody", vscode.ConfigurationTarget.Global);
                await until(() => server.command === program && server.running);
                await until(() => warnings.some((warning) => wanted.test(warning)));
                await config.update("server.command", before, vscode.ConfigurationTarget.Global);
                await until(() => server.command === before && server.running);
            }),
        );
    });

    await claim("a server of another version is named with what to update", () => {
        assert.equal(warnings.filter((warning) => wanted.test(warning)).length, 1);
    });
};
