// `node picture.js SETTINGS`: ghost text as a user sees it, saved as a picture.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, picture}.
const { open } = require("./browser");
const { ghostText, openFile, until } = require("./workbench");

// What is typed before the picture is taken, and what has to stand in the ghost text.
const TYPED = "    def area(self) -> float:";
const EXPECTED = "return self.side";

open(async ({ page, settings }) => {
    await page.setViewportSize({ width: 960, height: 600 });
    await openFile(page, settings, "shapes.py");
    await page.keyboard.press("Control+b");
    await page.keyboard.type(TYPED, { delay: 60 });
    // As people do at a line's end; the model reads meanwhile.
    await page.waitForTimeout(1500);
    await page.keyboard.press("Enter");
    await until(async () => (await ghostText(page)).includes(EXPECTED));
    await page.locator('.statusbar-item[aria-label^="Homebody"]').hover();
    await page.locator(".workbench-hover", { hasText: "Context length" }).waitFor();
    await page.screenshot({ path: settings.picture });
    console.log(`ok ${settings.picture}`);
});
