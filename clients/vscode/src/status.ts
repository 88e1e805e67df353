/**
 * The item in the status bar: which models answer, what they do at the moment; a click opens the menu.
 */

import { type Disposable, StatusBarAlignment, ThemeColor, window, workspace } from "vscode";

import type { ServerStatus } from "./protocol";
import { pausedReason } from "./toggle";

const ICONS = { Normal: "home", Warning: "warning", Error: "error", Inactive: "circle-slash" } as const;

export class StatusItem implements Disposable {
    /** What the server said last; `undefined` while there is none. */
    current: ServerStatus | undefined;
    private readonly item = window.createStatusBarItem("homebody.status", StatusBarAlignment.Right, 100);
    private readonly disposables: Disposable[];

    constructor() {
        this.item.name = "Homebody";
        this.item.command = "homebody.openMenu";
        this.item.show();
        this.disposables = [
            this.item,
            window.onDidChangeActiveTextEditor(() => this.redraw()),
            workspace.onDidChangeConfiguration((event) => {
                if (event.affectsConfiguration("homebody.completion")) {
                    this.redraw();
                }
            }),
        ];
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
        this.redraw();
    }

    dispose(): void {
        this.disposables.forEach((disposable) => disposable.dispose());
    }

    private redraw(): void {
        const status = this.current;
        if (status === undefined) {
            return;
        }
        const paused = pausedReason(window.activeTextEditor?.document);
        const lines = [status.message || (status.busy ? "Working." : (paused ?? "Ready."))];
        if (paused !== undefined && lines[0] !== paused) {
            lines.push(paused);
        }
        if (status.hint) {
            lines.push(`${status.hint} (Alt+\\)`);
        }
        if (status.model) {
            lines.push(`${status.chatModel ? "Completes" : "Model"}: ${status.model} (${status.backend})`);
        }
        if (status.chatModel) {
            lines.push(`Explains and answers: ${status.chatModel}`);
        }
        if (status.contextLength) {
            lines.push(`Context length: ${status.contextLength.toLocaleString("en")} tokens`);
        }
        lines.push(...(status.reasons ?? []));
        const isPaused = paused !== undefined && status.kind === "Normal";
        const icon = status.busy ? "loading~spin" : isPaused ? ICONS.Inactive : ICONS[status.kind];
        this.draw(icon, lines.join("\n"), status.kind);
    }

    private draw(icon: string, text: string, kind: ServerStatus["kind"] = "Normal"): void {
        this.item.text = `$(${icon}) Homebody`;
        this.item.tooltip = text;
        this.item.accessibilityInformation = { label: `Homebody: ${text.replaceAll("\n", ", ")}` };
        const colour = kind === "Error" || kind === "Warning" ? kind.toLowerCase() : undefined;
        this.item.backgroundColor = colour && new ThemeColor(`statusBarItem.${colour}Background`);
    }
}
