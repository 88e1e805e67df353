// No server anywhere: the extension makes an environment of its own, if the user agrees.
const assert = require("node:assert/strict");
const vscode = require("vscode");
const { answering, claim, homebody, request, show } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    await show("rooms.py");
    const extension = await homebody();
    const { server, status } = extension;

    await claim("without a server a message offers to install one", async () => {
        await until(() => status.item.tooltip.includes("was not found"));
        const offered = [];
        await answering(extension.vscode.window, "showErrorMessage", async (...words) => void offered.push(words), () =>
            server.restart(),
        );
        assert.ok(offered[0].includes("Install"));
    });

    await claim("the private environment is made from the bundled wheels and serves", async () => {
        const details = [];
        const agree = async (_question, options, choice) => {
            details.push(options.detail);
            return choice;
        };
        const failed = [];
        const fail = async (message) => void failed.push(message);
        await answering(extension.vscode.window, "showErrorMessage", fail, () =>
            answering(extension.vscode.window, "showInformationMessage", agree, () => server.install()),
        );
        assert.deepEqual(failed, []);
        assert.match(details[0], /nothing is downloaded/);
        await until(() => server.running);
        assert.ok(server.command.includes("globalStorage"));
        await until(async () => (await request(server, "homebody.status", {})).model === "scripted");
    });

    await claim("it is removed on request", async () => {
        await answering(extension.vscode.window, "showErrorMessage", async () => undefined, () =>
            vscode.commands.executeCommand("homebody.removeServer"),
        );
        assert.equal(await server.environment.command(), undefined);
    });
};
