// When the server is asked for ghost text while one types: what it received, in order, is in a file.
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const vscode = require("vscode");
const { answered, answering, claim, closeGate, focused, homebody, openGate, passed, root, show, watchQuestions } = require("./claims");
const { until } = require("./workbench");

const { executeCommand } = vscode.commands;
const ASKS = "textDocument/inlineCompletion";

exports.run = async function run() {
    const { document } = await show("rooms.py");
    // The script's answers depend on what is in the file, so what other suites wrote goes.
    const edit = new vscode.WorkspaceEdit();
    edit.delete(document.uri, new vscode.Range(5, 4, document.lineCount, 0));
    await vscode.workspace.applyEdit(edit);
    const extension = await homebody();
    const { server } = extension;
    const { recorder, received } = passed();
    const { requests } = server.ghost;
    const config = vscode.workspace.getConfiguration();
    const set = (name, value) => config.update(name, value, vscode.ConfigurationTarget.Global);
    const command = config.get("homebody.server.command");
    const uri = document.uri.toString();

    /** What the server received of this document's, or of all. */
    const messages = () => readFileSync(received, "utf8").split("\n").slice(0, -1).map((line) => JSON.parse(line));
    const asks = () => messages().filter(({ method }) => method === ASKS);
    const isCancelled = ({ id }) => messages().some(({ cancels }) => cancels === id);
    const at = ({ version, line, character }) => `${version} ${line}:${character}`;

    const questions = watchQuestions(requests);
    let keys = 0;
    let lastKey = 0;
    const { typed } = requests;
    requests.typed = (place) => {
        typed.call(requests, place);
        keys += 1;
        lastKey = performance.now();
    };

    /** A key: long enough after the one before that VS Code asks for both. */
    const press = async (command, argument) => {
        await until(() => performance.now() - lastKey >= 50);
        await executeCommand(command, argument);
        return answered(questions);
    };
    const type = (text) => press("type", { text });
    /** Have a line of its own at the end of the file, with the cursor behind it. */
    const begin = async (text) => {
        const editor = await vscode.window.showTextDocument(document);
        const { end } = document.lineAt(document.lineCount - 1).range;
        await editor.edit((edit) => edit.insert(end, `\n\n\n${text}`));
        const last = document.lineAt(document.lineCount - 1).range.end;
        editor.selection = new vscode.Selection(last, last);
        await until(() => editor.selection.active.isEqual(last));
        return editor;
    };

    // VS Code's menu would have it ask for the item that is selected there.
    const off = { other: "off", comments: "off", strings: "off" };
    await set("editor.quickSuggestions", off);
    await set("homebody.server.command", recorder);
    await until(() => server.command === recorder && server.running);
    await until(() => messages().some(({ method }) => method === "textDocument/didOpen"));
    await until(() => server.running.sendRequest("workspace/executeCommand", { command: "homebody.status", arguments: [{}] })
        .then(({ model }) => model === "scripted"));

    await claim("a key is asked for before VS Code asks, and once", async () => {
        await begin("room");
        assert.equal((await type("a")).found, undefined);
        for (const text of ["b", "c", "d"]) {
            assert.equal((await type(text)).found, "early", text);
        }
    });

    await claim("a bracket that closes itself is asked for in between", async () => {
        await type("(");
        const question = await type("x");
        assert.equal(question.found, "early");
        assert.match(document.lineAt(question.line).text.slice(question.character), /^\)/);
    });

    await claim("Backspace is asked for before VS Code asks", async () => {
        assert.equal((await press("deleteLeft")).found, "early");
    });

    await claim("a new line is asked for before VS Code asks", async () => {
        assert.equal((await type("\n")).found, "early");
    });

    await claim("the server was asked once for each key, after the change, and nothing was cancelled", () => {
        assert.deepEqual(asks().map(at), questions.map(at));
        assert.equal(new Set(asks().map(at)).size, asks().length);
        assert.deepEqual(asks().filter(isCancelled), []);
    });

    await claim("what no key did is not asked for early", async () => {
        const before = keys;
        const editor = await begin("");
        const changed = async (act) => {
            const { version } = document;
            await act();
            await until(() => document.version > version);
        };
        await changed(() => executeCommand("undo"));
        const edit = new vscode.WorkspaceEdit();
        edit.insert(document.uri, new vscode.Position(0, 0), "# A line of another extension's.\n");
        await changed(() => vscode.workspace.applyEdit(edit));
        const elsewhere = new vscode.WorkspaceEdit();
        const prices = vscode.Uri.joinPath(root(), "prices.py");
        elsewhere.insert(prices, new vscode.Position(0, 0), "# Another file.\n");
        await vscode.workspace.applyEdit(elsewhere);
        editor.selections = [new vscode.Selection(0, 0, 0, 0), new vscode.Selection(1, 0, 1, 0)];
        await changed(() => executeCommand("type", { text: "#" }));
        await until(() => editor.selections.every(({ active }) => active.character === 1));
        assert.equal(keys, before);
    });

    await claim("a key that follows cancels the request before it", async () => {
        closeGate("slowly");
        await begin("slowly =");
        await executeCommand("type", { text: " " });
        const first = await until(() => asks().find(({ version }) => version === document.version));
        await executeCommand("type", { text: "z" });
        await until(() => isCancelled(first));
        openGate("slowly");
        await answered(questions);
    });

    await claim("while suggestions are off nothing is asked for before VS Code asks", async () => {
        await begin("room");
        await type("a");
        await executeCommand("homebody.toggleSuggestions");
        assert.equal((await type("b")).found, undefined);
        assert.equal((await type("c")).found, undefined);
        await executeCommand("homebody.toggleSuggestions");
    });

    await claim("settings that are changed while one types count for the next suggestion", async () => {
        let functions = 0;
        /** Type until there are suggestions, or none: the server needs a moment for its settings. */
        const follows = (isSuggested) => until(async () => {
            // Always elsewhere: a suggestion that one types along stays.
            await begin(`def depth_${++functions}(length):\n    `);
            return ((await type("r")).suggested.length > 0) === isSuggested;
        });
        await follows(true);
        await set("homebody.completion.enabled", false);
        await follows(false);
        assert.match(extension.status.item.tooltip, /Suggestions are paused\./);
        await set("homebody.completion.enabled", undefined);
        await follows(true);
        await set("homebody.completion.trigger", "manual");
        await follows(false);
        await executeCommand("homebody.askForSuggestion");
        await until(() => questions.some(({ kind, version, suggested }) => kind === "explicit" && version === document.version && suggested?.length > 0));
        await set("homebody.completion.trigger", undefined);
        await follows(true);
        await set("homebody.completion.minConfidence", 0.99);
        await follows(false);
        await until(() => /not sure enough/.test(extension.status.item.tooltip));
        await set("homebody.completion.minConfidence", undefined);
        await follows(true);
    });

    await claim("the last key before the server is ready gets a suggestion once it is", async () => {
        const editor = await begin("def depth_0(length):\n    ");
        await server.stop();
        await executeCommand("type", { text: "r" });
        await until(() => editor.selection.active.character === 5);
        assert.ok(questions.at(-1).version < document.version);
        await executeCommand("homebody.restartServer");
        const { found, suggested } = await answered(questions);
        assert.equal(found, "again");
        assert.ok(suggested.length > 0);
        await until(async () => {
            await executeCommand("editor.action.inlineSuggest.commit");
            return document.getText().endsWith("return length * length");
        });
    });

    await claim("a suggestion that needs more of the file than the first request has comes without a key", async () => {
        const lines = Array.from({ length: 100 }, (_, number) => `room_${number} = ${number} * width`);
        lines[70] = "# Far above";
        await begin([...lines, "vast ="].join("\n"));
        await type(" ");
        await until(async () => {
            await executeCommand("editor.action.inlineSuggest.commit");
            return document.getText().endsWith("vast = room_1");
        });
    });

    await claim("a suggestion that comes late leaves the focus where it is", async () => {
        const shown = [];
        const note = async (message) => void shown.push(message);
        const elsewhere = { "workbench.files.action.focusFilesExplorer": /explorer-folders-view/, "workbench.panel.output.focus": /panel/ };
        // With its menu, VS Code stops waiting after 750 ms; no word here has this letter, so the menu stays empty.
        await set("editor.quickSuggestions", undefined);
        await answering(extension.vscode.window, "showErrorMessage", note, async () => {
            for (const [goThere, part] of Object.entries(elsewhere)) {
                closeGate("slowly");
                await begin("slowly = ");
                await executeCommand("workbench.action.focusActiveEditorGroup");
                await executeCommand("type", { text: "z" });
                const { version } = document;
                const isKept = () => requests.again === undefined && requests.current?.question?.isCancellationRequested;
                await until(isKept);
                await executeCommand(goThere);
                await until(async () => part.test(await focused()));
                openGate("slowly");
                await until(() => !isKept());
                assert.match(await focused(), part);
                assert.equal(document.version, version);
            }
        });
        assert.deepEqual(shown, []);
        await set("editor.quickSuggestions", off);
    });

    await claim("a server that is killed while one types is there again, and every key is in the text", async () => {
        const shown = [];
        const note = async (message) => void shown.push(message);
        await answering(extension.vscode.window, "showErrorMessage", note, async () => {
            closeGate("slowly");
            await begin("slowly =");
            const started = () => messages().findLastIndex(({ pid }) => pid !== undefined);
            const before = started();
            await executeCommand("type", { text: " " });
            await until(() => asks().some(({ version }) => version === document.version));
            process.kill(messages()[before].pid, "SIGKILL");
            for (const text of "roomy") {
                await executeCommand("type", { text });
            }
            assert.ok(document.lineAt(document.lineCount - 1).text.endsWith("slowly = roomy"));
            openGate("slowly");
            const isOpen = ({ method, uri: opened }) => method === "textDocument/didOpen" && opened === uri;
            await until(() => started() > before && messages().slice(started()).some(isOpen));
            await begin("slowly =");
            await type(" ");
            await until(async () => {
                await executeCommand("editor.action.inlineSuggest.commit");
                return document.lineAt(document.lineCount - 1).text.endsWith("slowly = zero");
            });
        });
        assert.deepEqual(shown, []);
    });

    await set("homebody.server.command", command);
    await set("editor.quickSuggestions", undefined);
};
