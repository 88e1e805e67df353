// `node exthost.js SETTINGS`: runs suites in the extension host of a VS Code window, and prints their claims.
// SETTINGS is JSON: {rig, chromium, url, workspace, extension, failure, suites, folders?}; the suites can read
// all of it.
const { writeFile } = require("node:fs/promises");
const path = require("node:path");
const { open } = require("./browser");
const { FOCUS, FOLDERS, until } = require("./workbench");

const LONGEST_MILLISECONDS = 590_000;

/** In the page: the classes of the element with the focus and of all around it, from the inside. */
function focused() {
    const classes = [];
    for (let element = document.activeElement; element !== null; element = element.parentElement) {
        classes.push(element.className);
    }
    return classes.join(" ");
}

/** Reload the window until it has folders: VS Code may read a workspace's file before remote files can be read. */
async function showFolders(page, hasFolders) {
    // Longer each time, for a machine that is only slow.
    for (const longest of [15_000, 30_000, 60_000]) {
        if (await until(hasFolders, longest).catch(() => false)) {
            return;
        }
        await page.reload();
    }
}

open(async ({ page, settings }) => {
    const { url, workspace, extension, folders } = settings;
    let end;
    let hasFolders = false;
    const ended = new Promise((resolve) => (end = resolve));
    // VS Code's own log comes the same way.
    await page.exposeFunction("codeAutomationLog", async (_kind, words) => {
        if (/^(not )?ok /.test(words[0])) {
            console.log(words.join(" "));
        } else if (words[0] === FOLDERS) {
            hasFolders = true;
        } else if (words[0] === FOCUS) {
            await writeFile(path.join(workspace, ".vscode", "focus.txt"), await page.evaluate(focused));
        }
    });
    await page.exposeFunction("codeAutomationExit", end);
    await writeFile(path.join(workspace, ".vscode", "passed.json"), JSON.stringify(settings));
    const remote = `vscode-remote://${new URL(url).host}`;
    const payload = [
        ["extensionDevelopmentPath", remote + extension],
        ["extensionTestsPath", remote + path.resolve(__dirname, "suites.js")],
        ["skipWelcome", "true"],
    ];
    // A workspace with several folders is a file that lists them.
    const opened = folders === undefined ? `folder=${workspace}` : `workspace=${folders}`;
    await page.goto(`${url}/?${opened}&payload=${encodeURIComponent(JSON.stringify(payload))}`);
    if (folders !== undefined) {
        await showFolders(page, () => hasFolders);
    }
    const timer = setTimeout(end, LONGEST_MILLISECONDS, "its time up");
    const code = await ended;
    clearTimeout(timer);
    if (code !== 0) {
        throw new Error(`the suites ended with ${code}`);
    }
});
