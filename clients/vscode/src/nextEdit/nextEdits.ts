/**
 * The next edit: asks for one after each change, shows it, and takes or rejects it at a key.
 *
 * This is the one owner of what is offered. What only adds text at the cursor is ghost text. Stable VS Code has no
 * inline edits in other places, so these are drawn as decorations. Context keys say when Tab and Escape are its keys.
 * See docs/next-edit.md.
 */

import {
    CancellationTokenSource,
    Disposable,
    InlineCompletionItem,
    Position,
    Range,
    Selection,
    type TextDocument,
    type TextDocumentChangeEvent,
    type TextEditor,
    TextEditorRevealType,
    type TextEditorSelectionChangeEvent,
    TextEditorSelectionChangeKind,
    Uri,
    commands,
    window,
    workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { EXECUTE } from "../commands";
import { isServed } from "../ghost/signals";
import type { GhostText } from "../ghost/text";
import type { NextEdit } from "../protocol";
import { baseName } from "../words";
import { Drawing, type Picture, rangeOf } from "./drawing";
import { type Shape, distance, endOf, indents, isEmpty, restOf, shapeOf } from "./shape";

// The server waits longer; this saves requests while keys follow each other.
const PAUSE_MILLISECONDS = 100;
// An edit that is no further away is applied without going there first.
const NEAR_LINES = 2;
const KEYS = ["Shown", "Here", "TakesTab", "IsGhostText"] as const;

interface Offer {
    readonly edit: NextEdit;
    /** The document that was asked for, its version and text, and the text with the edit. */
    readonly document: TextDocument;
    version: number;
    text: string;
    readonly target: string;
    /** What is left of it: a range, and its new text. */
    range: Range;
    added: string;
    /** What it changes; nothing if it is in another document. */
    shape: Shape | undefined;
    /** Whether the user has typed a part of it. */
    isFollowed: boolean;
    /** Where Tab has brought the cursor: there the next Tab is its key too. */
    arrived?: Position;
    /** Whether VS Code was made to ask for it as ghost text. */
    isGhostText: boolean;
    isReported: boolean;
}

export class NextEdits implements Disposable {
    private offer: Offer | undefined;
    private isShown = false;
    private asking: CancellationTokenSource | undefined;
    private timer: NodeJS.Timeout | undefined;
    private readonly drawing = new Drawing();
    /** URIs of the documents in which they are off until the window is closed. */
    private readonly paused = new Set<string>();
    private readonly subscriptions: Disposable;

    constructor(
        private readonly running: () => LanguageClient | undefined,
        private readonly ghost: GhostText,
    ) {
        this.subscriptions = Disposable.from(
            this.drawing,
            ghost.onDidAnswer(() => this.draw()),
            workspace.onDidChangeTextDocument((event) => this.changed(event)),
            window.onDidChangeTextEditorSelection((event) => this.moved(event)),
            window.onDidChangeTextEditorVisibleRanges(() => this.draw()),
            window.onDidChangeActiveTextEditor(() => this.clear()),
            window.onDidChangeWindowState(({ focused }) => focused || this.forget()),
            workspace.onDidChangeConfiguration((event) => event.affectsConfiguration("homebody.nextEdit") && this.clear()),
        );
    }

    isPausedIn({ uri }: TextDocument): boolean {
        return this.paused.has(uri.toString());
    }

    /** Turn them off or on again in a document. */
    toggleIn({ uri }: TextDocument): void {
        this.clear();
        if (!this.paused.delete(uri.toString())) {
            this.paused.add(uri.toString());
        }
    }

    /** Go to the edit that is shown, or apply it if the cursor is there. */
    async take(): Promise<void> {
        const editor = window.activeTextEditor;
        const offer = this.offer;
        if (editor === undefined || offer === undefined || !this.isShown) {
            // It vanished while the key was on its way.
            await commands.executeCommand("tab");
        } else if (offer.shape === undefined) {
            await window.showTextDocument(Uri.parse(offer.edit.textDocument.uri), { selection: new Range(offer.range.start, offer.range.start) });
            await this.ask();
        } else if (isHere(offer, editor)) {
            await this.apply(offer, offer.shape, editor);
        } else {
            const { line, character } = offer.shape.start;
            offer.arrived = new Position(line, character);
            editor.selection = new Selection(offer.arrived, offer.arrived);
            editor.revealRange(offer.range, TextEditorRevealType.InCenterIfOutsideViewport);
        }
    }

    /** It is not offered again. */
    reject(): void {
        const { offer } = this;
        if (offer !== undefined && this.isShown) {
            void this.running()?.sendNotification("homebody/didRejectInlineEdit", { id: offer.edit.command.arguments[0] });
        }
        if (offer?.isGhostText) {
            void commands.executeCommand("editor.action.inlineSuggest.hide");
        }
        this.clear();
    }

    /** The edit as ghost text, if that is how it is shown here. */
    ghostText(document: TextDocument, position: Position): InlineCompletionItem[] | undefined {
        const { offer } = this;
        if (offer?.document !== document || offer.version !== document.version) {
            return undefined;
        }
        if (offer.isGhostText && offer.shape !== undefined) {
            return [new InlineCompletionItem(offer.shape.added, new Range(position, position), offer.edit.command)];
        }
        // While the user types what is drawn, nothing else is asked for.
        return offer.isFollowed ? [] : undefined;
    }

    dispose(): void {
        this.clear();
        this.subscriptions.dispose();
    }

    private async apply({ range, added, edit }: Offer, shape: Shape, editor: TextEditor): Promise<void> {
        // VS Code refuses it if the document is no longer of this version.
        if (!(await editor.edit((builder) => builder.replace(range, added)))) {
            this.clear();
            return;
        }
        const { line, character } = endOf(shape.start, shape.added);
        editor.selection = new Selection(line, character, line, character);
        editor.revealRange(editor.selection);
        await this.running()?.sendRequest(EXECUTE, edit.command);
    }

    private changed({ document, contentChanges, reason }: TextDocumentChangeEvent): void {
        if (contentChanges.length === 0 || document !== window.activeTextEditor?.document) {
            return;
        }
        if (reason === undefined && this.follow(document)) {
            return;
        }
        this.clear();
        // After undo and redo there is nothing.
        if (reason === undefined) {
            this.timer = setTimeout(() => void this.ask(), PAUSE_MILLISECONDS);
        }
    }

    /** Keep what is left of the offer while it is typed; it is drawn when the cursor has moved. */
    private follow(document: TextDocument): boolean {
        const { offer } = this;
        const now = document.getText();
        const rest = offer?.document === document && offer.shape !== undefined ? restOf(offer.text, offer.target, now) : undefined;
        if (offer === undefined || rest === undefined || now === offer.target) {
            return false;
        }
        const range = new Range(document.positionAt(rest.start), document.positionAt(rest.end));
        const shape = behindLine(shapeIn(document, range, rest.added), document);
        Object.assign(offer, { text: now, version: document.version, range, added: rest.added, shape, isFollowed: true });
        this.ghost.forget();
        return true;
    }

    private moved({ textEditor, kind, selections }: TextEditorSelectionChangeEvent): void {
        if (textEditor !== window.activeTextEditor) {
            return;
        }
        const [selection] = selections;
        // The old text may be selected to type the new one.
        const isInside = selection !== undefined && this.offer?.shape !== undefined && rangeOf(this.offer.shape).contains(selection);
        const isLeft = selections.length > 1 || (!isInside && (kind === TextEditorSelectionChangeKind.Mouse || !selection?.isEmpty));
        if (isLeft) {
            this.forget();
        } else {
            this.draw();
        }
    }

    private async ask(): Promise<void> {
        const client = this.running();
        const editor = window.activeTextEditor;
        if (client === undefined || editor === undefined || !isServed(editor) || this.isPausedIn(editor.document)) {
            return;
        }
        this.clear();
        const { document, selection } = editor;
        const { version } = document;
        const asking = new CancellationTokenSource();
        this.asking = asking;
        const converter = client.code2ProtocolConverter;
        const uri = converter.asUri(document.uri);
        const params = { textDocument: { uri, version }, position: converter.asPosition(selection.active) };
        const answer = await client
            .sendRequest<{ edits: NextEdit[] }>("textDocument/copilotInlineEdit", params, asking.token)
            // Cancelled, or the server has stopped or is too old: as if there was none.
            .catch(() => ({ edits: [] }));
        const [edit] = answer.edits;
        if (edit === undefined || asking.token.isCancellationRequested) {
            return;
        }
        const range = client.protocol2CodeConverter.asRange(edit.range);
        const isOfThis = edit.textDocument.uri === uri;
        if (isOfThis && edit.textDocument.version !== document.version) {
            return;
        }
        const shape = isOfThis ? behindLine(shapeIn(document, range, edit.text), document) : undefined;
        const text = document.getText();
        const target = text.slice(0, document.offsetAt(range.start)) + edit.text + text.slice(document.offsetAt(range.end));
        const added = edit.text;
        this.offer = { edit, document, version, text, target, range, added, shape, isFollowed: false, isGhostText: false, isReported: false };
        this.draw();
    }

    /** Show the offer if it fits what is in view now. */
    private draw(): void {
        const editor = window.activeTextEditor;
        const offer = this.offer;
        if (editor === undefined || offer === undefined || editor.document !== offer.document || offer.document.version !== offer.version) {
            this.forget();
            return;
        }
        this.isShown = !this.ghost.isInTheWay && editor.selections.length === 1 && editor.selection.isEmpty;
        if (!this.isShown) {
            tell({});
            this.drawing.clear();
            return;
        }
        const here = isHere(offer, editor);
        const free = isFree(offer, editor);
        const wasGhostText = offer.isGhostText;
        offer.isGhostText = here && isGhostText(offer, editor);
        // First: what is seen has its keys.
        tell({ Shown: true, Here: here, TakesTab: free, IsGhostText: offer.isGhostText });
        if (!offer.isGhostText) {
            this.drawing.show(editor, picture(offer, here, free));
        } else if (!wasGhostText) {
            this.drawing.clear();
            void commands.executeCommand("editor.action.inlineSuggest.trigger");
        }
        if (!offer.isReported) {
            offer.isReported = true;
            const { command } = offer.edit;
            void this.running()?.sendNotification("textDocument/didShowInlineEdit", { item: { command } });
        }
    }

    /** The text changed, or the user went elsewhere: an answer that is still to come is of no use either. */
    private clear(): void {
        clearTimeout(this.timer);
        this.asking?.cancel();
        this.asking = undefined;
        this.forget();
    }

    private forget(): void {
        this.offer = undefined;
        if (this.isShown) {
            this.isShown = false;
            tell({});
        }
        this.drawing.clear();
    }
}

function shapeIn(document: TextDocument, range: Range, text: string): Shape {
    const left = document.lineAt(range.start).text.slice(0, range.start.character);
    const right = document.lineAt(range.end).text.slice(range.end.character);
    return shapeOf(range.start, document.getText(range), text, left, right);
}

/** New lines above a line are shown behind the line before them, where the cursor goes and VS Code has ghost text. */
function behindLine(shape: Shape, document: TextDocument): Shape {
    const { start, added } = shape;
    if (!isEmpty(shape) || start.character > 0 || start.line === 0 || !added.endsWith("\n")) {
        return shape;
    }
    const { text } = document.lineAt(start.line - 1);
    const place = { line: start.line - 1, character: text.length };
    return { start: place, end: place, added: `\n${added.slice(0, -1)}` };
}

function picture({ edit, range, shape }: Offer, here: boolean, free: boolean): Picture {
    const line = (shape ?? range).start.line + 1;
    const there = shape === undefined ? `${baseName(Uri.parse(edit.textDocument.uri))}:${line}` : `line ${line}`;
    const label = here ? "Tab" : `Tab to ${there}`;
    return { label: free ? label : undefined, shape, isFull: edit.show === "full" || here };
}

/** Whether the cursor is at the edit, which is in view: near it, or on its lines if only those are marked. */
function isHere({ edit, range, shape }: Offer, { selection, visibleRanges }: TextEditor): boolean {
    if (shape === undefined) {
        return false;
    }
    const away = distance(selection.active.line, shape.start.line, shape.end.line);
    const isInView = visibleRanges.some((visible) => visible.intersection(range) !== undefined);
    return isInView && away <= (edit.show === "full" ? NEAR_LINES : 0);
}

/** Whether Tab has no meaning of its own at the cursor. */
function isFree({ arrived }: Offer, { document, selection: { active } }: TextEditor): boolean {
    return arrived?.isEqual(active) || !indents(document.lineAt(active.line).text, active.character);
}

/** Whether it only adds text at the cursor, where VS Code shows ghost text. */
function isGhostText({ shape }: Offer, { document, selection: { active } }: TextEditor): boolean {
    const isAtCursor = shape !== undefined && active.isEqual(new Position(shape.start.line, shape.start.character));
    return isAtCursor && isEmpty(shape) && workspace.getConfiguration("editor", document).get("inlineSuggest.enabled") === true;
}

/** Set the context keys that the keys depend on. */
function tell(keys: Partial<Record<(typeof KEYS)[number], boolean>>): void {
    for (const name of KEYS) {
        void commands.executeCommand("setContext", `homebody.nextEdit${name}`, keys[name] ?? false);
    }
}
