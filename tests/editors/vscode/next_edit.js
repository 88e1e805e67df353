// Next edits in the window, by keys: shown, gone to, accepted, undone, rejected, and never in the way.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const path = require("node:path");
const { cursorAt, ghostText, openFile, until } = require("./workbench");

const OLD = "latin-1";
const NEW = "utf-8";
// Longer than the server waits for the next key.
const SETTLED_MILLISECONDS = 1500;
const NAMES = ["one", "two", "three", "four", "five", "six", "seven"];
const CODE = NAMES.map((name) => `def load_${name}(path):\n    data = read_file(path, encoding="${OLD}")\n    check_${name}(data).early.quick\n    return of_${name}(data).strict\n\n\n`).join("");
const LINES = NAMES.map((_, index) => 6 * index + 2);
const COLUMN = CODE.split("\n")[1].indexOf(OLD) + 1;

/** What is drawn behind the text: VS Code's decorations are in the style alone. */
async function drawn(page) {
    const texts = await page.locator(":is(.editor-instance, .notebookOverlay) .view-line span").evaluateAll((all) =>
        all.map((element) => getComputedStyle(element, "::after").content).filter((content) => content.startsWith('"')),
    );
    return [...new Set(texts)].map((text) => text.slice(1, -1).replaceAll("\u00a0", " ").trim());
}

async function isDrawn(page, ...texts) {
    await until(async () => {
        const all = await drawn(page);
        return texts.every((text) => all.includes(text));
    });
}

async function staysEmpty(page) {
    await until(async () => (await drawn(page)).length === 0);
    await page.waitForTimeout(SETTLED_MILLISECONDS);
    assert.deepEqual(await drawn(page), []);
}

async function goTo(page, line, column) {
    await page.keyboard.press("Control+g");
    await page.locator(".quick-input-widget input:focus").waitFor();
    await page.keyboard.type(`${line}:${column}`);
    await page.keyboard.press("Enter");
    await cursorAt(page, line, column);
    await page.locator(".editor-instance .monaco-editor.focused").waitFor();
}

/** Select a name in a line, and type another one. */
async function retype(page, line, old = OLD, text = NEW) {
    const column = CODE.split("\n")[line - 1].indexOf(old) + 1;
    await goTo(page, line, column);
    for (const _ of old) {
        await page.keyboard.press("Shift+ArrowRight");
    }
    await cursorAt(page, line, column + old.length, old.length);
    await page.keyboard.type(text, { delay: 20 });
    await cursorAt(page, line, column + text.length);
}

