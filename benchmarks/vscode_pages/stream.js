// `node stream.js SETTINGS`: asks for a long answer, and prints the lengths of the tasks of more than 50 ms while
// it streams, in milliseconds: those of the chat's page, then those of the window around it, which shares the
// page's thread. Then the answer's tokens.
const { open } = require("../../tests/editors/vscode/browser");
const { openChat, openFile } = require("../../tests/editors/vscode/workbench");

open(async ({ page, settings }) => {
    await openFile(page, settings, "sums.py");
    const chat = await openChat(page);
    const body = chat.locator("body");
    await body.evaluate(() => {
        window.homebodyTasks = [];
        const observer = new PerformanceObserver((list) =>
            window.homebodyTasks.push(...list.getEntries().map(({ name, duration }) => ({ name, duration }))),
        );
        observer.observe({ type: "longtask", buffered: false });
    });
    await page.keyboard.type("For a long time");
    await page.keyboard.press("Enter");
    await chat.locator(".usage").waitFor();
    const tasks = await body.evaluate(() => window.homebodyTasks);
    const lengths = (found) => JSON.stringify(found.map(({ duration }) => duration));
    console.log(`ok ${lengths(tasks.filter(({ name }) => name === "self"))}`);
    console.log(`ok ${lengths(tasks.filter(({ name }) => name !== "self"))}`);
    const words = await chat.locator(".usage").getAttribute("title");
    console.log(`ok [${/([\d,]+) written/.exec(words)[1].replaceAll(",", "")}]`);
});
