/** Pages that a command shows: lines of text, buttons, and lines for a shell that can be copied. */

import { randomBytes } from "node:crypto";

import { ViewColumn, type WebviewPanel, window } from "vscode";

/**
 * A line of text of some kind. A `button` runs a command of this extension; a `command` is for a shell, a `text` has lines
 * of its own; a `picture` is a data URI.
 */
export type Line =
    | { kind: "head" | "title" | "fact" | "good" | "hint" | "problem" | "command" | "text" | "picture"; text: string }
    | { kind: "button"; text: string; run: string; argument?: unknown };

// Those of `BEFORE` in the server's features/doctor.py.
const MARKS: Record<string, string> = { fact: "·", good: "✓", hint: "·", problem: "✗" };
const COMMANDS = ["homebody.copyLine", "homebody.installModel", "homebody.switchModel", "homebody.checkInstallation"];
const STYLE = `
body { max-width: 50em; line-height: 1.5; }
h2 { font-size: 1.1em; margin: 1.4em 0 0.4em; }
p { margin: 0.2em 0; padding-left: 1.4em; text-indent: -1.4em; }
p.head { padding: 0; text-indent: 0; color: var(--vscode-descriptionForeground); }
p b { display: inline-block; width: 1.4em; text-indent: 0; font-weight: 400; }
.good b { color: var(--vscode-testing-iconPassed); }
.problem b { color: var(--vscode-errorForeground); }
img { max-width: 100%; }
pre { display: flex; gap: 1em; align-items: start; margin: 0.4em 0 0.6em 1.4em; padding: 6px 8px;
 background: var(--vscode-textCodeBlock-background); border: 1px solid var(--vscode-contrastBorder, transparent); }
pre code { flex: 1; white-space: pre-wrap; overflow-wrap: anywhere; color: inherit; background: none;
 font-family: var(--vscode-editor-font-family); }
a.button { display: inline-block; margin: 0.4em 0 0.4em 1.4em; padding: 3px 12px; border-radius: 3px;
 text-decoration: none; color: var(--vscode-button-foreground); background: var(--vscode-button-background);
 border: 1px solid var(--vscode-button-border, transparent); }
`;

const open = new Map<string, WebviewPanel>();

/** Show a page, or show it anew if it is open; one that is beside the editor leaves the focus there. */
export function showPage(title: string, lines: readonly Line[], { isBeside = false } = {}): void {
    let panel = open.get(title);
    if (panel === undefined) {
        const options = { enableCommandUris: COMMANDS, enableFindWidget: true };
        const place = { viewColumn: isBeside ? ViewColumn.Beside : ViewColumn.Active, preserveFocus: isBeside };
        panel = window.createWebviewPanel("homebody.page", title, place, options);
        open.set(title, panel);
        panel.onDidDispose(() => open.delete(title));
    }
    panel.webview.html = pageOf(title, lines);
    panel.reveal(undefined, isBeside);
}

/** The page: it has no script, and loads nothing from anywhere. */
export function pageOf(title: string, lines: readonly Line[]): string {
    const nonce = randomBytes(16).toString("base64");
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; img-src data:;">
<title>${escaped(title)}</title>
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
${lines.map(lineOf).join("\n")}
</body>
</html>`;
}

function lineOf(line: Line): string {
    const text = escaped(line.text);
    switch (line.kind) {
        case "title":
            return `<h2>${text}</h2>`;
        case "picture":
            return `<img alt="" src="${text}">`;
        case "text":
            return `<pre><code>${text}</code></pre>`;
        case "command":
            return `<pre><code>${text}</code><a href="${addressOf("homebody.copyLine", line.text)}">Copy</a></pre>`;
        case "button":
            return `<a class="button" role="button" href="${addressOf(line.run, line.argument)}">${text}</a>`;
        default: {
            const mark = MARKS[line.kind];
            return `<p class="${line.kind}">${mark === undefined ? "" : `<b>${mark}</b>`}${text}</p>`;
        }
    }
}

function addressOf(command: string, argument: unknown): string {
    const query = argument === undefined ? "" : `?${encodeURIComponent(JSON.stringify([argument]))}`;
    return escaped(`command:${command}${query}`);
}

function escaped(text: string): string {
    const names: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
    return text.replace(/[&<>"']/g, (character) => names[character] ?? character);
}
