// `node keys.js SETTINGS`: types a key on each of some lines, and prints when it was pressed and when ghost text
// was painted for it, in milliseconds since 1970.
const { open } = require("../../tests/editors/vscode/browser");
const { openFile, until } = require("../../tests/editors/vscode/workbench");

const PAUSE_MILLISECONDS = 700;

// Runs in the page: remembers the last key, and the first frame that has ghost text after it.
function watch() {
    const now = () => performance.timeOrigin + performance.now();
    const seen = { pressed: 0, painted: 0 };
    window.homebodySeen = seen;
    window.addEventListener(
        "keydown",
        () => {
            seen.pressed = now();
            seen.painted = 0;
        },
        true,
    );
    const look = () => {
        const isShown = document.querySelector(".ghost-text-decoration") !== null;
        if (isShown && seen.pressed > 0 && seen.painted === 0) {
            // After the frame that is being drawn.
            requestAnimationFrame(() => setTimeout(() => (seen.painted ||= now()), 0));
        }
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true });
}

open(async ({ page, settings }) => {
    await openFile(page, settings, "sums.py");
    await page.evaluate(watch);
    for (let line = 0; line < settings.keys; line++) {
        await page.keyboard.press("Enter");
        await page.waitForTimeout(PAUSE_MILLISECONDS);
        // What is on the screen now is dismissed: the next ghost text comes from the server.
        await page.keyboard.press("Escape");
        await page.locator(".ghost-text-decoration").first().waitFor({ state: "detached" });
        await page.keyboard.press("w");
        const seen = await until(() => page.evaluate(() => window.homebodySeen.painted && window.homebodySeen));
        console.log(`ok [${seen.pressed}, ${seen.painted}]`);
        await page.keyboard.press("Escape");
    }
});