exports.checkNextEdits = async function checkNextEdits(page, { machineSettings, workspace, url, elsewhere }) {
    const file = path.join(workspace, "loads.py");
    const before = await readFile(machineSettings, "utf8");
    const set = (more) => writeFile(machineSettings, JSON.stringify({ ...JSON.parse(before), ...more }));
    const saved = (expected) => until(async () => (await readFile(file, "utf8")) === expected);
    await writeFile(file, CODE);
    await openFile(page, { url, workspace }, "loads.py");
    // Next edits do not need ghost text.
    await set({ "homebody.completion.enabled": false });
    await page.locator('.statusbar-item[aria-label*="paused"]').waitFor();

    await retype(page, LINES[0]);
    await retype(page, LINES[1]);
    await isDrawn(page, NEW, `Tab to line ${LINES[2]}`);
    await cursorAt(page, LINES[1], COLUMN + NEW.length);
    const two = CODE.replace(OLD, NEW).replace(OLD, NEW);
    await saved(two);
    console.log("ok after two agreeing edits the next one is drawn, and a label says where");

    await page.keyboard.press("Control+Space");
    const menu = page.locator(".suggest-widget.visible");
    await menu.waitFor();
    await page.keyboard.press("Escape");
    await menu.waitFor({ state: "detached" });
    await isDrawn(page, `Tab to line ${LINES[2]}`);
    console.log("ok while the menu is open, Escape is the menu's");

    await page.locator(".view-line", { hasText: "load_four" }).click();
    await until(async () => (await drawn(page)).length === 0);
    console.log("ok a click elsewhere ends it");

    await retype(page, LINES[2]);
    await isDrawn(page, NEW, `Tab to line ${LINES[3]}`);
    const three = two.replace(OLD, NEW);
    await saved(three);
    await page.keyboard.press("Tab");
    await cursorAt(page, LINES[3], COLUMN);
    await isDrawn(page, NEW, "Tab");
    assert.equal(await readFile(file, "utf8"), three);
    console.log("ok Tab goes there");

    await page.keyboard.press("Tab");
    await saved(three.replace(OLD, NEW));
    await cursorAt(page, LINES[3], COLUMN + NEW.length);
    await isDrawn(page, `Tab to line ${LINES[4]}`);
    console.log("ok Tab again accepts it, and the next one is drawn");

    await page.keyboard.press("Control+z");
    await saved(three);
    await staysEmpty(page);
    console.log("ok one undo takes it back, and nothing is drawn after it");

    for (const line of LINES.slice(0, 3)) {
        await retype(page, line + 2, "strict", "lenient");
    }
    // The server replaces what is not equal: all of the word is drawn.
    await isDrawn(page, "lenient", `Tab to line ${LINES[3] + 2}`);
    // Words that VS Code proposes for what was typed may take the first.
    await until(async () => {
        await page.keyboard.press("Escape");
        return (await drawn(page)).length === 0;
    });
    await retype(page, LINES[3] + 2, "strict", "lenient");
    await staysEmpty(page);
    console.log("ok Escape rejects it, and its pattern does not come back");

    await choose(page, "Pause next edits in this file");
    await choose(page, "Resume next edits in this file", "Escape");
    for (const line of LINES.slice(0, 3)) {
        await retype(page, line + 1, "early", "late");
    }
    await staysEmpty(page);
    await choose(page, "Resume next edits in this file");
    await choose(page, "Pause next edits in this file", "Escape");
    await retype(page, LINES[3] + 1, "early", "late");
    await isDrawn(page, `Tab to line ${LINES[4] + 1}`);
    await page.locator(".view-line", { hasText: "load_four" }).click();
    await until(async () => (await drawn(page)).length === 0);
    console.log("ok in a file in which they are paused there are none");

    await goTo(page, 1, 1);
    await page.keyboard.press("Tab");
    await until(async () => (await readFile(file, "utf8")).startsWith("    def load_one"));
    await page.keyboard.press("Shift+Tab");
    await until(async () => (await readFile(file, "utf8")).startsWith("def load_one"));
    console.log("ok where nothing is shown, Tab indents");

    await checkPlaces(page, { set, workspace, elsewhere });

    await writeFile(machineSettings, before);
    await openFile(page, { url, workspace }, "loads.py");
    await retype(page, LINES[6] + 1, "quick", "slow");
    await retype(page, LINES[5] + 1, "quick", "slow");
    await until(async () => (await ghostText(page)) !== "");
    await staysEmpty(page);
    await page.keyboard.press("ArrowLeft");
    await isDrawn(page, `Tab to line ${LINES[4] + 1}`);
    console.log("ok beside ghost text it is not drawn, and is once that is gone");
};

/** Choose from the menu of the status bar; with another key than Enter, only see that it can be chosen. */
async function choose(page, label, key = "Enter") {
    await page.locator('.statusbar-item[aria-label^="Homebody"]').click();
    const input = page.locator(".quick-input-widget input:focus");
    await input.waitFor();
    await page.keyboard.type(label);
    await page.locator(".quick-input-list .monaco-list-row.focused", { hasText: label }).waitFor();
    await page.keyboard.press(key);
    await input.waitFor({ state: "detached" });
}

