// `node ui.js SETTINGS`: a user types in VS Code, takes ghost text by Tab, and finds the code actions.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, machineSettings}.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const path = require("node:path");
const { open } = require("./browser");
const { cursorAt, ghostText, openFile, ready, until } = require("./workbench");

open(async ({ page, settings }) => {
    await openFile(page, settings, "shapes.py");
    await cursorAt(page, 2, 5);
    await page.keyboard.type("ret", { delay: 50 });
    await cursorAt(page, 2, 8);
    await until(async () => (await ghostText(page)).includes("width * height"));
    console.log("ok ghost text is seen");

    await page.keyboard.press("Tab");
    const file = path.join(settings.workspace, "shapes.py");
    await until(async () => (await readFile(file, "utf8")).includes("    return width * height"));
    console.log("ok Tab takes it");

    await page.keyboard.press("Control+.");
    await page.locator(".action-widget .monaco-list-row", { hasText: "Write a docstring" }).waitFor();
    await page.keyboard.press("Escape");
    console.log("ok the lightbulb has the actions");

    const before = await readFile(settings.machineSettings, "utf8");
    const wrong = { ...JSON.parse(before), "homebody.server.command": "no-such-homebody" };
    await writeFile(settings.machineSettings, JSON.stringify(wrong));
    const message = page.locator(".notifications-center .notification-list-item", { hasText: 'there is no program "no-such-homebody"' });
    await page.locator('.statusbar-item[aria-label*="no-such-homebody"]').waitFor();
    await page.locator('[id="status.notifications"]').click();
    await message.waitFor();
    assert.match(await message.textContent(), /Install it, or set its full path/);
    console.log("ok a server that is not there is told with what to do");

    await writeFile(settings.machineSettings, before);
    await ready(page);
    console.log("ok it starts once the setting is right");
});
