// `node ui.js SETTINGS`: a user types in VS Code, takes ghost text by Tab, finds the code actions, asks and changes
// code, and sees the steps of the walkthrough ticked.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, machineSettings, axe: path of its script,
// elsewhere: a server whose next edits are in another file}.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const path = require("node:path");
const { checkAccess } = require("./access");
const { open } = require("./browser");
const { checkNextEdits } = require("./next_edit");
const { cursorAt, ghostText, instructionInput, lens, notification, openChat, openFile, openInstruction, openWalkthrough, press, ready, until } = require("./workbench");

/** The steps of the open walkthrough that are ticked. */
async function tickedSteps(page) {
    const ids = await page.locator('[data-done-step-id][aria-checked="true"]').evaluateAll((all) => all.map((one) => one.dataset.doneStepId));
    return ids.map((id) => id.split("#").at(-1));
}

/** Wait until these steps of the open walkthrough are ticked. */
async function ticked(page, ...steps) {
    await until(async () => {
        const found = await tickedSteps(page);
        return steps.every((step) => found.includes(step));
    });
}

/** Close a tab. */
async function close(page, name) {
    const tab = page.locator(".tab", { hasText: name });
    await tab.hover();
    await tab.locator(".tab-actions .action-label").click();
    await tab.waitFor({ state: "detached" });
}

/** Click on words above a change, until they are gone: VS Code draws them anew at times, and a click between is lost. */
async function decide(page, text) {
    const words = lens(page, text);
    await words.waitFor();
    await until(async () => {
        await words.click({ timeout: 2000 }).catch(() => {});
        return words.waitFor({ state: "detached", timeout: 2000 }).then(() => true, () => false);
    });
}

/** Press *Again*, and wait for the turn that takes the place of the last one. */
async function askAgain(chat) {
    const last = chat.locator("article").last();
    await last.evaluate((element) => (element.isOld = true));
    await chat.getByRole("button", { name: "Again" }).click();
    await until(() => last.evaluate((element) => element.isOld !== true));
    return last;
}

