// Chromium for one page: `node SCRIPT SETTINGS`, where SETTINGS is JSON.
// It can reach this machine alone, and ends with this process. What a failure leaves behind is printed:
// the last messages of the browser's console, and what the chat shows.
const { createRequire } = require("node:module");
const path = require("node:path");

const { LONGEST_MILLISECONDS } = require("./workbench");

const MOST_MESSAGES = 40;
// What VS Code says here in every run: nothing comes from a gallery, and native modules are not built.
const USUAL_MESSAGES = /gallery|bindings file|native-watchdog|ServiceWorker|script\.$|404|sandbox|AccountPolicyGate/;

/** Open a page and run `use({ page, settings, session })`, where `session` speaks Chromium's DevTools protocol. */
exports.open = async function open(use) {
    const settings = JSON.parse(process.argv[2]);
    const { chromium } = createRequire(path.join(settings.rig, "package.json"))("playwright-core");
    const browser = await chromium.launch({
        executablePath: settings.chromium,
        args: [
            "--no-sandbox", // root has none, and only our own page is opened
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ],
    });
    const context = await browser.newContext({ viewport: { width: 1180, height: 680 }, deviceScaleFactor: settings.scale ?? 2 });
    const page = await context.newPage();
    page.setDefaultTimeout(LONGEST_MILLISECONDS);
    page.setDefaultNavigationTimeout(2 * LONGEST_MILLISECONDS);
    const messages = [];
    page.on("console", (message) => {
        if (!USUAL_MESSAGES.test(message.text())) {
            messages.push(`${message.type()}: ${message.text().slice(0, 500)}`);
        }
        messages.splice(0, messages.length - MOST_MESSAGES);
    });
    try {
        const session = await context.newCDPSession(page);
        if (settings.slowdown) {
            await session.send("Emulation.setCPUThrottlingRate", { rate: settings.slowdown });
        }
        await use({ page, settings, session });
    } catch (error) {
        await page.screenshot({ path: settings.failure }).catch(() => {});
        console.error(`${error.message}\nScreenshot: ${settings.failure}`);
        console.error(`Browser console:\n${messages.join("\n")}`);
        const status = page.locator('.statusbar-item[aria-label^="Homebody"]').first();
        console.error(`Status: ${await status.getAttribute("aria-label", { timeout: 1000 }).catch(() => "(none)")}`);
        console.error(`Chat:\n${(await chatText(page)) || "(not shown)"}`);
        process.exitCode = 1;
    } finally {
        await browser.close();
    }
};

/** The chat's turns and its input, as text. */
async function chatText(page) {
    const read = () =>
        [...document.querySelectorAll("article, #question")].map((one) => one.value ?? one.innerText).join("\n---\n");
    const texts = page.frames().map((frame) => frame.evaluate(read).catch(() => ""));
    return (await Promise.all(texts)).filter(Boolean).join("\n");
}
