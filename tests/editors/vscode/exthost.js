// `node exthost.js SETTINGS`: runs a suite in the extension host of a VS Code window, and prints its claims.
// SETTINGS is JSON: {rig, chromium, url, workspace, extension, failure, suite, folders?}; the suite can read
// all of it.
const { writeFileSync } = require("node:fs");
const path = require("node:path");
const { open } = require("./browser");

const LONGEST_MILLISECONDS = 170_000;

/** Reload the window until it has folders: VS Code may read a workspace's file before remote files can be read. */
async function showFolders(page) {
    const folder = page.locator(".explorer-folders-view .monaco-list-row").first();
    for (let reloads = 0; reloads < 3; reloads++) {
        const shown = await folder.waitFor({ timeout: 15_000 }).then(() => true, () => false);
        if (shown) {
            return;
        }
        await page.reload();
    }
}

open(async ({ page, settings }) => {
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    // VS Code's own log comes the same way.
    await page.exposeFunction("codeAutomationLog", (_kind, words) => {
        if (/^(not )?ok /.test(words[0])) {
            console.log(words.join(" "));
        }
    });
    await page.exposeFunction("codeAutomationExit", end);
    const { url, workspace, extension, suite, folders } = settings;
    writeFileSync(path.join(workspace, ".vscode", "passed.json"), JSON.stringify(settings));
    const remote = `vscode-remote://${new URL(url).host}`;
    const payload = [
        ["extensionDevelopmentPath", remote + extension],
        ["extensionTestsPath", remote + path.resolve(__dirname, suite)],
        ["skipWelcome", "true"],
    ];
    // A workspace with several folders is a file that lists them.
    const opened = folders === undefined ? `folder=${workspace}` : `workspace=${folders}`;
    await page.goto(`${url}/?${opened}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    if (folders !== undefined) {
        await showFolders(page);
    }
    const timer = setTimeout(end, LONGEST_MILLISECONDS, "its time up");
    const code = await ended;
    clearTimeout(timer);
    if (code !== 0) {
        throw new Error(`the suite ended with ${code}`);
    }
});
