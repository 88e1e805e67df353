/**
 * The item in the status bar: shows which models answer and what they are doing; a click opens the menu.
 */

import { Disposable, EventEmitter, StatusBarAlignment, ThemeColor, commands, window, workspace } from "vscode";

import type { ServerStatus } from "./protocol";
import { pausedReason } from "./suggestions";

// A status often comes just before a suggestion. Drawing it then would delay the suggestion by about 7 ms, and short work
// would make the icon flicker at each key.
const DRAWN_AFTER_MILLISECONDS = 300;
const ICONS = { Normal: "home", Warning: "warning", Error: "error", Inactive: "circle-slash" } as const;

export class StatusItem implements Disposable {
    /** The server's last status; `undefined` while there is no server. */
    current: ServerStatus | undefined;
    /** Name of the chat model that the user has just chosen, until the server has it. */
    private expected: string | undefined;
    private held: string | undefined;
    private hasModel: boolean | undefined;
    private timer: NodeJS.Timeout | undefined;
    private drawn = "";
    private readonly changed = new EventEmitter<void>();
    /** The server has sent another status. */
    readonly onDidChange = this.changed.event;
    private readonly item = window.createStatusBarItem("homebody.status", StatusBarAlignment.Right, 100);
    private readonly subscriptions = Disposable.from(
        this.item,
        this.changed,
        window.onDidChangeActiveTextEditor(() => this.redraw()),
        window.tabGroups.onDidChangeTabs(() => this.tick()),
        workspace.onDidChangeConfiguration((event) => {
            if (event.affectsConfiguration("homebody.completion")) {
                this.redraw();
            }
        }),
    );

    constructor() {
        this.item.name = "Homebody";
        this.item.command = "homebody.openMenu";
        this.item.show();
    }

    starting(): void {
        this.current = undefined;
        this.draw("loading~spin", "The server is starting.");
    }

    stopped(reason: string, kind: "Error" | "Warning" = "Error"): void {
        this.current = undefined;
        this.draw(ICONS[kind], reason, kind);
    }

    /** Name of the model that answers questions. */
    get chatModel(): string {
        return this.expected ?? this.current?.chatModel ?? this.current?.model ?? "";
    }

    /** The user has chosen another chat model, which a server that starts with it will report. */
    expect(model: string): void {
        this.expected = model;
        this.changed.fire();
    }

    /** Keep the server's newest status; it is drawn a moment later, and only if it still holds then. */
    show(status: ServerStatus): void {
        this.current = status;
        if (status.model !== undefined || status.kind === "Error") {
            this.expected = undefined;
        }
        this.changed.fire();
        this.tick();
        this.timer ??= setTimeout(() => this.redraw(), DRAWN_AFTER_MILLISECONDS);
    }

    /** Show why there are no suggestions, until it is called without a reason. */
    hold(reason?: string): void {
        this.held = reason;
        this.redraw();
    }

    /** Whether the server's status meets a condition within a time in milliseconds. */
    fulfils(condition: (status: ServerStatus | undefined) => boolean, longest: number): Promise<boolean> {
        return new Promise((resolve) => {
            const settle = (result: boolean): void => {
                clearTimeout(timer);
                subscription.dispose();
                resolve(result);
            };
            const timer = setTimeout(() => settle(false), longest);
            const subscription = this.onDidChange(() => condition(this.current) && settle(true));
            if (condition(this.current)) {
                settle(true);
            }
        });
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.subscriptions.dispose();
    }

    /**
     * Tick the first step of the walkthrough if a model answers.
     *
     * VS Code reads the walkthroughs some seconds after its start, and never ticks a step for what was true by
     * then. So it is told only while a page like the walkthrough's is open, which has no input that extensions know.
     */
    private tick(): void {
        const isOpen = window.tabGroups.all.some(({ tabs }) => tabs.some(({ input }) => input === undefined));
        const hasModel = this.current?.model !== undefined && this.current.kind !== "Error";
        if ((isOpen && hasModel) !== this.hasModel) {
            this.hasModel = isOpen && hasModel;
            void commands.executeCommand("setContext", "homebody.hasModel", this.hasModel);
        }
    }

    private redraw(): void {
        clearTimeout(this.timer);
        this.timer = undefined;
        const status = this.current;
        if (status === undefined) {
            return;
        }
        const inactive = status.kind === "Inactive" ? status.message : undefined;
        const paused = this.held ?? pausedReason(window.activeTextEditor?.document) ?? inactive;
        const message = inactive === undefined ? status.message : "";
        const lines = [message || (status.busy ? "Working." : (paused ?? "Ready."))];
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
            lines.push(`Context length: ${status.contextLength} tokens`);
        }
        lines.push(...(status.reasons ?? []));
        // A machine without a model is not set up yet; nothing has failed.
        const kind = status.fix === "installModel" ? "Warning" : status.kind;
        const isPaused = paused !== undefined && status.kind !== "Error";
        const icon = status.busy ? "loading~spin" : isPaused ? ICONS.Inactive : ICONS[kind];
        this.draw(icon, lines.join("\n"), kind);
    }

    private draw(icon: string, text: string, kind: ServerStatus["kind"] = "Normal"): void {
        const drawn = `${icon} ${kind} ${text}`;
        if (drawn === this.drawn) {
            return;
        }
        this.drawn = drawn;
        this.item.text = `$(${icon}) Homebody`;
        this.item.tooltip = text;
        this.item.accessibilityInformation = { label: `Homebody: ${text.replaceAll("\n", ", ")}` };
        const colour = kind === "Error" || kind === "Warning" ? kind.toLowerCase() : undefined;
        this.item.backgroundColor = colour && new ThemeColor(`statusBarItem.${colour}Background`);
    }
}
