// `node picture.js SETTINGS`: takes the pictures that SETTINGS names, of what a user sees.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, pictures: {name of a shot: path}}.
const { writeFile } = require("node:fs/promises");
const { ghostText, lens, openChat, openFile, openInstruction, openWalkthrough, until } = require("./workbench");
const { open } = require("./browser");

// What is typed before the picture of ghost text is taken, and what has to stand in it.
const TYPED = "    def area(self) -> float:";
const EXPECTED = "return self.side";
const READING_MILLISECONDS = 4000;

const SHOTS = {
    /** Ghost text, and the status item's hover. */
    async completion(page, settings) {
        await openFile(page, settings, "shapes.py");
        await page.keyboard.press("Control+b");
        await page.keyboard.type(TYPED, { delay: 60 });
        // As people do at a line's end; the model reads meanwhile.
        await page.waitForTimeout(READING_MILLISECONDS);
        await page.keyboard.press("Enter");
        await until(async () => (await ghostText(page)).includes(EXPECTED));
        await page.locator('.statusbar-item[aria-label^="Homebody"]').hover();
        await page.locator(".workbench-hover", { hasText: "Context length" }).waitFor();
    },

    /** The answer to a question about a file, with its sources. */
    async chat(page, settings) {
        await openFile(page, settings, "total.py");
        const chat = await openChat(page);
        await page.keyboard.type("What does total do?");
        await page.keyboard.press("Enter");
        await chat.locator(".usage").waitFor();
        await chat.locator("summary").first().click();
    },

    /** What an instruction changed, in the editor, to keep or undo. */
    async instruction(page, settings) {
        await openFile(page, settings, "total.py");
        await page.keyboard.press("Control+b");
        await page.keyboard.press("Control+Home");
        await openInstruction(page);
        await page.keyboard.type("use sum()");
        await page.keyboard.press("Enter");
        await lens(page, "Keep").waitFor();
    },

    /** A change in the diff editor, with Accept, Discard and Refine in its title. */
    async diff(page, settings) {
        await openFile(page, settings, "total.py");
        await page.keyboard.press("Control+b");
        await page.keyboard.press("Control+Home");
        await page.keyboard.press("Control+Alt+h");
        await page.keyboard.press("r");
        await page.locator(".quick-input-widget .monaco-list-row", { hasText: "Simplify" }).first().click();
        await page.locator(".modified .view-lines", { hasText: "return sum(prices)" }).first().waitFor();
    },

    /** The menu of the status item. */
    async menu(page, settings) {
        await openFile(page, settings, "total.py");
        await page.keyboard.press("Control+b");
        await page.locator('.statusbar-item[aria-label^="Homebody"]').click();
        await page.locator(".quick-input-widget .monaco-list-row", { hasText: "Switch model" }).waitFor();
    },

    /** The models that can be chosen. */
    async models(page, settings) {
        await SHOTS.menu(page, settings);
        await page.keyboard.type("Switch model");
        await page.keyboard.press("Enter");
        await page.locator(".quick-input-widget .monaco-list-row", { hasText: "Automatic" }).waitFor();
    },

    /** What the doctor found. */
    async doctor(page, settings) {
        await SHOTS.menu(page, settings);
        await page.keyboard.type("Doctor");
        await page.keyboard.press("Enter");
        await page.frameLocator("iframe.webview").frameLocator("#active-frame").locator("h2").first().waitFor();
    },

    /** The walkthrough. */
    async walkthrough(page, settings) {
        await openFile(page, settings, "total.py");
        await openWalkthrough(page);
    },
};

/** Playwright writes no WebP, which is a third of a PNG's size; Chromium does. */
async function take(page, session, picture) {
    if (!picture.endsWith(".webp")) {
        await page.screenshot({ path: picture, animations: "disabled" });
        return;
    }
    const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 80 });
    await writeFile(picture, data, "base64");
}

open(async ({ page, settings, session }) => {
    await page.setViewportSize({ width: 960, height: 560 });
    for (const [shot, picture] of Object.entries(settings.pictures)) {
        await SHOTS[shot](page, settings);
        await take(page, session, picture);
        console.log(`ok ${picture}`);
    }
});
