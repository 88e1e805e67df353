// `node chat.js SETTINGS`: the chat in VS Code's window, with a server that starts late and is killed, hostile and
// long answers, the keyboard alone, and a reload.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, late: {gate, pid}}.
const assert = require("node:assert/strict");
const { readFile, writeFile } = require("node:fs/promises");
const { open } = require("./browser");
const { give, openChat, openWindow, ready, reload, until } = require("./workbench");

const LAST_PARAGRAPH = "Paragraph 60 of many, with code in it.";

open(async ({ page, settings }) => {
    const hosts = new Set();
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    const { gate, pid } = settings.late;
    await openWindow(page, settings, "prices.py");
    const chat = await openChat(page);
    const answers = chat.locator("article .usage");
    // By the mouse: VS Code may still move the focus while its window starts.
    const ask = async (question) => {
        await chat.locator("#question:enabled").fill(question);
        await chat.locator("#send", { hasText: "Ask" }).click();
    };

    const chip = chat.locator(".chip", { hasText: "shapes.py" });
    await chat.locator("#question:enabled").evaluate(give, { type: "drop", uri: `file://${settings.workspace}/shapes.py` });
    await chip.waitFor();
    await ask("Is it there?");
    await chat.locator(".note", { hasText: "Waiting for the server…" }).waitFor();
    assert.equal(await chip.count(), 0);
    await reload(page, "Is it there?", `${settings.workspace}/shapes.py`);
    await openChat(page);
    assert.equal(await chat.locator("#question").inputValue(), "Is it there?");
    await chip.waitFor();
    console.log("ok a question that had no answer before a reload is in the input again, with what was attached");

    await ask("Is it there?");
    await chat.locator(".note", { hasText: "Waiting for the server…" }).waitFor();
    await chat.locator("#send", { hasText: "Stop" }).click();
    await chat.locator(".note", { hasText: "Stopped." }).waitFor();
    await ask("How can it be shorter?");
    await chat.locator(".note", { hasText: "Waiting for the server…" }).waitFor();
    await writeFile(gate, "");
    await answers.waitFor();
    console.log("ok a question waits for a server that is still starting, until it is stopped");

    await ask("Show me HTML");
    await until(async () => (await answers.count()) === 2);
    const answer = chat.locator("article").last().locator(".answer");
    assert.equal(await answer.locator("script, img, iframe, a, [href], [src], [onerror]").count(), 0);
    const shown = await answer.innerText();
    for (const text of ['<script>document.title = "run"</script>', "https://evil.invalid/?code=secret", "<iframe src"]) {
        assert.ok(shown.includes(text), text);
    }
    assert.deepEqual([...hosts].filter((host) => host.endsWith(".invalid")), []);
    console.log("ok hostile output is text: nothing runs, loads or can be followed");

    await chat.locator("article").last().getByRole("button", { name: "Apply" }).waitFor();
    await ask("Write in a long block");
    const stopped = chat.locator("article", { hasText: "Write in a long block" });
    const block = stopped.locator(".code");
    await block.getByRole("button", { name: "Insert" }).waitFor();
    assert.equal(await block.getByRole("button", { name: "Apply" }).count(), 0);
    await chat.locator("#send", { hasText: "Stop" }).click();
    await stopped.locator(".note", { hasText: "The answer is not complete." }).waitFor();
    await stopped.locator(".usage").waitFor();
    assert.equal(await block.getByRole("button", { name: "Apply" }).count(), 0);
    console.log("ok only code that the server can apply has a button for that");

    await ask("Write a very long answer");
    await until(async () => (await answers.count()) === 4);
    const end = chat.getByText(LAST_PARAGRAPH);
    await until(() => end.evaluate((element) => element.getBoundingClientRect().bottom < innerHeight));
    assert.equal(await answer.locator(":scope > div").count(), 60);
    await chat.locator("#question").fill("one\ntwo\nthree\nfour\nfive");
    await until(() => end.evaluate((element) => element.getBoundingClientRect().bottom < document.getElementById("ask").getBoundingClientRect().top));
    await chat.locator("#question").fill("");
    console.log("ok a very long answer is complete, and its end is in view");

    await ask("Write without an end");
    const writing = chat.locator("article").last().locator(".answer", { hasText: "one two three" });
    await writing.waitFor();
    assert.equal(await chat.locator("#log").getAttribute("aria-busy"), "true");
    assert.equal(await chat.locator("#state").textContent(), "The model writes the answer.");
    process.kill(Number(await readFile(pid, "utf8")), "SIGKILL");
    await chat.locator(".note.error", { hasText: "The server stopped before the answer was complete." }).waitFor();
    assert.equal(await chat.locator("#log").getAttribute("aria-busy"), "false");
    await ready(page);
    await chat.getByRole("button", { name: "Again" }).click();
    await chat.locator('#log[aria-busy="true"]').waitFor();
    await writing.waitFor();
    console.log("ok a server that is killed during an answer is reported, and the question can be asked again");

    // From here on without the mouse.
    await chat.locator("#question").focus();
    await page.keyboard.press("Escape");
    await chat.locator("article").last().locator(".note", { hasText: "The answer is not complete." }).waitFor();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    assert.equal(await chat.locator("#question").inputValue(), "Write a very long answer");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    assert.equal(await chat.locator("#question").inputValue(), "");
    await page.keyboard.press("Shift+Tab");
    await chat.locator('.chip.about[aria-pressed="true"]:focus').waitFor();
    await page.keyboard.press("Enter");
    await chat.locator('.chip.about[aria-pressed="false"]:focus').waitFor();
    await chat.locator("#question").focus();
    const order = [];
    for (const _ of "123") {
        await page.keyboard.press("Tab");
        order.push(await chat.locator(":focus").innerText());
    }
    assert.deepEqual(order, ["scripted", "New", "Ask"]);
    for (const _ of "123") {
        await page.keyboard.press("Shift+Tab");
    }
    await chat.locator("#question:focus").waitFor();
    await page.keyboard.type("And once more?");
    await page.keyboard.press("Enter");
    await chat.getByText("Then it divides by zero.").waitFor();
    assert.equal(await chat.locator("article").last().locator(".attached-to").count(), 0);
    console.log("ok everything works by the keyboard, and the code in view can be left out");

    await chat.locator("article").last().locator(".usage").waitFor();
    const before = await chat.locator("article", { has: chat.locator(".usage") }).locator("h2").allInnerTexts();
    await reload(page, "homebody.conversation");
    await ready(page);
    const again = await openChat(page);
    await until(async () => (await again.locator("article").count()) === before.length);
    assert.deepEqual(await again.locator("article h2").allInnerTexts(), before);
    await ask("And once more, after a reload?");
    await until(async () => (await again.locator("article").count()) === before.length + 1);
    await again.locator("article").last().locator(".usage").waitFor();
    console.log("ok the conversation is there after a reload, and continues");

    const copied = "the button says it";
    const copy = again.locator("article").last().getByRole("button", { name: "Copy" });
    await copy.evaluate((button, words) => {
        const isCopied = () => button.textContent === "Copied" && (button.dataset.said = words);
        new MutationObserver(isCopied).observe(button, { childList: true });
    }, copied);
    await copy.click();
    await again.locator(`button[data-said="${copied}"]`).waitFor();
    assert.equal(await again.locator("#state").textContent(), "Copied.");
    // VS Code fills the clipboard a moment later.
    await until(async () => {
        await again.locator("#question").fill("");
        await page.keyboard.press("Control+v");
        return (await again.locator("#question").inputValue()) === "Then it divides by zero.";
    });
    console.log("ok a button copies an answer, and says so");

    await writeFile(`${settings.workspace}/long.py`, "value = 'a line of a file that does not fit'\n".repeat(3000));
    await again.locator("#question").evaluate(give, { type: "drop", uri: `file://${settings.workspace}/long.py` });
    await again.locator(".chip", { hasText: "long.py" }).waitFor();
    const question = "And once more, with all of it?";
    await ask(question);
    await until(async () => (await again.locator("article").count()) === before.length + 2);
    const cut = again.locator("article").last();
    await cut.locator("summary", { hasText: "Left out" }).click();
    const [left] = await cut.locator("li", { has: again.locator(".include") }).locator(".place").allInnerTexts();
    await cut.locator(".include").first().click();
    await until(async () => (await again.locator("article").count()) === before.length + 3);
    assert.equal(await again.locator("article h2").last().innerText(), question);
    assert.ok((await again.locator("article .attached-to").last().innerText()).endsWith(`long.py, ${left}`));
    console.log("ok a click asks again with lines that were left out");
});
