/**
 * Ghost text in VS Code: passes VS Code's events and requests on to `Requests`.
 *
 * The language client sends the requests to the server; this module decides when.
 */

import {
    type CancellationToken,
    CancellationTokenSource,
    Disposable,
    EventEmitter,
    type InlineCompletionContext,
    InlineCompletionTriggerKind,
    Position,
    type TextDocument,
    type TextDocumentChangeEvent,
    type TextEditor,
    type TextEditorSelectionChangeEvent,
    TextEditorSelectionChangeKind,
    commands,
    window,
    workspace,
} from "vscode";
import type { Middleware } from "vscode-languageclient/node";

import type { Found } from "../protocol";
import { asksByItself } from "../suggestions";
import { type Kind, type Place, Requests, type Sent, isSame } from "./requests";

type Provide = NonNullable<Middleware["provideInlineCompletionItems"]>;
type Suggestions = Awaited<ReturnType<Provide>>;

// A notebook's cells are synchronized by another notification, which may follow a request that is sent early.
const EARLY_SCHEMES = ["file", "untitled"];
const SETTINGS = ["homebody.completion", "editor.inlineSuggest"];

/** The effect of one key: it inserted or removed the characters between two offsets. */
interface Edit {
    document: TextDocument;
    version: number;
    start: number;
    end: number;
}

export class GhostText implements Disposable {
    private readonly requests = new Requests<Suggestions>({
        isAt,
        isEmpty,
        askAgain: () => void commands.executeCommand("editor.action.inlineSuggest.trigger"),
    });
    /** The last change of a text, until the event that reports where the cursor is after it. */
    private edit: Edit | undefined;
    /** Where VS Code shows ghost text, until the text changes or the cursor moves. */
    private shown: Place | undefined;
    private readonly answered = new EventEmitter<void>();
    /** A request of VS Code's has its answer. */
    readonly onDidAnswer = this.answered.event;
    private readonly subscriptions = Disposable.from(
        this.answered,
        workspace.onDidChangeTextDocument((event) => this.changed(event)),
        window.onDidChangeTextEditorSelection((event) => this.moved(event)),
        window.onDidChangeWindowState(({ focused }) => {
            if (!focused) {
                this.left();
            }
        }),
        workspace.onDidChangeConfiguration((event) => {
            if (SETTINGS.some((section) => event.affectsConfiguration(section))) {
                this.requests.forget();
            }
        }),
    );

    /** Middleware: VS Code requests ghost text. */
    readonly suggest: Provide = async (document, position, context, token, next) => {
        const automatic = { ...context, triggerKind: InlineCompletionTriggerKind.Automatic };
        const question = {
            place: placeOf(document, position),
            kind: kindOf(context),
            mayAskEarly: mayAskEarly(document),
            send: ({ line, character }: Place, kind: Kind) => {
                const how = kind === "automatic" ? automatic : context;
                return start((own) => next(document, new Position(line, character), how, own));
            },
        };
        try {
            const answer = await this.requests.asked(question, token);
            if (!token.isCancellationRequested) {
                this.shown = isEmpty(answer) ? undefined : question.place;
            }
            return answer;
        } finally {
            this.answered.fire();
        }
    };

    /** Whether ghost text is shown at the cursor, or may be soon. */
    get isInTheWay(): boolean {
        return this.requests.isPending || (this.shown !== undefined && isAt(this.shown));
    }

    /** Record that VS Code opens its menu here. */
    menuOpens(document: TextDocument, position: Position): void {
        this.requests.menuOpens(placeOf(document, position));
    }

    /** A server is ready: request what keys before that could not, where keys request by themselves. */
    ready(): void {
        const document = window.activeTextEditor?.document;
        const isShown = workspace.getConfiguration("editor", document).get<boolean>("inlineSuggest.enabled");
        if (document !== undefined && isShown && asksByItself(document)) {
            this.requests.ready();
        }
    }

    /** The server has a suggestion where it had none. */
    found({ textDocument: { uri, version }, position: { line, character } }: Found): void {
        this.requests.found({ uri, version, line, character });
    }

