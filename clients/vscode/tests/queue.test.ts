/** One thing after the other, whatever happens to the one before. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Queue } from "../src/server/queue.ts";

test("work waits for the work before it", async () => {
    const queue = new Queue();
    const order: string[] = [];
    let end = (): void => undefined;
    const first = queue.add(async () => {
        await new Promise<void>((resolve) => (end = resolve));
        order.push("first");
    });
    const second = queue.add(async () => void order.push("second"));
    await new Promise(setImmediate);
    assert.deepEqual(order, []);
    end();
    await Promise.all([first, second]);
    assert.deepEqual(order, ["first", "second"]);
});

test("work that fails does not keep the next from being done", async () => {
    const queue = new Queue();
    const failed = queue.add(async () => {
        throw new Error("no program");
    });
    const next = queue.add(async () => "started");
    await assert.rejects(failed, /no program/);
    assert.equal(await next, "started");
});
