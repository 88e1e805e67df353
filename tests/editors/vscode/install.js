// `node install.js SETTINGS`: a machine without the server and without a model, in VS Code's window: both are
// installed after a question, a broken installation is repaired, and it is removed on request.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, machineSettings}.
const assert = require("node:assert/strict");
const { existsSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { open } = require("./browser");
const { ghostText, notification, openWindow, runCommand, until } = require("./workbench");

open(async ({ page, settings }) => {
    const environment = path.join(
        path.dirname(path.dirname(settings.machineSettings)), "User/globalStorage/homebody.homebody/server",
    );
    const status = (text) => page.locator(`.statusbar-item[aria-label^="Homebody"][aria-label*="${text}"]`);
    /** Press a button of a message. */
    const answer = async (message, button) => {
        const shown = await notification(page, message);
        await shown.locator(".monaco-button", { hasText: button }).click();
    };
    const agree = async (detail) => {
        const dialog = page.locator(".monaco-dialog-box", { hasText: detail });
        await dialog.locator(".monaco-button", { hasText: "Install" }).click();
    };

    await page.goto(`${settings.url}/?folder=${settings.workspace}`);
    await page.locator(".getting-started-step.expanded").waitFor();
    await status("was not found").waitFor();
    const shown = await notification(page, "was not found");
    assert.equal(await shown.locator(".codicon-error").count(), 0);
    await page.keyboard.press("Escape");
    console.log("ok the walkthrough opens by itself, and nothing is called an error before anyone did anything");

    await page.locator(".getting-started-step.expanded .monaco-button", { hasText: "Set Up Homebody" }).click();
    await agree("nothing is downloaded");
    await status("No model is installed").waitFor({ timeout: 120_000 });
    assert.ok(existsSync(path.join(environment, "bin", "homebody")));
    console.log("ok its button installs the server from the wheels beside the extension, after a question");

    await agree("93 MB");
    await status("SmolLM2").waitFor({ timeout: 120_000 });
    console.log("ok and then a model, after another one");

    await runCommand(page, "Homebody: Open a File to Try Suggestions In");
    await until(async () => (await ghostText(page)).includes("return self.side"));
    console.log("ok a sample file has a suggestion at once");

    await openWindow(page, settings, "rooms.py");
    await status("SmolLM2").waitFor({ timeout: 120_000 });
    assert.equal(await page.locator(".getting-started-step").count(), 0);
    console.log("ok the walkthrough does not open again");

    writeFileSync(path.join(environment, "bin", "homebody"), "#!/no/such/python\n");
    await runCommand(page, "Homebody: Restart the Server");
    await status("did not start").waitFor();
    await answer("did not start", "Repair");
    await agree("nothing is downloaded");
    await status("SmolLM2").waitFor({ timeout: 120_000 });
    console.log("ok a broken environment is named, and repaired");

    await runCommand(page, "Homebody: Remove the Private Server Environment");
    await status("was not found").waitFor();
    await until(() => !existsSync(environment));
    console.log("ok the environment is removed on request");
});
