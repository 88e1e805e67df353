/** Programs that the extension runs: what they print, and how they end. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { test } from "node:test";

import { findProgram, runLogged } from "../src/server/program.ts";

type Log = Parameters<typeof runLogged>[2];

/** Run a script in Node; returns the lines that it printed, and how it failed. */
async function run(script: string, onLine = (_line: string): void => undefined, stop = new AbortController()) {
    const lines: string[] = [];
    const log = { info: () => undefined } as unknown as Log;
    const take = (line: string): void => {
        lines.push(line);
        onLine(line);
    };
    const failure = await runLogged(process.execPath, ["-e", script], log, stop.signal, take).then(
        () => undefined,
        (error: Error) => (error.name === "AbortError" ? "cancelled" : error.message),
    );
    return { lines, failure };
}

test("a line that comes in pieces is one line", async () => {
    const script = `
        const bytes = Buffer.from("93 MB “SmolLM2”\\nand the rest");
        process.stdout.write(bytes.subarray(0, 7), () =>
            setTimeout(() => process.stdout.write(bytes.subarray(7)), 50));`;
    assert.deepEqual(await run(script), { lines: ["93 MB “SmolLM2”", "and the rest"], failure: undefined });
});

test("a program that fails is reported by its last line", async () => {
    const script = 'console.error("no such package\\n"); process.exitCode = 1';
    assert.deepEqual(await run(script), { lines: ["no such package"], failure: "no such package" });
});

test("a program that is cancelled has ended", async () => {
    const folder = mkdtempSync(join(tmpdir(), "homebody-"));
    const trace = join(folder, "ended");
    const stop = new AbortController();
    const script = `
        process.on("SIGTERM", () => setTimeout(() => {
            require("node:fs").writeFileSync(${JSON.stringify(trace)}, "");
            process.exit(0);
        }, 50));
        console.log("ready");
        setInterval(() => undefined, 1000);`;
    try {
        assert.equal((await run(script, () => stop.abort(), stop)).failure, "cancelled");
        assert.ok(existsSync(trace));
    } finally {
        rmSync(folder, { recursive: true });
    }
});

test("what a cancelled program has started ends with it", async () => {
    const stop = new AbortController();
    const script = `
        const child = require("node:child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)"]);
        console.log(child.pid);
        setInterval(() => undefined, 1000);`;
    const { lines, failure } = await run(script, () => stop.abort(), stop);
    assert.equal(failure, "cancelled");
    for (let tries = 0; isRunning(Number(lines[0])); tries++) {
        assert.ok(tries < 1000, "it still runs");
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
});

test("a program is found in the absolute folders of the PATH only", async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "homebody-"));
    const name = process.platform === "win32" ? "homebody-here.exe" : "homebody-here";
    const here = relative(process.cwd(), folder);
    const before = process.env["PATH"];
    context.after(() => {
        process.env["PATH"] = before;
        rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, name), "", { mode: 0o755 });
    process.env["PATH"] = ["", ".", here].join(delimiter);
    assert.equal(await findProgram("homebody-here"), undefined);
    assert.equal(await findProgram(join(here, name)), undefined);
    process.env["PATH"] = [here, folder].join(delimiter);
    assert.equal(await findProgram("homebody-here"), join(folder, name));
});

test("a program that cannot be started is reported", async () => {
    const log = { info: () => undefined } as unknown as Log;
    await assert.rejects(runLogged("/nowhere/pip", [], log, new AbortController().signal), /ENOENT/);
});

function isRunning(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
    } catch {
        return false;
    }
}
