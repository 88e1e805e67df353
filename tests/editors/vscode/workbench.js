// What the scripts do with VS Code's window.
exports.LONGEST_MILLISECONDS = 60_000;
/** A suite asks by this line where the focus is in the window. */
exports.FOCUS = "where is the focus?";
/** The suites say by this line that the window has its folders. */
exports.FOLDERS = "the folders are there";

/** Wait until the extension's server and its model are ready, by the item in the status bar. */
exports.ready = async function ready(page) {
    await page.locator('.statusbar-item[aria-label^="Homebody: Ready"]').waitFor();
};

/** In the page: whether VS Code has stored a state of the workspace that contains this text. */
async function isStored(text) {
    const done = (request) =>
        new Promise((resolve, reject) => {
            request.onsuccess = () => resolve(request.result);
            request.onerror = () => reject(request.error);
        });
    const names = (await indexedDB.databases()).map(({ name }) => name);
    for (const name of names.filter((one) => one.startsWith("vscode-web-state-db"))) {
        const database = await done(indexedDB.open(name));
        const values = await done(database.transaction("ItemTable").objectStore("ItemTable").getAll());
        database.close();
        if (JSON.stringify(values).includes(text)) {
            return true;
        }
    }
    return false;
}

/** Reload the window once texts are in the state that VS Code has stored: it does that later, and not while a page ends. */
exports.reload = async function reload(page, ...texts) {
    for (const text of texts) {
        await exports.until(() => page.evaluate(isStored, text));
    }
    await page.reload();
};

/** Open a window with a file of the workspace's root, and wait until it shows the file and the extension's item. */
exports.openWindow = async function openWindow(page, { url, workspace }, name) {
    const payload = JSON.stringify([["openFile", `vscode-remote://${new URL(url).host}${workspace}/${name}`]]);
    await page.goto(`${url}/?folder=${workspace}&payload=${encodeURIComponent(payload)}`);
    await page.locator('.statusbar-item[aria-label^="Homebody"]').waitFor();
    await page.locator(`.editor-instance .monaco-editor[data-uri$="/${name}"]`).waitFor();
};

/** Open a window with a file of the workspace's root, the cursor at its end, and wait until all is ready. */
exports.openFile = async function openFile(page, settings, name) {
    await exports.openWindow(page, settings, name);
    await exports.ready(page);
    await page.locator(".editor-instance .view-lines").click();
    await page.locator(".editor-instance .monaco-editor.focused").waitFor();
    await page.keyboard.press("Control+End");
};

/**
 * Wait until the cursor is in this line and column, both from 1, with so many characters selected: keys
 * arrive when the window has time.
 */
exports.cursorAt = async function cursorAt(page, line, column, selected = 0) {
    const end = selected > 0 ? ` \\(${selected} selected\\)` : "";
    const text = new RegExp(`Ln ${line}, Col ${column}${end}$`);
    const shown = page.locator('[id="status.editor.selection"]', { hasText: text });
    await shown.waitFor();
};

/** The ghost text that is seen; "" where there is none. */
exports.ghostText = async function ghostText(page) {
    // Its first line stands in the line, the others below it.
    const parts = await page.locator(".ghost-text-decoration, .suggest-preview-text").allTextContents();
    return parts.join("").replaceAll("\u00a0", " ");
};

/** The input for an instruction, once it has the focus. */
exports.instructionInput = function instructionInput(page) {
    return page.locator('.quick-input-widget input[placeholder^="Use pathlib"]:focus');
};

/** Press the key for an instruction, and wait until its input has the focus. */
exports.openInstruction = async function openInstruction(page) {
    await page.keyboard.press("Control+i");
    await exports.instructionInput(page).waitFor();
};

/** Words above a line of the editor that can be clicked. */
exports.lens = function lens(page, text) {
    return page.locator(".codelens-decoration a", { hasText: text }).first();
};

/** A message with this text, in the list of notifications: the tests' VS Code shows no messages beside it. */
exports.notification = async function notification(page, text) {
    const list = page.locator(".notifications-center");
    const shown = list.locator(".notification-list-item", { hasText: text }).first();
    const bell = page.locator('[id="status.notifications"]');
    await exports.until(async () => {
        if (!(await list.isVisible())) {
            await bell.click();
        }
        return shown.waitFor({ timeout: 2000 }).then(() => true, () => false);
    });
    return shown;
};

/** Wait until `found` resolves to something true; reject after `longest` milliseconds. */
exports.until = async function until(found, longest = exports.LONGEST_MILLISECONDS) {
    const end = Date.now() + longest;
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

/** Press keys until `shown` is there: while a window starts, some are lost. */
exports.press = async function press(page, keys, shown) {
    await exports.until(async () => {
        for (const key of keys) {
            await page.keyboard.press(key);
        }
        return shown.waitFor({ timeout: 10_000 }).then(() => true, () => false);
    });
};

/**
 * The page inside the chat's webview, once it takes questions.
 *
 * A locator, which searches for the frame each time: VS Code replaces it when it loads the page again.
 */
exports.openChat = async function openChat(page) {
    const chat = page.frameLocator("iframe.webview").frameLocator("#active-frame");
    await exports.press(page, ["Control+Alt+h", "a"], chat.locator("#question:enabled:focus"));
    return chat;
};

/** Run a command by its name, as the palette shows it. */
exports.runCommand = async function runCommand(page, name) {
    await exports.press(page, ["F1"], page.locator(".quick-input-widget input:focus"));
    await page.keyboard.type(name);
    await page.locator(".quick-input-widget .monaco-list-row.focused", { hasText: name }).waitFor();
    await page.keyboard.press("Enter");
};

/** Open the walkthrough. */
exports.openWalkthrough = async function openWalkthrough(page) {
    await exports.runCommand(page, "Welcome: Open Walkthrough");
    await page.locator(".quick-input-widget .monaco-list-row", { hasText: "Begin with Homebody" }).first().click();
    await page.locator(".getting-started-step.expanded").waitFor();
};

/** In the page: paste or drop what a clipboard or a drag would hold; a browser lets no test fill these. */
exports.give = function give(element, { type, base64, uri }) {
    const transfer = new DataTransfer();
    if (base64 !== undefined) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], "shot.png", { type: "image/png" }));
    } else {
        transfer.setData("text/uri-list", uri);
    }
    const options = { bubbles: true, cancelable: true };
    const event =
        type === "paste"
            ? new ClipboardEvent(type, { ...options, clipboardData: transfer })
            : new DragEvent(type, { ...options, dataTransfer: transfer });
    element.dispatchEvent(event);
};
