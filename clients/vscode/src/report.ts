/**
 * A terminal that shows what a program prints, until the user closes it.
 *
 * A terminal in which VS Code itself runs a program is closed as soon as the program ends, and its text is gone.
 */

import { spawn } from "node:child_process";

import { EventEmitter, type Pseudoterminal, window, workspace } from "vscode";

/** Run a program that prints a report, and show it. */
export function showReport(name: string, program: string, args: string[]): void {
    window.createTerminal({ name, pty: new Report(program, args) }).show();
}

class Report implements Pseudoterminal {
    private readonly written = new EventEmitter<string>();
    private readonly closed = new EventEmitter<void>();
    readonly onDidWrite = this.written.event;
    readonly onDidClose = this.closed.event;
    private readonly stop = new AbortController();
    private hasEnded = false;

    constructor(
        private readonly program: string,
        private readonly args: string[],
    ) {}

    open(): void {
        this.write(`> ${[this.program, ...this.args].join(" ")}\n\n`);
        const cwd = workspace.workspaceFolders?.find(({ uri }) => uri.scheme === "file")?.uri.fsPath;
        const { signal } = this.stop;
        const child = spawn(this.program, this.args, { signal, stdio: ["ignore", "pipe", "pipe"], ...(cwd && { cwd }) });
        for (const stream of [child.stdout, child.stderr]) {
            stream.setEncoding("utf8").on("data", (text: string) => this.write(text));
        }
        child.on("error", (error) => this.end(`${error.message}\n`));
        child.on("close", () => this.end("\nPress any key to close the terminal.\n"));
    }

    handleInput(): void {
        if (this.hasEnded) {
            this.closed.fire();
        }
    }

    close(): void {
        this.stop.abort();
        this.written.dispose();
        this.closed.dispose();
    }

    private write(text: string): void {
        this.written.fire(text.replace(/\r?\n/g, "\r\n"));
    }

    private end(text: string): void {
        this.hasEnded = true;
        this.write(text);
    }
}