open(async ({ page, settings }) => {
    await openFile(page, settings, "shapes.py");
    await openWalkthrough(page);
    await ticked(page, "server");
    assert.deepEqual(await tickedSteps(page), ["server"]);
    await close(page, "Welcome");
    await page.locator(".editor-instance .view-lines").click();
    await page.keyboard.press("Control+End");
    await cursorAt(page, 2, 5);
    await page.keyboard.type("ret", { delay: 50 });
    await cursorAt(page, 2, 8);
    await until(async () => (await ghostText(page)).includes("width * height"));
    console.log("ok ghost text is seen");

    await page.keyboard.press("Tab");
    const file = path.join(settings.workspace, "shapes.py");
    await until(async () => (await readFile(file, "utf8")).includes("    return width * height"));
    console.log("ok Tab takes it");

    // VS Code closes the menu when it has not finished with what Tab inserted.
    const docstring = page.locator(".action-widget .monaco-list-row", { hasText: "Write a docstring" });
    await press(page, ["Escape", "Control+."], docstring);
    await page.keyboard.press("Escape");
    await page.locator(".action-widget .monaco-list-row").first().waitFor({ state: "detached" });
    console.log("ok the lightbulb has the actions");

    const chat = await openChat(page);
    // The second key of a chord is not text for the input; there is no change to accept.
    await page.keyboard.press("Control+Alt+h");
    await page.keyboard.press("y");
    await page.keyboard.type("How can it be shorter?");
    await page.keyboard.press("Enter");
    await chat.locator(".code pre", { hasText: "return sum(prices)" }).waitFor();
    await chat.locator(".bar").first().waitFor();
    assert.equal(await chat.locator("article h2").innerText(), "How can it be shorter?");
    // What a model writes is never HTML, and the page may load nothing from anywhere.
    assert.equal(await chat.locator(".answer b").count(), 0);
    assert.match(await chat.locator(".answer").innerText(), /<b>No HTML<\/b>/);
    assert.match(await chat.locator("meta[http-equiv]").getAttribute("content"), /^default-src 'none'; style-src [^;]+; script-src 'nonce-[^;]+'; img-src data:;$/);
    console.log("ok the chat answers in the side bar, as text");

    await close(page, "shapes.py");
    const first = await askAgain(chat);
    await first.locator(".code pre", { hasText: "return sum(prices)" }).waitFor();
    await first.locator(".usage").waitFor();
    console.log("ok a question is answered again after its file was closed");

    await chat.locator(".answer .place", { hasText: "prices.py:9" }).click();
    // VS Code moves the focus there after it has shown the tab: keys would go there too.
    await page.locator('.editor-instance .monaco-editor.focused[data-uri$="/prices.py"]').waitFor();
    assert.equal(await chat.locator(".answer .place", { hasText: "this" }).count(), 0);
    assert.match(await chat.locator(".answer").innerText(), /\[this\]\(file:\/\/\/etc\/hosts.py\)/);
    console.log("ok a place in the answer opens the file, and a link that the model wrote does not");

    await chat.locator("#question").fill("Write in a long block");
    await page.keyboard.press("Enter");
    const code = chat.locator("article").last().locator(".code code");
    const isLongerThan = (length) => async () => (await code.textContent()).length > length;
    await until(isLongerThan(60));
    const length = await code.evaluate((element) => {
        element.firstElementChild.isOld = true;
        return element.textContent.length;
    });
    await until(isLongerThan(length + 60));
    assert.equal(await code.evaluate((element) => element.firstElementChild.isOld), true);
    await chat.locator("#send").click();
    await chat.locator("article").last().locator(".note", { hasText: "The answer is not complete." }).waitFor();
    console.log("ok a code block of an answer grows, and what stands there already is left as it is");

    await close(page, "prices.py");
    await askAgain(chat);
    await until(isLongerThan(60));
    await chat.locator("#send").click();
    await chat.locator("article").last().locator(".note", { hasText: "The answer is not complete." }).waitFor();
    console.log("ok a stopped question is asked again after its file was closed");

    await chat.locator("#question").fill("And @pri");
    await chat.locator("#mentions li").first().waitFor();
    await checkAccess(chat, settings);
    console.log("ok axe finds nothing wrong in dark, light and high contrast");

    await openWalkthrough(page);
    await ticked(page, "server", "complete", "ask");

    await openFile(page, settings, "prices.py");
    // VS Code sees what is done only once a walkthrough was opened in the window.
    await openWalkthrough(page);
    await close(page, "Welcome");
    await page.locator(".editor-instance .view-lines").click();
    await page.keyboard.press("Control+Home");
    for (let line = 0; line < 5; line++) {
        await page.keyboard.press("Shift+ArrowDown");
    }
    const prices = path.join(settings.workspace, "prices.py");
    const original = await readFile(prices, "utf8");
    await cursorAt(page, 6, 1, original.split("\n").slice(0, 5).join("\n").length + 1);
    // Keys that come before the input is there must not replace the selection.
    await page.keyboard.press("Control+i");
    await page.keyboard.type("at once", { delay: 0 });
    await instructionInput(page).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".editor-instance .monaco-editor.focused").waitFor();
    await openInstruction(page);
    await page.keyboard.type("with sum()");
    await page.keyboard.press("Escape");
    await page.locator(".editor-instance .monaco-editor.focused").waitFor();
    assert.equal(await readFile(prices, "utf8"), original);
    console.log("ok an instruction is written into an input of its own, and Escape cancels it");

    await openInstruction(page);
    await page.keyboard.type("with sum()");
    await page.keyboard.press("Enter");
    await lens(page, "Keep").waitFor();
    for (const words of ["Accept", "Discard"]) {
        await page.locator(".editor-actions .action-label", { hasText: words }).waitFor();
    }
    await page.locator(".view-lines", { hasText: "return sum(prices)" }).first().waitFor();
    await decide(page, "Undo");
    await until(async () => (await readFile(prices, "utf8")) === original);
    await openInstruction(page);
    await page.keyboard.type("with sum()");
    await page.keyboard.press("Enter");
    await decide(page, "Keep");
    await until(async () => (await readFile(prices, "utf8")).includes("return sum(prices)"));
    console.log("ok what it changes is shown in the editor, where a click undoes or keeps it");

    await press(page, ["Control+Alt+h", "m"], page.locator(".quick-input-widget .monaco-list-row", { hasText: "Switch model" }));
    await page.keyboard.press("Escape");
    await openWalkthrough(page);
    await ticked(page, "refactor", "keys");
    console.log("ok the steps of the walkthrough are ticked once they were done");

    await checkNextEdits(page, settings);

    const before = await readFile(settings.machineSettings, "utf8");
    const wrong = { ...JSON.parse(before), "homebody.server.command": "no-such-homebody" };
    await writeFile(settings.machineSettings, JSON.stringify(wrong));
    await page.locator('.statusbar-item[aria-label*="no-such-homebody"]').waitFor();
    const message = await notification(page, 'there is no program "no-such-homebody"');
    assert.match(await message.textContent(), /Install it, or set its full path/);
    console.log("ok a missing server is reported with what to do");

    await writeFile(settings.machineSettings, before);
    await ready(page);
    console.log("ok it starts once the setting is right");
});
