// `node install.js SETTINGS`: installs the server and a model by the two buttons of the first start, opens the sample,
// and prints the milliseconds from the first click until the server runs, until the model is there, and until ghost
// text is seen.
const { open } = require("../../tests/editors/vscode/browser");
const { ghostText, until } = require("../../tests/editors/vscode/workbench");

open(async ({ page, settings }) => {
    const status = (text) => page.locator(`.statusbar-item[aria-label^="Homebody"][aria-label*="${text}"]`);
    const agree = async (detail) => {
        const dialog = page.locator(".monaco-dialog-box", { hasText: detail });
        await dialog.locator(".monaco-button", { hasText: "Install" }).click();
    };
    await page.goto(`${settings.url}/?folder=${settings.workspace}`);
    await page.locator(".getting-started-step.expanded").waitFor();
    await status("was not found").waitFor();
    await page.locator(".getting-started-step.expanded .monaco-button", { hasText: "Set Up Homebody" }).click();
    const began = Date.now();
    const times = [];
    const passed = () => times.push(Date.now() - began);
    await agree("nothing is downloaded");
    await status("No model is installed").waitFor({ timeout: 300_000 });
    passed();
    await agree("93 MB");
    await status("SmolLM2").waitFor({ timeout: 300_000 });
    passed();
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input:focus").waitFor();
    await page.keyboard.type("Homebody: Open a File to Try Suggestions In");
    await page.locator(".quick-input-widget .monaco-list-row.focused", { hasText: "Try Suggestions" }).waitFor();
    await page.keyboard.press("Enter");
    await until(async () => (await ghostText(page)) !== "");
    passed();
    console.log(`ok ${JSON.stringify(times)}`);
});
