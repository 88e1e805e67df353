/**
 * Suggestions that come later than VS Code waits for them.
 *
 * After a letter VS Code would open its menu of completions. By its default setting `editor.quickSuggestions`
 * it waits 750 ms for ghost text first; then it cancels the request and does not ask again, so an answer that
 * takes longer would never be seen. Here the request goes on, and once its answer is there VS Code is made to
 * ask once more.
 */

import {
    CancellationTokenSource,
    type Disposable,
    InlineCompletionTriggerKind,
    type Position,
    type TextDocument,
    commands,
    window,
    workspace,
} from "vscode";
import type { Middleware } from "vscode-languageclient/node";

type Provide = NonNullable<Middleware["provideInlineCompletionItems"]>;
type Suggestions = Awaited<ReturnType<Provide>>;

// A cancellation that comes sooner is not VS Code's own, but for a key, or for Escape.
const PATIENT_MILLISECONDS = 500;

interface Answer {
    place: string;
    suggestions: Suggestions;
}

export class LateSuggestions implements Disposable {
    /** The request that goes on, although VS Code has cancelled it. */
    private kept: { document: TextDocument; position: Position; source: CancellationTokenSource } | undefined;
    /** What VS Code is given when it asks again, once. */
    private late: Answer | undefined;
    /** What VS Code was given last. */
    private delivered: Answer | undefined;
    private readonly subscriptions = [
        workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
            if (document === this.kept?.document && contentChanges.length > 0) {
                this.end();
            }
        }),
        window.onDidChangeTextEditorSelection(() => {
            if (this.kept !== undefined && !isAt(this.kept.document, this.kept.position)) {
                this.end();
            }
        }),
    ];

    /** Middleware: suggest, and go on when VS Code does not wait any longer. */
    readonly suggest: Provide = async (document, position, context, token, next) => {
        const place = placeOf(document, position);
        const late = this.late?.place === place ? this.late : undefined;
        this.late = undefined;
        this.end();
        if (late !== undefined && context.selectedCompletionInfo === undefined) {
            return late.suggestions;
        }
        // VS Code calls it an explicit request, for which the server would make alternatives.
        const asked = late === undefined ? context : { ...context, triggerKind: InlineCompletionTriggerKind.Automatic };
        const source = new CancellationTokenSource();
        const began = performance.now();
        const subscription = token.onCancellationRequested(() => {
            if (performance.now() - began >= PATIENT_MILLISECONDS && isAt(document, position)) {
                this.kept = { document, position, source };
            } else {
                source.cancel();
            }
        });
        const suggestions = await next(document, position, asked, source.token);
        subscription.dispose();
        if (source.token.isCancellationRequested || placeOf(document, position) !== place || isEmpty(suggestions)) {
            return suggestions;
        }
        const answer = { place, suggestions };
        if (token.isCancellationRequested) {
            this.showLate(answer, document, position);
        } else {
            this.delivered = answer;
        }
        return suggestions;
    };

    /**
     * Note that VS Code opens its menu here: it does so by itself only where it shows no ghost text.
     *
     * If it was given some for this place, it came too late for a busy window.
     */
    menuOpens(document: TextDocument, position: Position): void {
        const delivered = this.delivered;
        this.delivered = undefined;
        if (delivered?.place === placeOf(document, position)) {
            this.showLate(delivered, document, position);
        }
    }

    dispose(): void {
        this.end();
        for (const subscription of this.subscriptions) {
            subscription.dispose();
        }
    }

    private showLate(answer: Answer, document: TextDocument, position: Position): void {
        this.kept = undefined;
        if (isAt(document, position)) {
            this.late = answer;
            void commands.executeCommand("editor.action.inlineSuggest.trigger");
        }
    }

    private end(): void {
        this.kept?.source.cancel();
        this.kept = undefined;
    }
}

function placeOf(document: TextDocument, { line, character }: Position): string {
    return `${document.uri} ${document.version} ${line}:${character}`;
}

function isAt(document: TextDocument, position: Position): boolean {
    const editor = window.activeTextEditor;
    return editor?.document === document && editor.selection.isEmpty && editor.selection.active.isEqual(position);
}

function isEmpty(suggestions: Suggestions): boolean {
    const items = Array.isArray(suggestions) ? suggestions : (suggestions?.items ?? []);
    return items.length === 0;
}
