// `node copilot.js SETTINGS`: Homebody beside an extension with Copilot's id, whose ghost text is "copilot()".
// SETTINGS is JSON: {rig, chromium, url, workspace, failure}.
const assert = require("node:assert/strict");
const { open } = require("./browser");
const { ghostText, notification, openFile, until } = require("./workbench");

const OURS = "urn width * height";
const THEIRS = "copilot()";

open(async ({ page, settings }) => {
    const show = async (name) => {
        await page.keyboard.press("Control+p");
        await page.locator(".quick-input-widget input:focus").waitFor();
        await page.keyboard.type(name);
        await page.locator(".quick-input-widget .monaco-list-row.focused", { hasText: name }).waitFor();
        await page.keyboard.press("Enter");
        await page.locator(`.editor-instance .monaco-editor.focused[data-uri$="/${name}"]`).waitFor();
        await page.keyboard.press("Control+End");
    };
    // Near its beginning: messages cover its end.
    const focusEditor = () => page.locator(".editor-instance .view-lines").click({ position: { x: 40, y: 10 } });
    const homebody = (text) => page.locator(`.statusbar-item[aria-label^="Homebody"][aria-label*="${text}"]`);

    await openFile(page, settings, "shapes.py");
    await page.keyboard.type("ret");
    await until(async () => (await ghostText(page)) === OURS);
    console.log("ok Homebody suggests while Copilot is not active");

    // Copilot becomes active with the first Markdown file, after Homebody has looked for it.
    await show("notes.md");
    await page.locator(".statusbar-item", { hasText: "Copilot stub" }).waitFor();
    await show("shapes.py");
    await homebody("GitHub Copilot suggests as well").waitFor();
    const question = await notification(page, "Who may suggest?");
    const choices = await question.locator(".notification-list-item-buttons-container .monaco-button").allInnerTexts();
    assert.deepEqual(choices.map((text) => text.trim()), ["Homebody", "Copilot", "Both"]);
    await focusEditor();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("t");
    await until(async () => (await ghostText(page)) === THEIRS);
    console.log("ok once it is, one sentence asks who may suggest, and Homebody waits for the choice");

    await (await notification(page, "Who may suggest?")).locator(".monaco-button", { hasText: "Homebody" }).click();
    await homebody("Ready").waitFor();
    await focusEditor();
    await page.keyboard.press("Control+End");
    await page.keyboard.press("Backspace");
    await page.keyboard.type("t");
    await until(async () => (await ghostText(page)) === OURS);
    console.log("ok with the choice of Homebody its ghost text is the only one");
});
