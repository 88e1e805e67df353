/** The code that is sent with a question; the view shows it, and the user can remove it. */

import { Disposable, type TextEditor, window } from "vscode";

import { editorInView, placeOf } from "./code";
import type { About } from "./messages";

// A selection changes often while the user makes it.
const SELECTION_MILLISECONDS = 100;

export class CodeInView implements Disposable {
    private isLeftOut = false;
    private timer: NodeJS.Timeout | undefined;
    private readonly subscription = Disposable.from(
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
        this.draw(editor && { label: placeOf(editor), isLeftOut: this.isLeftOut });
    }

    /** Remove the code from the next questions, or add it again. */
    toggle(): void {
        this.isLeftOut = !this.isLeftOut;
        this.show();
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.subscription.dispose();
    }

    private showSoon(): void {
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.show(), SELECTION_MILLISECONDS);
    }
}
