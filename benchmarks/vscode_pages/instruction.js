// `node instruction.js SETTINGS`: presses the key for an instruction, and prints when it was pressed and when its input
// had the focus, in milliseconds since 1970.
const { open } = require("../../tests/editors/vscode/browser");
const { openFile } = require("../../tests/editors/vscode/workbench");

const INPUT = '.quick-input-widget input[placeholder^="A function"]';

// Runs in the page: `homebodyFocused` resolves once the input has the focus after the next key.
function watch(input) {
    let pressed;
    window.addEventListener("keydown", ({ timeStamp }) => (pressed ??= performance.timeOrigin + timeStamp), { capture: true, once: true });
    window.homebodyFocused = new Promise((resolve) => {
        const look = () => {
            if (pressed !== undefined && document.activeElement?.matches(input)) {
                resolve([pressed, performance.timeOrigin + performance.now()]);
            } else {
                requestAnimationFrame(look);
            }
        };
        look();
    });
}

open(async ({ page, settings }) => {
    await openFile(page, settings, "sums.py");
    for (let time = 0; time < settings.keys; time++) {
        await page.evaluate(watch, INPUT);
        await page.keyboard.press("Control+i");
        console.log(`ok ${JSON.stringify(await page.evaluate(() => window.homebodyFocused))}`);
        await page.keyboard.press("Escape");
        await page.locator(INPUT).waitFor({ state: "hidden" });
    }
});
