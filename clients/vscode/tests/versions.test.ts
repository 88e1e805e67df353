/** Which of an extension and a server the user is asked to update. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { older } from "../src/server/versions.ts";

for (const [extension, server, expected] of [
    ["0.1.0", "0.1.0", undefined],
    ["0.1.0", "0.1.7", undefined],
    ["0.2.0", "0.1.9", "server"],
    ["0.2.0", "0.10.0", "extension"],
    ["1.0.0", "0.9.0", "server"],
    ["0.9.0", "1.0.0", "extension"],
] as const) {
    test(`extension ${extension} with server ${server}: ${expected ?? "neither"} is older`, () => {
        assert.equal(older(extension, server), expected);
    });
}
