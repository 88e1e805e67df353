/** Which of the values that VS Code has for a setting counts. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { FOLDERS, type Inspected, USERS, combined, unknownKeys } from "../src/server/narrowed.ts";

const DEFAULTS: Record<string, unknown> = {
    "completion.enabled": true,
    "completion.languages": {},
    "completion.maxTokens": 128,
    "completion.trigger": "automatic",
    "context.ignore": [],
    "context.maxFileBytes": 1_048_576,
    "context.snippets": true,
};

function check(name: string, key: string, values: Inspected, expected: unknown, origins = [...USERS, ...FOLDERS]): void {
    test(`${key}: ${name}`, () => {
        assert.deepEqual(combined(key, { defaultValue: DEFAULTS[key], ...values }, origins), expected);
    });
}

for (const [key, globalValue, workspaceValue, expected] of [
    ["completion.maxTokens", 64, 96, 96],
    ["completion.maxTokens", 64, undefined, 64],
    ["completion.maxTokens", 64, null, 64],
    ["completion.enabled", false, true, false],
    ["completion.enabled", true, false, false],
    ["completion.enabled", undefined, true, true],
    ["completion.trigger", "manual", "automatic", "manual"],
    ["completion.trigger", "automatic", "manual", "manual"],
    ["completion.languages", { "*": false, python: true }, { go: true, python: false }, { "*": false, go: false, python: false }],
    ["completion.languages", { python: true }, { "*": false }, { "*": false, python: false }],
    ["completion.languages", { python: false }, null, { python: false }],
    ["completion.languages", null, { python: false }, { python: false }],
    ["completion.languages", null, null, undefined],
    ["context.ignore", ["private/"], [], ["private/"]],
    ["context.ignore", ["private/"], null, ["private/"]],
    ["context.ignore", ["private/"], ["secret/", "private/"], ["secret/", "private/"]],
    ["context.snippets", false, true, false],
    ["context.snippets", true, false, false],
    ["context.maxFileBytes", 2048, 4096, 2048],
    ["context.maxFileBytes", 4096, 2048, 2048],
] as const) {
    check(`${JSON.stringify(globalValue)} and the workspace's ${JSON.stringify(workspaceValue)}`, key, { globalValue, workspaceValue }, expected);
}

check("the last pattern that matches is the user's", "context.ignore", { globalValue: ["private/"], workspaceValue: ["private/", "!private/"] }, ["!private/", "private/"]);
check("a folder keeps what its workspace ignores", "context.ignore", { workspaceValue: ["private/"], workspaceFolderValue: ["!private/"] }, ["!private/", "private/"]);
check(
    "a remote machine keeps what the user ignores on this one",
    "context.ignore",
    { globalLocalValue: ["private/"], globalRemoteValue: ["!private/"], globalValue: ["!private/"] },
    ["!private/", "private/"],
);
check("a remote machine's setting of any other kind counts", "completion.maxTokens", { globalLocalValue: 64, globalRemoteValue: 96, globalValue: 96 }, 96);
check("the user's values alone", "context.ignore", { globalValue: ["private/"], workspaceValue: ["secret/"] }, ["private/"], [...USERS]);
check("the workspace's values alone", "context.ignore", { globalValue: ["private/"], workspaceValue: ["secret/"] }, ["secret/"], [...FOLDERS]);

// The server reports it, and sends nothing meanwhile.
for (const [key, invalid, valid] of [
    ["completion.enabled", "no", true],
    ["completion.languages", ["python"], { python: true }],
    ["completion.trigger", "never", "automatic"],
    ["context.ignore", "private/", []],
    ["context.ignore", "", []],
    ["context.maxFileBytes", "1 kB", 4096],
    ["context.snippets", "false", true],
] as const) {
    check(`${JSON.stringify(invalid)} is not replaced by a valid value`, key, { globalValue: invalid, workspaceValue: valid }, invalid);
    check(`the workspace's ${JSON.stringify(invalid)} is not replaced either`, key, { globalValue: valid, workspaceValue: invalid }, invalid);
}

test("keys that do not exist are found, and what a known key contains is none", () => {
    const tree = { context: { ignore: [], ignor: ["private/"] }, completion: { languages: { python: false } }, contxt: { ignore: [] } };
    assert.deepEqual(unknownKeys({ context: "private/", completion: null }, Object.keys(DEFAULTS)), []);
    assert.deepEqual(unknownKeys(tree, Object.keys(DEFAULTS)), ["context.ignor", "contxt"]);
});
