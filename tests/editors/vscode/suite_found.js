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

    await claim("a command that is no program is reported, and a good one starts the server again", async () => {
        const config = vscode.workspace.getConfiguration("homebody");
        const before = config.get("server.command");
        const set = (value) => config.update("server.command", value, vscode.ConfigurationTarget.Global);
        const shown = [];
        const contexts = [];
        const { executeCommand } = extension.vscode.commands;
        const watch = (...args) => {
            contexts.push(args.join(" "));
            return executeCommand.apply(extension.vscode.commands, args);
        };
        const buttons = [];
        const show = async (message, ...words) => (shown.push(message), void buttons.push(words));
        await answering(extension.vscode.window, "showErrorMessage", show, () =>
            answering(extension.vscode.commands, "executeCommand", watch, async () => {
                await set(path.join(path.dirname(program), "[nothing](command:here)"));
                await until(() => shown.length > 0);
                await until(() => contexts.includes("setContext homebody.isRunning false"));
                assert.match(shown[0], /was not found: there is no program ".*\[nothing\]\u200b\(command:here\)"/);
                assert.deepEqual(buttons[0], ["Install", "Open Settings", "Try Again"]);
                // Not even a text: as if nothing was set.
                await set(["homebody", "lsp"]);
                await until(() => server.running || /there is no program "homebody"/.test(shown[1]));
                await set(before);
                await until(() => server.command === before && server.running);
            }),
        );
    });

    /** Ask who may suggest, with this answer; returns how often the question was shown. */
    const asked = async (answer, act) => {
        const shown = [];
        const choose = async (message) => {
            shown.push(message);
            return answer;
        };
        await answering(extension.vscode.window, "showInformationMessage", choose, act);
        assert.ok(shown.every((message) => /GitHub Copilot suggests .* Who may suggest\?$/.test(message)));
        return shown.length;
    };

    await claim("the Copilot that VS Code brings along counts once the user has signed in", async () => {
        const chat = { isActive: true };
        const own = extension.vscode.extensions.getExtension;
        const stub = (id) => (id === "GitHub.copilot-chat" ? chat : own.call(extension.vscode.extensions, id));
        await answering(extension.vscode.extensions, "getExtension", stub, async () => {
            // Models of Copilot's exist for those who signed in.
            const withModels = (models) =>
                answering(extension.vscode.lm, "selectChatModels", async () => models, () => extension.copilot.check());
            assert.equal(await asked(undefined, () => withModels([])), 0);
            assert.equal(extension.copilot.isOpen, false);
            assert.equal(await asked(undefined, () => withModels([{}])), 1);
            assert.equal(extension.copilot.isOpen, true);
            await until(() => extension.status.item.tooltip.includes("GitHub Copilot suggests as well"));
            assert.equal(await asked(undefined, () => withModels([{}])), 0);
        });
    });

    await claim("Copilot alone, and both, are choices that are kept", async () => {
        const enabled = () => vscode.workspace.getConfiguration("homebody.completion").inspect("enabled").globalValue;
        const before = enabled();
        assert.equal(await asked("Both", () => extension.copilot.ask()), 1);
        assert.equal(enabled(), before);
        assert.equal(extension.copilot.isOpen, false);
        assert.equal(await asked("Copilot", () => extension.copilot.ask()), 1);
        assert.equal(enabled(), false);
        await vscode.workspace.getConfiguration("homebody.completion").update("enabled", before, vscode.ConfigurationTarget.Global);
    });
};
