/** The code that goes with a question, as the view shows it: the user can leave it out. */

import { Disposable, type TextEditor, window } from "vscode";

import { editorInView, placeOf } from "./code";
import type { About } from "./messages";

// A selection changes many times while it is made.
const SELECTION_MILLISECONDS = 100;

export class CodeInView implements Disposable {
    private isLeftOut = false;
    private timer: NodeJS.Timeout | undefined;
    private readonly subscription = Disposable.from(
        window.onDidChangeActiveTextEditor(() => this.showSoon()),
        window.onDidChangeTextEditorSelection(() => this.showSoon()),
    );

    /** `draw` shows the code to the user; `undefined` where there is none. */
    constructor(private readonly draw: (about: About | undefined) => void) {}

    /** The editor whose code goes with the next question. */
    get editor(): TextEditor | undefined {
        return this.isLeftOut ? undefined : editorInView();
    }

    show(): void {
        const editor = editorInView();
        this.draw(editor && { label: placeOf(editor), isLeftOut: this.isLeftOut });
    }

    /** Leave the code out of the questions from now on, or add it again. */
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
