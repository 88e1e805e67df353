// `node keys.js SETTINGS`: types a key on each of some lines, and prints when it was pressed and when ghost text
// was painted for it, in milliseconds since 1970.
const { open } = require("../../tests/editors/vscode/browser");
const { openFile } = require("../../tests/editors/vscode/workbench");

const PAUSE_MILLISECONDS = 700;

// Runs in the page: after `homebodyWatch()`, `homebodyPainted` resolves to when the next key was pressed, and when the
// first frame with ghost text after it was painted.
function watch() {
    const toEpoch = (time) => performance.timeOrigin + time;
    const ghosts = document.getElementsByClassName("ghost-text-decoration");
    // Runs it as the next task: if a frame is being drawn, after that frame.
    const soon = (task) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = task;
        port2.postMessage(0);
    };
    const draw = window.requestAnimationFrame.bind(window);
    let isDrawing = false;
    // VS Code changes the page while a frame is drawn, and that frame already shows the change.
    window.requestAnimationFrame = (callback) =>
        draw((time) => {
            isDrawing = true;
            soon(() => (isDrawing = false));
            callback(time);
        });
    let pressed;
    let resolve;
    window.homebodyWatch = () => {
        pressed = undefined;
        window.homebodyPainted = new Promise((settle) => (resolve = settle));
    };
    window.addEventListener("keydown", ({ timeStamp }) => (pressed = toEpoch(timeStamp)), true);
    const look = () => {
        if (ghosts.length > 0 && pressed !== undefined && resolve !== undefined) {
            const settle = resolve;
            resolve = undefined;
            const done = () => settle([pressed, toEpoch(performance.now())]);
            if (isDrawing) {
                soon(done);
            } else {
                draw(() => soon(done));
            }
        }
    };
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true, attributes: true });
}

open(async ({ page, settings }) => {
    await openFile(page, settings, "sums.py");
    await page.evaluate(watch);
    // The first key is not counted: the window is still starting.
    for (let line = 0; line <= settings.keys; line++) {
        await page.keyboard.press("Enter");
        await page.waitForTimeout(PAUSE_MILLISECONDS);
        // What is on the screen now is dismissed: the next ghost text comes from the server.
        await page.keyboard.press("Escape");
        await page.locator(".ghost-text-decoration").first().waitFor({ state: "detached" });
        await page.evaluate(() => window.homebodyWatch());
        await page.keyboard.press("w");
        // The page answers by itself, so that nothing asks it while it draws.
        const times = await page.evaluate(() => window.homebodyPainted);
        if (line > 0) {
            console.log(`ok ${JSON.stringify(times)}`);
        }
        await page.keyboard.press("Escape");
    }
});
