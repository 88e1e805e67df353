/** Messages are text: nothing that they quote is a link. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { withoutIcons, withoutLinks } from "../src/plain.ts";

// As VS Code has it in `base/common/linkedText.ts`.
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^\)\s]+)(?: (["'])(.+?)(\3))?\)/gi;

for (const message of [
    ".homebody.toml: `completion.trigger` cannot be \"[Fix it](command:workbench.action.quit)\"; it has to be auto.",
    '"Rename" for [a](https://evil.invalid/) [b](command:git.push "Show") was neither accepted nor discarded.',
    "[a]](command:x) [[a](command:x)](command:x)",
]) {
    test(`no link is left in ${message}`, () => {
        assert.match(message, LINK);
        assert.doesNotMatch(withoutLinks(message), LINK);
        assert.equal(withoutLinks(message).replaceAll("\u200b", ""), message);
    });
}

test("a message without a link is unchanged", () => {
    assert.equal(withoutLinks("`a[0]` (line 3) is not a list."), "`a[0]` (line 3) is not a list.");
});

test("all messages go through the module that takes links out", () => {
    const source = join(import.meta.dirname, "..", "src");
    const own = /window\s*\.\s*(show(Information|Warning|Error)Message|withProgress)/;
    const users = readdirSync(source, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts") && own.test(readFileSync(join(source, name), "utf8")));
    assert.deepEqual(users, ["notify.ts"]);
});

test("an icon that a text quotes is text", () => {
    assert.doesNotMatch(withoutIcons("adds the string `$(trash)`"), /\$\([a-z-]+\)/);
});
