/** What a workspace's settings may change of the user's. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { combined } from "../src/server/narrowed.ts";

for (const [key, user, workspace, expected] of [
    ["completion.maxTokens", 64, 96, 96],
    ["completion.maxTokens", 64, undefined, 64],
    ["completion.maxTokens", 64, null, 64],
    ["completion.enabled", false, true, false],
    ["completion.enabled", true, false, false],
    ["completion.enabled", undefined, true, true],
    ["completion.trigger", "manual", "auto", "manual"],
    ["completion.languages", { "*": false, python: true }, { go: true, python: false }, { "*": false, go: false, python: false }],
    ["completion.languages", { python: false }, null, { python: false }],
    ["completion.languages", null, { python: false }, { python: false }],
    ["completion.languages", null, null, undefined],
] as const) {
    test(`${key}: ${JSON.stringify(user)} and the workspace's ${JSON.stringify(workspace)}`, () => {
        assert.deepEqual(combined(key, user, workspace), expected);
    });
}
