/**
 * `homebody.refactorSelection` and what the lightbulb offers: the server rewrites, the user decides.
 *
 * The server does not apply anything. A change that only adds a few lines, such as a docstring, is put into
 * the file at once, as one undo step; other changes open as proposals in the diff editor.
 */

import {
    CancellationTokenSource,
    type QuickPickItem,
    type TextDocument,
    type TextEditor,
    Uri,
    window,
    workspace,
} from "vscode";
import {
    CodeActionRequest,
    CodeActionTriggerKind,
    Command,
    type LanguageClient,
    type Range,
    type TextEdit,
    type WorkspaceEdit,
} from "vscode-languageclient/node";

import type { RefactorArgument, Refactored } from "../protocol";
import { runShown, sentenceOf } from "../requests";
import type { InstructionInput } from "./instruction";
import { lineChanges } from "./merge";
import { type Proposal, type Proposals, applyText } from "./proposals";

type Choice = QuickPickItem & { argument?: RefactorArgument };

const OWN_WORDS: Choice = { label: "$(edit) In my own words…" };
const COMMAND = "homebody.refactor";
// Longest addition that is put into the file at once, in lines.
const SMALL_LINES = 12;
const SHOWN_MILLISECONDS = 6000;

export class Refactorings {
    constructor(
        private readonly proposals: Proposals,
        private readonly instructions: InstructionInput,
    ) {}

    /** Choose what to do with the selection or the function around the cursor. */
    async choose(client: LanguageClient, editor: TextEditor): Promise<void> {
        const argument = argumentOf(client, editor);
        const choices = [...(await actions(client, argument.textDocument.uri, argument.range)), OWN_WORDS];
        const choice = await window.showQuickPick(choices, { placeHolder: "What to do with this code" });
        if (choice === undefined) {
            return;
        }
        if (choice.argument === undefined) {
            await this.inOwnWords(client, editor);
        } else {
            await this.run(client, editor.document, choice.argument, choice.label);
        }
    }

    /** Ask for an instruction about the selection, or the function around the cursor, and follow it. */
    async inOwnWords(client: LanguageClient, editor: TextEditor): Promise<void> {
        const argument = argumentOf(client, editor);
        const { document, selection } = editor;
        const instruction = await this.instructions.ask({
            uri: document.uri,
            range: selection,
            title: selection.isEmpty ? "What to change in this function" : `What to change in ${linesOf(selection)}`,
            example: "Use pathlib",
        });
        if (instruction !== undefined) {
            await this.run(client, document, { ...argument, instruction }, instruction);
        }
    }

    /** Run the command of a code action; the server itself would apply the result without showing it. */
    async fromCodeAction(client: LanguageClient, argument: RefactorArgument): Promise<void> {
        const document = await workspace.openTextDocument(Uri.parse(argument.textDocument.uri));
        await this.run(client, document, argument, titleOf(argument));
    }

    /** Change a proposal by a further instruction. */
    async refine(client: LanguageClient, proposal: Proposal): Promise<void> {
        const { serverId } = proposal;
        if (serverId === undefined) {
            void window.showInformationMessage("This change cannot be refined; run it again with other words.");
            return;
        }
        const instruction = await this.instructions.ask({
            uri: proposal.uri,
            range: this.proposals.firstChange(proposal),
            title: "What to do differently",
            example: "Keep the names",
        });
        if (instruction === undefined) {
            return;
        }
        const document = await workspace.openTextDocument(proposal.target);
        const argument = { edit: serverId, instruction, apply: false };
        const { result, textOf } = await withVersions(document, () =>
            request(client, "homebody.refine", argument, instruction),
        );
        if (result.status === "ready" && result.edit !== undefined) {
            const base = textOf(result.edit);
            const text = edited(base, editsOf(result.edit, proposal.target.toString()));
            await this.proposals.replace({ ...proposal, base, serverId: result.id }, text);
        } else {
            tell(result);
        }
    }

    /** Run a command whose result is an edit of `document`, and show what it changes. */
    async show(document: TextDocument, title: string, work: () => Promise<Refactored>): Promise<void> {
        const { result, textOf } = await withVersions(document, work);
        const base = result.edit === undefined ? "" : textOf(result.edit);
        await this.take(document, base, result, title);
    }

    /** Show what a result changes in `base`: apply it if it only adds a few lines, else open a proposal. */
    private async take(document: TextDocument, base: string, result: Refactored, title: string): Promise<void> {
        if (result.status !== "ready" || result.edit === undefined) {
            tell(result);
            return;
        }
        const files = newFiles(result.edit);
        if (files.length > 0) {
            await this.openNew(files);
            return;
        }
        const text = edited(base, editsOf(result.edit, document.uri.toString()));
        if (document.getText() === base && isSmallAddition(base, text)) {
            if (await applyText(document, text)) {
                window.setStatusBarMessage(`$(check) ${title}. Undo takes it back.`, SHOWN_MILLISECONDS);
                return;
            }
        }
        await this.proposals.propose(document, text, title, result.id);
    }

    private async run(
        client: LanguageClient,
        document: TextDocument,
        argument: RefactorArgument,
        title: string,
    ): Promise<void> {
        const textDocument = { uri: argument.textDocument.uri, version: document.version };
        const wanted = { ...argument, textDocument, apply: false, showReason: false };
        await this.show(document, title, () => request(client, COMMAND, wanted, title));
    }

