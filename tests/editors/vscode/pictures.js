// `node pictures.js SETTINGS`: a picture in the chat of VS Code's window: pasted, asked about, asked again, after a
// reload; and one that is dropped from the explorer.
// SETTINGS is JSON: {rig, chromium, url, workspace, failure, picture, asked}: the picture in base64, and the file
// of the model's requests.
const assert = require("node:assert/strict");
const { readFile } = require("node:fs/promises");
const { open } = require("./browser");
const { give, openChat, openWindow, ready, reload, until } = require("./workbench");

open(async ({ page, settings }) => {
    await openWindow(page, settings, "prices.py");
    const chat = await openChat(page);
    const input = chat.locator("#question:enabled");
    const last = chat.locator("article").last();
    const ask = async (question) => {
        await input.fill(question);
        await chat.locator("#send", { hasText: "Ask" }).click();
    };
    const answered = (count) => until(async () => (await chat.locator("article .usage").count()) === count);
    const sources = () => last.locator("details").allTextContents();

    // What cannot be sent says so before it is asked about.
    await input.evaluate(give, { type: "paste", base64: Buffer.from("%PDF-1.7").toString("base64") });
    const refused = chat.locator(".chip", { hasText: "is not a picture" });
    await refused.getByRole("button").click();
    await refused.waitFor({ state: "detached" });

    await input.evaluate(give, { type: "paste", base64: settings.picture });
    const thumbnail = chat.locator(".chip .thumbnail");
    await thumbnail.waitFor();
    await until(() => thumbnail.evaluate((image) => image.naturalWidth === 80));
    const chip = chat.locator(".chip", { hasText: "shot.png" });
    await until(async () => (await chip.locator("small").allTextContents()).join() === "picture, 80 x 60, 1024 tokens");
    console.log("ok a pasted picture has a thumbnail, with the size that the model will see");

    await ask("What does it show?");
    await answered(1);
    assert.equal(await thumbnail.count(), 0);
    assert.match((await sources()).join(" "), /picture, 80 x 60/);
    assert.match(await last.locator(".attached-to").innerText(), /shot\.png/);
    console.log("ok it goes with the question, and the sources have the size that the model sees");

    await chat.getByRole("button", { name: "Again" }).click();
    // The new answer replaces the one of before; the model's requests tell when.
    const requests = async () => (await readFile(settings.asked, "utf8")).split("What does it show?").length - 1;
    await until(async () => (await requests()) > 1);
    await answered(1);
    await until(async () => /picture, 80 x 60/.test((await sources()).join(" ")));
    console.log("ok Again sends it again");

    await input.evaluate(give, { type: "drop", uri: `file://${settings.workspace}/plot.png` });
    await chat.locator(".chip", { hasText: "plot.png" }).waitFor();
    await ask("And once more with the plot?");
    await answered(2);
    assert.match((await sources()).join(" "), /plot\.png \(picture, 80 x 60\)/);
    console.log("ok a picture is dropped from the explorer");

    // The values are JSON in JSON.
    await reload(page, "homebody.conversation", 'homebody.attached\\":[]');
    await ready(page);
    const again = await openChat(page);
    await until(async () => (await again.locator("article").count()) === 2);
    await again.locator("#question:enabled").fill("And now?");
    await again.locator("#send", { hasText: "Ask" }).click();
    await until(async () => (await again.locator("article .usage").count()) === 3);
    console.log("ok the conversation continues after a reload");
});
