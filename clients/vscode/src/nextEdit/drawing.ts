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

import { type Shape, inOneLine } from "./shape";

const REMOVED = window.createTextEditorDecorationType({
    backgroundColor: new ThemeColor("diffEditor.removedTextBackground"),
    textDecoration: "line-through",
});
const ADDED = window.createTextEditorDecorationType({
    after: {
        backgroundColor: new ThemeColor("diffEditor.insertedTextBackground"),
        // High contrast themes have no background for it.
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
    after: { margin: "0 0 0 3ch", color: new ThemeColor("badge.foreground"), backgroundColor: new ThemeColor("badge.background") },
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
        const drawn = shape && isFull ? placed(document, shape) : undefined;
        const removed = drawn && !drawn.range.isEmpty ? [drawn.range] : [];
        editor.setDecorations(REMOVED, removed);
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

/** Where a shape is drawn: new lines above a line are drawn behind the line before them. */
function placed(document: TextDocument, { start, end, added }: Shape): { range: Range; added: string } {
    const range = new Range(start.line, start.character, end.line, end.character);
    if (range.isEmpty && start.character === 0 && start.line > 0 && added.endsWith("\n")) {
        const before = document.lineAt(start.line - 1).range.end;
        return { range: new Range(before, before), added: `\n${added.slice(0, -1)}` };
    }
    return { range, added };
}

function addition({ languageId }: TextDocument, { range: { end }, added }: { range: Range; added: string }): DecorationOptions {
    const whole = added.includes("\n") ? { hoverMessage: new MarkdownString().appendCodeblock(added, languageId) } : {};
    return { range: new Range(end, end), ...whole, renderOptions: { after: { contentText: inOneLine(added) } } };
}
