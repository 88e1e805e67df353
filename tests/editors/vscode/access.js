// axe's checks of the chat in dark, light and high contrast.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const { until } = require("./workbench");

// Each with its id, and VS Code's number for its kind.
const THEMES = {
    "Default Dark Modern": ["Dark Modern", 2],
    "Default Light Modern": ["Light Modern", 1],
    "Default High Contrast": ["Default High Contrast", 3],
    "Default High Contrast Light": ["Default High Contrast Light", 4],
};

/** Check the page of the chat as it is now, in each theme; `axe` is the path of its script. */
exports.checkAccess = async function checkAccess(chat, { machineSettings, axe }) {
    const own = JSON.parse(await readFile(machineSettings, "utf8"));
    const frame = await (await chat.locator("body").elementHandle()).ownerFrame();
    await frame.evaluate(await readFile(axe, "utf8"));
    for (const [theme, [id, kind]] of Object.entries(THEMES)) {
        await writeFile(machineSettings, JSON.stringify({ ...own, "workbench.colorTheme": theme }));
        await until(() => frame.evaluate((wanted) => document.body.dataset.vscodeThemeId === wanted, id));
        await until(() => frame.evaluate((wanted) => document.body.dataset.colours === wanted, String(kind)));
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
