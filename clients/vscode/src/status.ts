/**
 * The item in the status bar: how the server is, which model answers; a click opens the menu.
 */

import { type Disposable, StatusBarAlignment, ThemeColor, window } from "vscode";

import type { ServerStatus } from "./protocol";

const ICONS = { Normal: "home", Warning: "warning", Error: "error", Inactive: "circle-slash" } as const;

export class StatusItem implements Disposable {
    /** What the server said last; `undefined` while there is none. */
    current: ServerStatus | undefined;
    private readonly item = window.createStatusBarItem("homebody.status", StatusBarAlignment.Right, 100);

    constructor() {
        this.item.name = "Homebody";
        this.item.command = "homebody.openMenu";
        this.item.show();
    }

    starting(): void {
        this.current = undefined;
        this.draw("loading~spin", "The server is starting.");
    }

    stopped(reason: string): void {
        this.current = undefined;
        this.draw("error", reason, "Error");
    }

    show(status: ServerStatus): void {
        this.current = status;
        const lines = [status.message || (status.busy ? "At work." : "Ready.")];
        if (status.model) {
            lines.push(`Model: ${status.model} (${status.backend})`);
        }
        if (status.contextLength) {
            lines.push(`Context length: ${status.contextLength.toLocaleString("en")} tokens`);
        }
        lines.push(...(status.reasons ?? []));
        this.draw(status.busy ? "loading~spin" : ICONS[status.kind], lines.join("\n"), status.kind);
    }

    dispose(): void {
        this.item.dispose();
    }

    private draw(icon: string, text: string, kind: ServerStatus["kind"] = "Normal"): void {
        this.item.text = `$(${icon}) Homebody`;
        this.item.tooltip = text;
        this.item.accessibilityInformation = { label: `Homebody: ${text.replaceAll("\n", ", ")}` };
        const colour = kind === "Error" || kind === "Warning" ? kind.toLowerCase() : undefined;
        this.item.backgroundColor = colour && new ThemeColor(`statusBarItem.${colour}Background`);
    }
}
