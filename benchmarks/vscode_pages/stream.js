// `node stream.js SETTINGS`: asks for a long answer, and prints the lengths of the tasks of more than 50 ms in
// the chat's page while it streams, in milliseconds; then the answer's tokens.
const { open } = require("../../tests/editors/vscode/browser");
const { openChat, openFile } = require("../../tests/editors/vscode/workbench");

open(async ({ page, settings }) => {
    await openFile(page, settings, "sums.py");
    const chat = await openChat(page);
    const body = chat.locator("body");
    await body.evaluate(() => {
        window.homebodyTasks = [];
        const observer = new PerformanceObserver((list) =>
            window.homebodyTasks.push(...list.getEntries().map(({ duration }) => duration)),
        );
        observer.observe({ type: "longtask", buffered: false });
    });
    await page.keyboard.type("For a long time");
    await page.keyboard.press("Enter");
    await chat.locator(".usage").waitFor();
    console.log(`ok ${JSON.stringify(await body.evaluate(() => window.homebodyTasks))}`);
    const words = await chat.locator(".usage").getAttribute("title");
    console.log(`ok [${/([\d,]+) written/.exec(words)[1].replaceAll(",", "")}]`);
});
