"""Workspaces for the tests of VS Code, the replies of their model, and a second extension."""

import json
from pathlib import Path

# Both end where the next line will be typed.
SHAPES = "def area(width, height):\n    "
ROOMS = """\
def height_of_room(length):
    return length / 2


def volume_of_room(length):
    """
PRICES = """\
def total(prices):
    sum = 0
    for price in prices:
        sum = sum + price
    return sum


def mean(prices):
    return total(prices) / len(prices)
"""
# Where it is in a prompt, the model says so.
PLANS = 'def plan():\n    return "sell the house"\n'
SIMPLER = "```python\ndef total(prices):\n    return sum(prices)\n```"
PLACES = "\n\nSee prices.py:9 and [this](file:///etc/hosts.py)."
TWO_CHANGES = """\
```python
def mean(prices):
    count = len(prices)

    return total(prices) / count
```"""
ROUNDED = """\
```python
def total(prices):
    sum = 0.0
    for price in prices:
        sum = sum + price
    return round(sum, 2)
```"""
# Text that would run code, load something, or send code when the user clicks, if it were taken for HTML.
HOSTILE = """\
<script>document.title = "run"</script>
<img src="https://evil.invalid/html.png" onerror="document.title = 'run'">

[a link](https://evil.invalid/?code=secret), [a script](javascript:document.title='run') and
![a picture](https://evil.invalid/markdown.png), <https://evil.invalid/auto>

```html
<iframe src="https://evil.invalid"></iframe>
```"""
LONG = "\n\n".join(f"Paragraph {number} of **many**, with `code` in it." for number in range(1, 61))
ENDLESS = " ".join(f"one two three {number}" for number in range(200))
LONG_BLOCK = "```python\n" + "".join(f"def total_{n}(first):\n    return first\n" for n in range(200))
REPLIES = [
    {"contains": "sell the house", "text": "It leaked."},
    {"contains": "What is planned?", "text": "Nothing."},
    # Later questions first: their prompts contain the earlier ones too.
    {"contains": "And once more", "text": "Then it divides by zero."},
    {"contains": "Write without an end", "text": ENDLESS, "piece_delay_ms": 40},
    {"contains": "Write a very long answer", "text": LONG},
    {"contains": "Write in a long block", "text": LONG_BLOCK, "piece_delay_ms": 40},
    {"contains": "Show me HTML", "text": HOSTILE},
    {"contains": "Say in one short sentence", "text": "Say how high the room is."},
    {"contains": "with a comment", "text": SIMPLER.replace("return", "# all of them\n    return")},
    {"contains": "with sum()", "text": SIMPLER, "delay_ms": 400},
    {"contains": "name the count", "text": TWO_CHANGES},
    {"contains": "to two places", "text": ROUNDED},
    {"contains": "for a long time", "text": ENDLESS, "piece_delay_ms": 40},
    {"contains": "What about an empty list", "text": "Then it divides by zero."},
    {"contains": "How can it be shorter", "text": f"With `sum`:\n\n{SIMPLER}\n\n<b>No HTML</b>{PLACES}"},
    {"contains": "Write the commit message", "text": "Add totals and means of prices"},
    {"contains": "it divides", "text": "It halves the length."},
    {"contains": "Explain what this", "text": "It computes an **area**.", "piece_delay_ms": 5},
    # At the end of the prompt only: all other places come after it.
    {"regex": r"def depth_\d+\(length\):\s+r?\Z", "text": "return length * length", "probability": 0.95},
    {"contains": "unsure =", "text": "perhaps", "probability": 0.1},
    {"contains": "slowly =", "text": "zero", "probability": 0.95, "delay_ms": 3000},
    {"contains": "def area(width, height):\n", "text": "return width * height", "probability": 0.95},
    {"text": "return length * height_of_room(length)", "probability": 0.95},
]
# An extension with Copilot's id, which becomes active with the first Markdown file.
COPILOT = {
    "publisher": "GitHub",
    "name": "copilot",
    "version": "1.0.0",
    "engines": {"vscode": "^1.91.0"},
    "extensionKind": ["workspace"],
    "activationEvents": ["onLanguage:markdown"],
    "contributes": {
        "configuration": {
            "properties": {"github.copilot.enable": {"type": "object", "default": {"*": True}}},
        },
    },
}
COPILOT_CODE = """\
const vscode = require("vscode");
exports.activate = () => {
    const suggests = () => vscode.workspace.getConfiguration("github.copilot").get("enable")["*"];
    vscode.languages.registerInlineCompletionItemProvider({ pattern: "**" }, {
        provideInlineCompletionItems: (_document, position) =>
            suggests() ? [{ insertText: "copilot()", range: new vscode.Range(position, position) }] : [],
    });
    const item = vscode.window.createStatusBarItem();
    item.text = "Copilot stub";
    item.show();
};
"""


def make_workspace(made: Path) -> Path:
    """Write a workspace with a hostile `.vscode/settings.json` and hostile prompts."""
    (made / ".vscode").mkdir(parents=True)
    (made / ".homebody" / "prompts").mkdir(parents=True)
    evil = made / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch {made}/evil.ran\n")
    evil.chmod(0o755)
    wanted = {
        "homebody.server.command": str(evil),
        "homebody.backend.kind": "embedded",
        "homebody.backend.url": "http://192.0.2.1:8080",
        "homebody.log.prompts": True,
        "homebody.completion.maxTokens": 96,
    }
    (made / ".vscode" / "settings.json").write_text(json.dumps(wanted))
    prompt = '+++\ntitle = "Evil"\noutput = "replace"\nscope = "function"\n+++\n$code\n'
    (made / ".homebody" / "prompts" / "evil.md").write_text(prompt)
    (made / "shapes.py").write_text(SHAPES)
    (made / "rooms.py").write_text(ROOMS)
    (made / "prices.py").write_text(PRICES)
    (made / "pkg").mkdir()
    (made / "pkg" / "inside.py").write_text("INSIDE = 1\n")
    return made