    /** Open new files as untitled documents: nothing is written before the user saves. */
    private async openNew(files: { uri: string; text: string }[]): Promise<void> {
        for (const { uri, text } of files) {
            const target = Uri.parse(uri).with({ scheme: "untitled" });
            const document = await workspace.openTextDocument(target);
            const editor = await window.showTextDocument(document);
            await editor.edit((edit) => edit.insert(document.lineAt(0).range.start, text));
        }
    }
}

function argumentOf(client: LanguageClient, { document, selection }: TextEditor): RefactorArgument {
    const converter = client.code2ProtocolConverter;
    const textDocument = { ...converter.asTextDocumentIdentifier(document), version: document.version };
    return { textDocument, range: converter.asRange(selection) };
}

function linesOf({ start, end }: Range): string {
    const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
    return start.line + 1 === last ? `line ${last}` : `lines ${start.line + 1} to ${last}`;
}

function titleOf({ action, instruction }: RefactorArgument): string {
    return instruction ?? (action ?? "rewrite").replaceAll("-", " ").replace(/^./, (letter) => letter.toUpperCase());
}

async function actions(client: LanguageClient, uri: string, range: Range): Promise<Choice[]> {
    const listed = await client.sendRequest(CodeActionRequest.type, {
        textDocument: { uri },
        range,
        context: { diagnostics: [], triggerKind: CodeActionTriggerKind.Invoked },
    });
    return (listed ?? []).flatMap((item) => {
        const command = Command.is(item) ? item : item.command;
        const argument = command?.command === COMMAND ? command.arguments?.[0] : undefined;
        return typeof argument?.action === "string" ? [{ label: item.title, argument }] : [];
    });
}

interface Versioned {
    result: Refactored;
    /** The document's text that an edit in the result is for. */
    textOf(edit: WorkspaceEdit): string;
}

/** Do `work` and keep each version of the document meanwhile: an edit names the version that it is for. */
async function withVersions(document: TextDocument, work: () => Promise<Refactored>): Promise<Versioned> {
    const texts = new Map([[document.version, document.getText()]]);
    const watch = workspace.onDidChangeTextDocument((event) => {
        if (event.document === document) {
            texts.set(document.version, document.getText());
        }
    });
    try {
        const result = await work();
        return { result, textOf: (edit) => texts.get(versionOf(edit) ?? document.version) ?? document.getText() };
    } finally {
        watch.dispose();
    }
}

function versionOf(edit: WorkspaceEdit): number | undefined {
    const change = edit.documentChanges?.find((one) => "textDocument" in one);
    return change !== undefined && "textDocument" in change ? (change.textDocument.version ?? undefined) : undefined;
}

async function request(client: LanguageClient, command: string, argument: object, title: string): Promise<Refactored> {
    const stop = new CancellationTokenSource();
    try {
        return await runShown<Refactored>(client, command, argument, title, stop);
    } catch (error) {
        return stop.token.isCancellationRequested
            ? { status: "cancelled" }
            : { status: "refused", reason: sentenceOf(error) };
    } finally {
        stop.dispose();
    }
}

function tell({ status, reason }: Refactored): void {
    if (status === "refused") {
        void window.showWarningMessage(reason ?? "Nothing was changed.");
    } else if (status === "unchanged") {
        void window.showInformationMessage("The model found nothing to change.");
    }
}

function isSmallAddition(before: string, after: string): boolean {
    const changes = lineChanges(before, after);
    const added = changes.reduce((sum, { lines }) => sum + lines.length, 0);
    return changes.every(({ first, end }) => first === end) && added <= SMALL_LINES;
}

function editsOf(edit: WorkspaceEdit, uri: string): TextEdit[] {
    const changed = (edit.documentChanges ?? []).flatMap((change) =>
        "textDocument" in change && sameFile(change.textDocument.uri, uri) ? (change.edits as TextEdit[]) : [],
    );
    return [...changed, ...Object.entries(edit.changes ?? {}).flatMap(([key, edits]) => (sameFile(key, uri) ? edits : []))];
}

function newFiles(edit: WorkspaceEdit): { uri: string; text: string }[] {
    const made = (edit.documentChanges ?? []).flatMap((change) =>
        "kind" in change && change.kind === "create" ? [change.uri] : [],
    );
    return made.map((uri) => ({ uri, text: editsOf(edit, uri).map(({ newText }) => newText).join("") }));
}

function sameFile(one: string, other: string): boolean {
    return Uri.parse(one).toString() === Uri.parse(other).toString();
}

/** `text` with LSP edits applied; their positions are in UTF-16 units, as VS Code's are. */
export function edited(text: string, edits: TextEdit[]): string {
    const starts = [0];
    for (const { index, 0: end } of text.matchAll(/\r\n|\r|\n/g)) {
        starts.push(index + end.length);
    }
    const offset = ({ line, character }: { line: number; character: number }): number =>
        Math.min((starts[line] ?? text.length) + character, text.length);
    const ordered = edits
        .map(({ range, newText }) => ({ start: offset(range.start), end: offset(range.end), newText }))
        .sort((one, other) => one.start - other.start);
    let result = "";
    let done = 0;
    for (const { start, end, newText } of ordered) {
        result += text.slice(done, start) + newText;
        done = end;
    }
    return result + text.slice(done);
}
