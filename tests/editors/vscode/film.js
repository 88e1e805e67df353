// `node film.js SETTINGS`: a minute's work in VS Code, as frames for a moving picture.
// SETTINGS is that of picture.js, with `frames`, an empty folder: frame N is N.png, and frames.json has how long
// each is shown, in milliseconds.
const { writeFile } = require("node:fs/promises");
const path = require("node:path");
const { cursorAt, ghostText, lens, openFile, openInstruction, until } = require("./workbench");
const { open } = require("./browser");

const TYPED = "    def area(self) -> float:";
const EXPECTED = "return self.side";
const READING_MILLISECONDS = 1500;
const KEY = 110;
const LOOK = 1800;

class Film {
    constructor(page, folder) {
        this.page = page;
        this.folder = folder;
        this.milliseconds = [];
    }

    /** Take what is seen now, to be shown for so long. */
    async frame(milliseconds) {
        const file = path.join(this.folder, `${this.milliseconds.length}.png`);
        await this.page.screenshot({ path: file, animations: "disabled" });
        this.milliseconds.push(milliseconds);
    }

    /** Type a text, with a frame for every second key. */
    async type(text) {
        for (const [index, key] of [...text].entries()) {
            await this.page.keyboard.type(key);
            if (index % 2 === 1) {
                await this.frame(KEY);
            }
        }
        await this.frame(KEY);
    }
}

/** A method's body: ghost text, taken with Tab. */
async function complete(page, settings, film) {
    await openFile(page, settings, "shapes.py");
    await page.keyboard.press("Control+b");
    await page.waitForTimeout(READING_MILLISECONDS);
    await film.frame(LOOK / 2);
    await film.type(TYPED);
    await page.waitForTimeout(READING_MILLISECONDS);
    await page.keyboard.press("Enter");
    await until(async () => (await ghostText(page)).includes(EXPECTED));
    await film.frame(LOOK);
    await page.keyboard.press("Tab");
    await until(async () => (await ghostText(page)) === "");
    await film.frame(LOOK / 2);
}

/** Two changes by hand; the others are a Tab away. */
async function nextEdits(page, settings, film) {
    await openFile(page, settings, "report.py");
    await page.keyboard.press("Control+Home");
    await film.frame(LOOK / 2);
    for (const line of [7, 8]) {
        await page.locator(".view-line", { hasText: settings.retyped[line] }).click();
        await page.keyboard.press("Home");
        for (const _ of "log.") {
            await page.keyboard.press("ArrowRight");
        }
        for (const _ of "warn") {
            await page.keyboard.press("Shift+ArrowRight");
        }
        await cursorAt(page, line, 13, 4);
        await film.type("warning");
    }
    for (const replaced of [3, 4]) {
        await until(async () => (await labels(page)).some((text) => text.startsWith("Tab")));
        await film.frame(LOOK);
        await page.keyboard.press("Tab");
        await until(async () => (await page.locator(".view-line", { hasText: "log.warning(" }).count()) === replaced);
        await film.frame(LOOK / 2);
    }
}

/** What VS Code draws behind text is in the style alone. */
async function labels(page) {
    const texts = await page.locator(".editor-instance .view-line span").evaluateAll((all) =>
        all.map((element) => getComputedStyle(element, "::after").content).filter((content) => content.startsWith('"')),
    );
    return texts.map((text) => text.slice(1, -1).replaceAll("\u00a0", " ").trim());
}

/** An instruction, and its change to keep or undo. */
async function instruct(page, settings, film) {
    await openFile(page, settings, "total.py");
    await page.keyboard.press("Control+Home");
    await film.frame(LOOK / 2);
    await openInstruction(page);
    await film.type("use sum()");
    await page.keyboard.press("Enter");
    await lens(page, "Keep").waitFor();
    await film.frame(LOOK * 1.5);
    await lens(page, "Keep").click();
    await lens(page, "Keep").waitFor({ state: "detached" });
    await film.frame(LOOK);
}

open(async ({ page, settings }) => {
    await page.setViewportSize({ width: 800, height: 460 });
    const film = new Film(page, settings.frames);
    for (const scene of [complete, nextEdits, instruct]) {
        await scene(page, settings, film);
        console.log(`ok ${scene.name}`);
    }
    await writeFile(path.join(settings.frames, "frames.json"), JSON.stringify(film.milliseconds));
});
