/** The code in view, which is sent with a question; the view shows it, and the user can remove it. */

import { Disposable, TabInputTextDiff, type TextEditor, window } from "vscode";

import { isServed } from "../ghost/signals";
import { lastLine, nameOf } from "../words";
import type { About } from "./messages";

// A selection changes often while the user makes it.
const SELECTION_MILLISECONDS = 100;

export class CodeInView implements Disposable {
    private isLeftOut = false;
    private timer: NodeJS.Timeout | undefined;
    private readonly subscriptions = Disposable.from(
        window.onDidChangeActiveTextEditor(() => this.showSoon()),
        window.onDidChangeTextEditorSelection(() => this.showSoon()),
    );

    /** `draw` shows the code to the user; `undefined` if there is none. */
    constructor(private readonly draw: (about: About | undefined) => void) {}

    /** The editor whose code is sent with the next question. */
    get editor(): TextEditor | undefined {
        return this.isLeftOut ? undefined : editorInView();
    }

    show(): void {
        const editor = editorInView();
        this.draw(editor && { label: labelOf(editor), isLeftOut: this.isLeftOut });
    }

    /** Remove the code from the next questions, or add it again. */
    toggle(): void {
        this.isLeftOut = !this.isLeftOut;
        this.show();
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.subscriptions.dispose();
    }

    private showSoon(): void {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.show(), SELECTION_MILLISECONDS);
    }
}

/** The editor that questions are about, and that code of an answer goes into: while a change is reviewed, the side with the file. */
export function editorInView(): TextEditor | undefined {
    const { visibleTextEditors } = window;
    const input = window.tabGroups.activeTabGroup.activeTab?.input;
    // A notebook behind another tab is listed as visible too.
    const left = input instanceof TabInputTextDiff ? input.original.toString() : undefined;
    const reviewed = visibleTextEditors.filter(({ document }) => document.uri.toString() === left);
    return [window.activeTextEditor, ...reviewed, ...visibleTextEditors].find((each) => each !== undefined && isServed(each));
}

/** The name of the file, or of the notebook and its cell, and the lines of the selection. */
export function labelOf({ document, selection }: TextEditor): string {
    const [first, last] = [selection.start.line + 1, lastLine(selection) + 1];
    return `${nameOf(document)}:${first === last ? first : `${first}-${last}`}`;
}
