// A workspace with three folders: one is off by its `.vscode/settings.json`, one by its `.homebody.toml`.
const assert = require("node:assert/strict");
const { copyFileSync, mkdirSync, readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { answered, answering, claim, homebody, passed, request, watchQuestions } = require("./claims");
const { until } = require("./workbench");

exports.run = async function run() {
    const extension = await homebody();
    const { chat, server, settings, status } = extension;
    // VS Code reads the workspace file and the folders' settings after the window has opened.
    await until(() => vscode.workspace.workspaceFolders?.length === 3);
    const folders = vscode.workspace.workspaceFolders;
    const [lively, quiet, silent] = folders;
    // It may start again for the settings that have just been read.
    const reported = () => request(server, "homebody.status", {}).catch(() => undefined);
    await until(async () => server.running !== undefined && (await reported())?.model === "scripted");
    const questions = watchQuestions(server.ghost.requests);

    await claim("each folder's own settings are sent", async () => {
        assert.deepEqual(folders.map(({ name }) => name), ["lively", "quiet", "silent"]);
        const sent = () => folders.map(({ uri }) => settings.section("homebody", uri.toString()).completion ?? {});
        await until(() => sent()[0].maxTokens === 64 && sent()[1].enabled === false);
        assert.equal(sent()[1].maxTokens, undefined);
        assert.equal(sent()[2].enabled, undefined);
    });

    /** Type a letter in a folder and delete it again; returns the texts that were suggested. */
    const suggestedIn = async ({ uri }, name = "rooms.py") => {
        const document = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(uri, name));
        const editor = await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
        const end = document.lineAt(document.lineCount - 1).range.end;
        editor.selection = new vscode.Selection(end, end);
        await vscode.commands.executeCommand("type", { text: "r" });
        const { suggested } = await answered(questions);
        await vscode.commands.executeCommand("deleteLeft");
        await answered(questions);
        return suggested;
    };
    /** Type in a folder until the texts that are suggested are as expected: a file is read ahead in a moment. */
    const typed = (folder, isExpected) => until(async () => isExpected(await suggestedIn(folder)));
    const follows = (folder, isSuggested) => typed(folder, (suggested) => (suggested.length > 0) === isSuggested);

    await claim("what can be attached is listed with the name of its folder", async () => {
        const items = await until(async () => {
            const listed = (await extension.chat.items("rooms.py")).filter(({ kind }) => kind === "file");
            return listed.length === 3 && listed;
        });
        assert.deepEqual(items.map(({ detail }) => detail).sort(), ["lively/rooms.py", "quiet/rooms.py", "silent/rooms.py"]);
    });

    await claim("suggestions are off in two folders and on in the third", async () => {
        await follows(lively, true);
        await follows(quiet, false);
        await until(() => status.item.tooltip.includes("Suggestions are paused."));
        await follows(silent, false);
        await until(() => status.item.tooltip.includes(".homebody.toml"));
        await follows(lively, true);
        await until(() => status.item.tooltip.startsWith("Ready."));
    });

    await claim("a folder's setting that is changed counts for the next suggestion there, and only there", async () => {
        const set = ({ uri }, enabled) =>
            vscode.workspace.getConfiguration("homebody.completion", uri).update("enabled", enabled, vscode.ConfigurationTarget.WorkspaceFolder);
        await set(quiet, undefined);
        await follows(quiet, true);
        await set(lively, false);
        await follows(lively, false);
        await follows(quiet, true);
        await follows(silent, false);
    });

    /** Ask about a file that the scripted model recognizes; returns its answer, or the sentence that refuses. */
    const asked = async (editor) => {
        editor.selection = new vscode.Selection(0, 0, editor.document.lineCount, 0);
        await chat.ask("What is planned?");
        const { state, answer, note } = chat.shown.at(-1);
        return state === "done" ? answer : note;
    };
    const shown = async (uri) => vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), vscode.ViewColumn.One);
    const askedAbout = async ({ uri }, name) => asked(await shown(vscode.Uri.joinPath(uri, name)));
    const { Global, Workspace, WorkspaceFolder } = vscode.ConfigurationTarget;
    const levels = { [Global]: "globalLocalValue", [Workspace]: "workspaceValue", [WorkspaceFolder]: "workspaceFolderValue" };
    /** Set the patterns, and wait until the extension host knows them: on a busy machine, that is a moment later. */
    const ignore = async (patterns, target, scope) => {
        const section = () => vscode.workspace.getConfiguration("homebody.context", scope);
        await section().update("ignore", patterns, target);
        await until(() => JSON.stringify(section().inspect("ignore")[levels[target]]) === JSON.stringify(patterns));
    };

    await claim("what the user ignores is not sent, whatever a workspace, its folders or a remote machine set", async () => {
        const { machineSettings } = passed();
        const machine = JSON.parse(readFileSync(machineSettings, "utf8"));
        const inspected = () => vscode.workspace.getConfiguration("homebody.context", lively.uri).inspect("ignore");
        const setRemote = async (patterns) => {
            writeFileSync(machineSettings, JSON.stringify({ ...machine, "homebody.context.ignore": patterns }));
            await until(() => inspected().globalRemoteValue?.length === patterns?.length);
        };
        await setRemote([]);
        assert.deepEqual(inspected().globalLocalValue, ["private/"]);
        assert.deepEqual([inspected().workspaceValue, inspected().workspaceFolderValue], [[], []]);
        assert.match(await askedAbout(lively, "private/plans.py"), /^plans\.py is never put into a prompt: .*\.$/);
        assert.match(await askedAbout(quiet, "private/plans.py"), /is never put into a prompt/);
        await until(() => status.item.tooltip.startsWith("plans.py is never put into a prompt: "));
        await typed(quiet, ([first]) => {
            assert.notEqual(first, "It leaked.");
            return first !== undefined;
        });
        assert.match(await askedAbout(silent, "private/plans.py"), /is never put into a prompt/);
        await setRemote(undefined);
    });

    await claim("a cell of an excluded notebook and an unsaved text in an excluded folder are not sent", async () => {
        const { executeCommand } = vscode.commands;
        const place = vscode.Uri.joinPath(quiet.uri, "private", "plans.ipynb");
        const cell = { cell_type: "code", source: ["plan = 'sell the house'"], metadata: {}, outputs: [], execution_count: null };
        writeFileSync(place.fsPath, JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
        const notebook = await vscode.workspace.openNotebookDocument(place);
        await vscode.window.showNotebookDocument(notebook);
        await executeCommand("notebook.cell.edit");
        const { document } = notebook.cellAt(0);
        const editor = await until(() => vscode.window.activeTextEditor?.document === document && vscode.window.activeTextEditor);
        assert.match(await asked(editor), /^plans\.ipynb is never put into a prompt: /);
        const unsaved = await shown(vscode.Uri.joinPath(quiet.uri, "private", "next.py").with({ scheme: "untitled" }));
        await unsaved.edit((edit) => edit.insert(new vscode.Position(0, 0), "plan = 'sell the house'\n"));
        assert.match(await asked(unsaved), /^next\.py is never put into a prompt: /);
        await executeCommand("workbench.action.revertAndCloseActiveEditor");
    });

    await claim("a rule that is changed counts for the next question", async () => {
        await ignore(undefined, Global);
        assert.equal(await askedAbout(lively, "private/plans.py"), "It leaked.");
        // What was read for a file keeps its snippets while they are allowed, so it is a new file each time.
        let number = 0;
        await until(async () => {
            await shown(vscode.Uri.joinPath(quiet.uri, "private", "plans.py"));
            const name = `rooms_${++number}.py`;
            copyFileSync(path.join(quiet.uri.fsPath, "rooms.py"), path.join(quiet.uri.fsPath, name));
            const [first] = await suggestedIn(quiet, name);
            return first === "It leaked.";
        });
        await ignore(["private/"], Global);
        assert.match(await askedAbout(lively, "private/plans.py"), /is never put into a prompt/);
        await ignore(undefined, Global);
        await ignore(["plans.py"], Workspace);
        assert.match(await askedAbout(lively, "private/plans.py"), /is never put into a prompt/);
        await ignore(["!plans.py"], WorkspaceFolder, lively.uri);
        assert.match(await askedAbout(lively, "private/plans.py"), /is never put into a prompt/);
    });

    await claim("a broken config.toml is named, a button opens it, and nothing is sent until it is corrected", async () => {
        const file = path.join(process.env.HOMEBODY_CONFIG_DIR, "config.toml");
        const messages = [];
        const press = async (message, ...buttons) => {
            messages.push(message);
            return buttons.find((button) => button === "Open Settings File");
        };
        await answering(extension.vscode.window, "showErrorMessage", press, async () => {
            mkdirSync(path.dirname(file), { recursive: true });
            writeFileSync(file, "[context]\nignor = ['private/']\n");
            await until(() => vscode.window.activeTextEditor?.document.uri.fsPath === file);
        });
        assert.equal(messages.length, 1);
        assert.match(messages[0], /config\.toml.*`context\.ignor`.*`context\.ignore`/);
        await until(() => status.current.kind === "Error" && status.item.tooltip.includes("context.ignor"));
        assert.match(await askedAbout(quiet, "rooms.py"), /context\.ignor/);
        writeFileSync(file, "");
        await until(() => status.current.kind !== "Error");
        assert.equal(await askedAbout(quiet, "rooms.py"), "Nothing.");
    });

    await claim("an invalid value, or a misspelt key, is named in a message that opens the settings", async () => {
        const messages = [];
        const opened = [];
        const press = async (message, ...buttons) => {
            messages.push(message);
            return buttons.find((button) => button === "Open Settings");
        };
        const { window, commands } = extension.vscode;
        const { executeCommand } = commands;
        const open = async (command, ...args) =>
            command === "workbench.action.openRemoteSettings" ? void opened.push(args[0].query) : executeCommand.call(commands, command, ...args);
        await answering(window, "showErrorMessage", press, () =>
            answering(window, "showWarningMessage", press, () =>
                answering(commands, "executeCommand", open, async () => {
                    await ignore("private/", Global);
                    await until(() => opened.length === 1);
                    await ignore(undefined, Global);
                    // VS Code's API changes only settings that exist.
                    const { machineSettings } = passed();
                    const machine = readFileSync(machineSettings, "utf8");
                    writeFileSync(machineSettings, JSON.stringify({ ...JSON.parse(machine), "homebody.context.ignor": ["private/"] }));
                    await until(() => opened.length === 2);
                    writeFileSync(machineSettings, machine);
                }),
            ),
        );
        // The window is a remote one.
        assert.deepEqual(opened, ["homebody.context.ignore", "homebody.context.ignor"]);
        assert.match(messages[0], /`homebody\.context\.ignore` cannot be "private\/"; it has to be a list/);
        assert.match(messages[1], /`homebody\.context\.ignor`.*`homebody\.context\.ignore`/);
    });
};
