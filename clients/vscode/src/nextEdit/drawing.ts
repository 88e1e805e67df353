/** Draws a next edit: what it removes struck out, what it adds in green, a mark at its line, a label at the cursor. */

import {
    type DecorationOptions,
    Disposable,
    MarkdownString,
    OverviewRulerLane,
    Range,
    type TextDocument,
    type TextEditor,
    ThemeColor,
    window,
} from "vscode";

import { type Shape, inOneLine, isEmpty } from "./shape";

const REMOVED = window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor("diffEditor.removedTextBackground"),
    textDecoration: "line-through",
});
const ADDED = window.createTextEditorDecorationType({
    after: {
        backgroundColor: new ThemeColor("diffEditor.insertedTextBackground"),
        // High contrast themes have no background for it, nor for the label.
        border: "1px solid",
        borderColor: new ThemeColor("diffEditor.insertedTextBorder"),
    },
});
const MARK = window.createTextEditorDecorationType({
    isWholeLine: true,
    borderWidth: "0 0 0 3px",
    borderStyle: "solid",
    borderColor: new ThemeColor("editorGutter.modifiedBackground"),
    overviewRulerColor: new ThemeColor("editorOverviewRuler.modifiedForeground"),
    overviewRulerLane: OverviewRulerLane.Left,
});
const LABEL = window.createTextEditorDecorationType({
    after: {
        margin: "0 0 0 3ch",
        color: new ThemeColor("badge.foreground"),
        backgroundColor: new ThemeColor("badge.background"),
        border: "1px solid",
        borderColor: new ThemeColor("contrastBorder"),
    },
});
const ALL = [REMOVED, ADDED, MARK, LABEL];

/** What is drawn in the editor that the user is in. */
export interface Picture {
    /** What Tab does, at the end of the cursor's line; nothing where Tab is not free. */
    readonly label: string | undefined;
    /** The edit, if it is in this document. */
    readonly shape: Shape | undefined;
    /** Whether its text is drawn, or only the mark. */
    readonly isFull: boolean;
}

export class Drawing implements Disposable {
    private drawnIn: TextEditor | undefined;

    /** Draw this and nothing else, in any editor. */
    show(editor: TextEditor, { label, shape, isFull }: Picture): void {
        if (this.drawnIn !== editor) {
            this.clear();
        }
        this.drawnIn = editor;
        const { document, selection } = editor;
        const drawn = isFull ? shape : undefined;
        editor.setDecorations(REMOVED, drawn && !isEmpty(drawn) ? [rangeOf(drawn)] : []);
        editor.setDecorations(ADDED, drawn && drawn.added !== "" ? [addition(document, drawn)] : []);
        editor.setDecorations(MARK, shape === undefined ? [] : [new Range(shape.start.line, 0, shape.end.line, 0)]);
        const end = document.lineAt(selection.active.line).range.end;
        const contentText = `\u00a0${label}\u00a0`;
        editor.setDecorations(LABEL, label === undefined ? [] : [{ range: new Range(end, end), renderOptions: { after: { contentText } } }]);
    }

    clear(): void {
        for (const type of ALL) {
            this.drawnIn?.setDecorations(type, []);
        }
        this.drawnIn = undefined;
    }

    dispose(): void {
        Disposable.from(...ALL).dispose();
    }
}

export function rangeOf({ start, end }: Shape): Range {
    return new Range(start.line, start.character, end.line, end.character);
}

function addition({ languageId }: TextDocument, { end, added }: Shape): DecorationOptions {
    const whole = added.includes("\n") ? { hoverMessage: new MarkdownString().appendCodeblock(added, languageId) } : {};
    return { range: rangeOf({ start: end, end, added }), ...whole, renderOptions: { after: { contentText: inOneLine(added) } } };
}
