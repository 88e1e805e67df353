// axe's checks of the chat in dark, light and high contrast.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const { until } = require("./workbench");

const THEMES = {
    "Default Dark Modern": "Dark Modern",
    "Default Light Modern": "Light Modern",
    "Default High Contrast": "Default High Contrast",
    "Default High Contrast Light": "Default High Contrast Light",
};

/** Check the page of the chat as it is now, in each theme; `axe` is the path of its script. */
exports.checkAccess = async function checkAccess(chat, { machineSettings, axe }) {
    const own = JSON.parse(await readFile(machineSettings, "utf8"));
    const frame = await (await chat.locator("body").elementHandle()).ownerFrame();
    await frame.evaluate(await readFile(axe, "utf8"));
    for (const [theme, id] of Object.entries(THEMES)) {
        await writeFile(machineSettings, JSON.stringify({ ...own, "workbench.colorTheme": theme }));
        await until(() => frame.evaluate((wanted) => document.body.dataset.vscodeThemeId === wanted, id));
        const violations = await frame.evaluate(async () => {
            // The page is transparent: VS Code draws the side bar behind it.
            document.documentElement.style.background = "var(--vscode-sideBar-background)";
            const { violations: found } = await window.axe.run(document, { resultTypes: ["violations"] });
            return found.flatMap(({ id: rule, nodes }) => nodes.map(({ target }) => `${rule} ${target}`));
        });
        assert.deepEqual(violations, [], theme);
    }
    await writeFile(machineSettings, JSON.stringify(own));
};
