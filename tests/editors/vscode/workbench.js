// What the scripts do with VS Code's window.
const LONGEST_MILLISECONDS = 60_000;

/** Wait until the extension's server and its model are ready, by the item in the status bar. */
exports.ready = async function ready(page) {
    await page.locator('.statusbar-item[aria-label^="Homebody: Ready"]').waitFor();
};

/** Open a window with a file of the workspace's root, the cursor at its end, and wait until all is ready. */
exports.openFile = async function openFile(page, { url, workspace }, name) {
    page.setDefaultTimeout(LONGEST_MILLISECONDS);
    const payload = JSON.stringify([["openFile", `vscode-remote://${new URL(url).host}${workspace}/${name}`]]);
    await page.goto(`${url}/?folder=${workspace}&payload=${encodeURIComponent(payload)}`);
    await exports.ready(page);
    await page.locator(".editor-instance .view-lines").click();
    await page.locator(".editor-instance .monaco-editor.focused").waitFor();
    await page.keyboard.press("Control+End");
};

/** Wait until the cursor is in this line and column, both from 1: keys arrive when the window has time. */
exports.cursorAt = async function cursorAt(page, line, column) {
    const shown = page.locator('[id="status.editor.selection"]', { hasText: new RegExp(`Ln ${line}, Col ${column}$`) });
    await shown.waitFor();
};

/** The ghost text that is seen; "" where there is none. */
exports.ghostText = async function ghostText(page) {
    // Its first line stands in the line, the others below it.
    const parts = await page.locator(".ghost-text-decoration, .suggest-preview-text").allTextContents();
    return parts.join("").replaceAll("\u00a0", " ");
};

/** Wait until `found` resolves to something true. */
exports.until = async function until(found) {
    const end = Date.now() + LONGEST_MILLISECONDS;
    for (;;) {
        const value = await found();
        if (value) {
            return value;
        }
        if (Date.now() > end) {
            throw new Error(`it did not happen: ${found}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
};

/** The page inside the chat's webview. */
exports.chatFrame = async function chatFrame(page) {
    return exports.until(async () => {
        for (const frame of page.frames()) {
            if (await frame.locator("#question").count().catch(() => 0)) {
                return frame;
            }
        }
    });
};