/** Next edits as ghost text, as a hint, in a notebook, and in another file. */
async function checkPlaces(page, { set, workspace, elsewhere }) {
    const off = { "homebody.completion.enabled": false };
    const text = (name) => readFile(path.join(workspace, name), "utf8");
    const isSaved = (name, part) => until(async () => (await text(name)).includes(part));

    // A file without the edits that came before.
    await writeFile(path.join(workspace, "loads2.py"), CODE.replaceAll(OLD, (found, at) => (at < CODE.indexOf("load_four") ? NEW : found)));
    await open(page, "loads2.py");
    await page.locator('.editor-instance .monaco-editor.focused[data-uri$="/loads2.py"]').waitFor();
    const behind = COLUMN + NEW.length + 1;
    for (const line of [LINES[0], LINES[1]]) {
        await goTo(page, line, behind);
        await page.keyboard.type(", lines=0", { delay: 20 });
    }
    await isDrawn(page, ", lines=0", `Tab to line ${LINES[2]}`);
    await page.keyboard.press("Tab");
    await until(async () => (await ghostText(page)) === ", lines=0");
    assert.deepEqual(await drawn(page), []);
    await page.keyboard.press("Tab");
    await until(async () => (await text("loads2.py")).split(", lines=0").length === 4);
    console.log("ok what only adds text is ghost text once Tab has gone there");

    // VS Code has read the settings once one of them is seen; its menu of words would take Tab.
    const plain = { ...off, "editor.quickSuggestions": { other: "off" } };
    await set({ ...plain, "editor.lineNumbers": "off", "homebody.nextEdit.enabled": "hint" });
    await page.locator(".editor-instance .line-numbers").first().waitFor({ state: "detached" });
    for (const line of LINES.slice(0, 3)) {
        await retype(page, line + 1, "early", "late");
    }
    await isDrawn(page, `Tab to line ${LINES[3] + 1}`);
    assert.deepEqual(await drawn(page), [`Tab to line ${LINES[3] + 1}`]);
    await page.keyboard.press("Tab");
    await isDrawn(page, "late", "Tab");
    await page.keyboard.press("Tab");
    await isSaved("loads2.py", "check_four(data).late.quick");
    console.log("ok as a hint, only the line is marked until Tab goes there");

    await set(plain);
    await page.locator(".editor-instance .line-numbers").first().waitFor();
    await retype(page, LINES[4] + 1, "quick", "swift");
    await retype(page, LINES[5] + 1, "quick", "swift");
    await isDrawn(page, "swift", `Tab to line ${LINES[6] + 1}`);
    await retype(page, LINES[6] + 1, "quick", "sw");
    await until(async () => (await ghostText(page)) === "ift");
    assert.deepEqual(await drawn(page), []);
    await page.keyboard.press("Tab");
    await isSaved("loads2.py", "check_seven(data).early.swift");
    console.log("ok what is typed of it is not drawn twice, and Tab adds the rest");

    await set(off);
    const source = ["a", "b", "c"].map((name) => `${name} = read_file("${name}", encoding_of_all=1)\n`);
    const cell = { cell_type: "code", id: "cell", metadata: {}, execution_count: null, outputs: [], source };
    await writeFile(path.join(workspace, "loads.ipynb"), JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 }));
    await open(page, "loads.ipynb");
    await page.locator(".notebookOverlay .view-line", { hasText: "read_file" }).first().click();
    await page.locator(".notebookOverlay .monaco-editor.focused").waitFor();
    await page.keyboard.press("Control+Home");
    for (const _ of "ab") {
        await page.keyboard.press("End");
        await page.keyboard.press("ArrowLeft");
        await page.keyboard.press("Backspace");
        await page.keyboard.type("2");
        await page.keyboard.press("ArrowDown");
    }
    await isDrawn(page, "2");
    await page.keyboard.press("Tab");
    await isSaved("loads.ipynb", 'c = read_file(\\"c\\", encoding_of_all=2)');
    console.log("ok a cell of a notebook has them too");

    await writeFile(path.join(workspace, "other2.py"), CODE);
    await open(page, "loads2.py");
    await page.locator('.editor-instance .monaco-editor.focused[data-uri$="/loads2.py"]').waitFor();
    await set({ ...off, "homebody.server.command": elsewhere });
    await page.locator('.statusbar-item[aria-label*="Model: elsewher"]').waitFor();
    await retype(page, LINES[5]);
    await retype(page, LINES[4]);
    await isDrawn(page, `Tab to other2.py:${LINES[3]}`);
    await page.keyboard.press("Tab");
    await page.locator('.editor-instance .monaco-editor.focused[data-uri$="/other2.py"]').waitFor();
    await cursorAt(page, LINES[3], COLUMN);
    assert.equal(await text("other2.py"), CODE);
    console.log("ok for an edit in another file there is its name and line, and Tab opens it there");
}

/** Open a file from the list of files: the search by name does not know new ones at once. */
async function open(page, name) {
    await page.locator(".explorer-folders-view .monaco-list-row", { hasText: name }).first().dblclick();
}
