// `node access.js SETTINGS`: axe's checks of the chat in dark, light and high contrast.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, machineSettings, axe: path of its script}.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const { open } = require("./browser");
const { openChat, openFile, until } = require("./workbench");

const THEMES = {
    "Default Dark Modern": "Dark Modern",
    "Default Light Modern": "Light Modern",
    "Default High Contrast": "Default High Contrast",
    "Default High Contrast Light": "Default High Contrast Light",
};

open(async ({ page, settings }) => {
    const own = await readFile(settings.machineSettings, "utf8");
    await openFile(page, settings, "prices.py");
    const chat = await openChat(page);
    await page.keyboard.type("How can it be shorter?");
    await page.keyboard.press("Enter");
    await chat.locator(".usage").waitFor();
    await chat.locator("#question").fill("And @pri");
    await chat.locator("#mentions li").first().waitFor();
    const frame = await (await chat.locator("body").elementHandle()).ownerFrame();
    await frame.evaluate(await readFile(settings.axe, "utf8"));
    for (const [theme, id] of Object.entries(THEMES)) {
        await writeFile(settings.machineSettings, JSON.stringify({ ...JSON.parse(own), "workbench.colorTheme": theme }));
        await until(() => frame.evaluate((wanted) => document.body.dataset.vscodeThemeId === wanted, id));
        const violations = await frame.evaluate(async () => {
            // The page is transparent: VS Code draws the side bar behind it.
            document.documentElement.style.background = "var(--vscode-sideBar-background)";
            const { violations: found } = await axe.run(document, { resultTypes: ["violations"] });
            return found.flatMap(({ id: rule, nodes }) => nodes.map(({ target }) => `${rule} ${target}`));
        });
        assert.deepEqual(violations, [], theme);
    }
    await writeFile(settings.machineSettings, own);
    console.log("ok axe finds nothing wrong in dark, light and high contrast");
});
