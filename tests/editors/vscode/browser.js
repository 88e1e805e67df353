// Chromium for one page: `node SCRIPT SETTINGS`, where SETTINGS is JSON.
// It can reach this machine alone, and ends with this process.
const { createRequire } = require("node:module");
const path = require("node:path");

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
    const context = await browser.newContext({ viewport: { width: 1180, height: 680 }, deviceScaleFactor: 2 });
    const page = await context.newPage();
    try {
        await use({ page, settings });
    } catch (error) {
        await page.screenshot({ path: settings.failure }).catch(() => {});
        console.error(`${error.message}\nwhat it looked like: ${settings.failure}`);
        process.exitCode = 1;
    } finally {
        await browser.close();
    }
};