    /**
     * The focus left the editor for another window, or for the chat.
     *
     * VS Code does not report that it went to a terminal or a list.
     */
    left(): void {
        this.requests.left();
    }

    /** Nothing is asked for at keys until VS Code asks again. */
    forget(): void {
        this.requests.forget();
    }

    dispose(): void {
        this.requests.forget();
        this.subscriptions.dispose();
    }

    private changed(event: TextDocumentChangeEvent): void {
        if (event.contentChanges.length > 0) {
            this.requests.changed(event.document.uri.toString());
            this.edit = editOf(event);
        }
    }

    private moved({ textEditor, kind }: TextEditorSelectionChangeEvent): void {
        if (textEditor !== window.activeTextEditor) {
            return;
        }
        const edit = this.edit;
        this.edit = undefined;
        const cursor = cursorOf(textEditor);
        if (edit !== undefined && cursor !== undefined && isTyping(kind) && isBehind(edit, textEditor.document, cursor)) {
            this.requests.typed(placeOf(textEditor.document, cursor));
        } else {
            this.requests.moved();
        }
    }
}

/** The effect of a key: one insertion or one deletion at the cursor, not made by undo. */
function editOf({ document, contentChanges, reason }: TextDocumentChangeEvent): Edit | undefined {
    const [change] = contentChanges;
    if (change === undefined || contentChanges.length > 1 || reason !== undefined) {
        return undefined;
    }
    // Input methods replace the text that they have inserted until the word is complete.
    if (change.rangeLength > 0 && change.text !== "") {
        return undefined;
    }
    // The cursor's event comes after this one: its position is still the one before the change.
    const editor = window.activeTextEditor;
    const before = editor?.document === document ? cursorOf(editor) : undefined;
    if (before === undefined || !(before.isEqual(change.range.start) || before.isEqual(change.range.end))) {
        return undefined;
    }
    const start = change.rangeOffset;
    return { document, version: document.version, start, end: start + change.text.length };
}

/** The cursor, if it is the only one and nothing is selected. */
function cursorOf({ selections, selection }: TextEditor): Position | undefined {
    return selections.length === 1 && selection.isEmpty ? selection.active : undefined;
}

/** Whether the cursor is where a key leaves it; between brackets if VS Code inserted the closing one. */
function isBehind(edit: Edit, document: TextDocument, cursor: Position): boolean {
    const offset = document === edit.document && document.version === edit.version ? document.offsetAt(cursor) : -1;
    return edit.start <= offset && offset <= edit.end;
}

/** VS Code names a key as the source of a movement, except after Backspace or when the window scrolls too. */
function isTyping(kind: TextEditorSelectionChangeKind | undefined): boolean {
    return kind === undefined || kind === TextEditorSelectionChangeKind.Keyboard;
}

function mayAskEarly(document: TextDocument): boolean {
    return EARLY_SCHEMES.includes(document.uri.scheme) && asksByItself(document);
}

function kindOf(context: InlineCompletionContext): Kind {
    if (context.selectedCompletionInfo !== undefined) {
        return "menu";
    }
    return context.triggerKind === InlineCompletionTriggerKind.Automatic ? "automatic" : "explicit";
}

function start(send: (token: CancellationToken) => ReturnType<Provide>): Sent<Suggestions> {
    const source = new CancellationTokenSource();
    return { answer: Promise.resolve(send(source.token)), cancel: () => source.cancel() };
}

function placeOf({ uri, version }: TextDocument, { line, character }: Position): Place {
    return { uri: uri.toString(), version, line, character };
}

function isAt(place: Place): boolean {
    const editor = window.activeTextEditor;
    const cursor = editor && cursorOf(editor);
    return editor !== undefined && cursor !== undefined && isSame(placeOf(editor.document, cursor), place);
}

function isEmpty(suggestions: Suggestions): boolean {
    const items = Array.isArray(suggestions) ? suggestions : (suggestions?.items ?? []);
    return items.length === 0;
}
