// `node stream.js SETTINGS`: asks for a long answer of each of the shapes in SETTINGS, and prints for each the tasks
// of the page's thread of more than 50 ms while it streams, [milliseconds, those of the processor], longest first;
// then the longest by the processor; then the answer's tokens. The chat's page and the window around it share it.
const { open } = require("../../tests/editors/vscode/browser");
const { openChat, openFile } = require("../../tests/editors/vscode/workbench");

// A task that blocks the view for longer is one that can be felt.
const LONG_MILLISECONDS = 50;
const CATEGORIES = ["toplevel", "disabled-by-default-lighthouse", "disabled-by-default-devtools.timeline"];

/** The tasks of the thread that the chat's page runs on, the busiest page: [milliseconds, of the processor]. */
function tasksOf({ traceEvents }) {
    // A busy process without this thread draws for all pages.
    const threads = traceEvents.filter(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
    const total = (tasks) => tasks.reduce((sum, { dur }) => sum + dur, 0);
    const tasks = threads.map(({ pid, tid }) =>
        traceEvents.filter((event) => event.pid === pid && event.tid === tid && event.ph === "X" && /RunTask$/.test(event.name)),
    );
    const [busiest] = tasks.sort((one, other) => total(other) - total(one));
    return busiest.map(({ dur, tdur }) => [dur / 1000, (tdur ?? dur) / 1000]);
}

open(async ({ page, settings }) => {
    await openFile(page, settings, "sums.py");
    const chat = await openChat(page);
    const browser = page.context().browser();
    for (const question of settings.questions) {
        // Each question is the first of its conversation.
        await chat.locator("#new").click();
        await chat.locator("article").first().waitFor({ state: "detached" });
        await chat.locator("#question").focus();
        await browser.startTracing(page, { categories: CATEGORIES });
        await page.keyboard.type(question);
        await page.keyboard.press("Enter");
        const usage = chat.locator(".usage");
        await usage.waitFor();
        const trace = JSON.parse(await browser.stopTracing());
        const tasks = tasksOf(trace);
        const long = tasks.filter(([wall]) => wall > LONG_MILLISECONDS).sort(([one], [other]) => other - one);
        console.log(`ok ${JSON.stringify(long)}`);
        console.log(`ok ${JSON.stringify(tasks.sort(([, one], [, other]) => other - one)[0])}`);
        const words = await usage.getAttribute("title");
        console.log(`ok [${/([\d,]+) written/.exec(words)[1].replaceAll(",", "")}]`);
    }
});
