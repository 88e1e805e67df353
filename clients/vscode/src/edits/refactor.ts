/**
 * `homebody.refactorSelection`, what the lightbulb offers, and instructions: the server rewrites, the user decides.
 *
 * The server does not apply anything. What follows an instruction is shown in the editor, to keep or undo. Of the
 * others, a change that only adds a few lines, such as a docstring, is put into the file at once, as one undo step;
 * the rest opens as proposals in the diff editor, and so does what the server refuses.
 */

import {
    type CancellationToken,
    CancellationTokenSource,
    Position,
    type QuickPickItem,
    type Range,
    type TextDocument,
    type TextEditor,
    Uri,
    WorkspaceEdit,
    window,
    workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { codeOf, runShown } from "../commands";
import { inform, offer, say, warn } from "../notify";
import type { RefactorArgument, Refactored } from "../protocol";
import { cellOf, lastLine, nameOf, sentenceOf } from "../words";
import { type Change, merged } from "./change";
import type { Need, Proposal, Proposals, Showing } from "./proposals";
import type { Review, Reviews } from "./reviews";

type Choice = QuickPickItem & { argument?: RefactorArgument };

const OWN_WORDS: Choice = { label: "$(edit) In my own words…" };
const COMMAND = "homebody.refactor";

export class Refactorings {
    constructor(
        private readonly proposals: Proposals,
        private readonly reviews: Reviews,
        private readonly need: Need,
    ) {}

    /** Choose what to do with the selection or the function around the cursor. */
    async choose(client: LanguageClient, editor: TextEditor): Promise<void> {
        const offered = (await actions(client, editor)).filter(({ explains, lacks }) => !explains && lacks === undefined);
        const choices: Choice[] = [...offered, OWN_WORDS];
        const choice = await window.showQuickPick(choices, { placeHolder: "What to do with this code" });
        if (choice === undefined) {
            return;
        }
        if (choice.argument === undefined) {
            await this.inOwnWords(editor);
        } else {
            await this.run(client, editor.document, choice.argument, choice.label);
        }
    }

    /**
     * Ask for an instruction about the selection, or the function around the cursor, and follow it.
     *
     * Its keys open another input first, which VS Code does at once: keys that are typed until this one is there would
     * go into the document.
     */
    async inOwnWords(editor: TextEditor): Promise<void> {
        const { document, selection } = editor;
        const { isEmptyOrWhitespace } = document.lineAt(selection.active);
        const isNew = selection.isEmpty && isEmptyOrWhitespace;
        const what = !selection.isEmpty
            ? `Change ${linesOf(selection)} of`
            : isNew ? "Write code at the cursor in" : "Change the code at the cursor in";
        const example = isNew ? "A function that reads a CSV file" : "Use pathlib";
        const instruction = await askInstruction(`${what} ${nameOf(document)}`, example);
        const client = instruction === undefined ? undefined : await this.need();
        if (instruction === undefined || client === undefined) {
            return;
        }
        const argument = { ...codeOf(client, { document, selection }), instruction };
        await this.follow(client, document, argument, instruction);
    }

    /** Run the command of a code action; the server itself would apply the result without showing it. */
    async fromCodeAction(client: LanguageClient, argument: RefactorArgument): Promise<void> {
        const document = await workspace.openTextDocument(Uri.parse(argument.textDocument.uri));
        await this.run(client, document, argument, titleOf(argument));
    }

    /** Change a proposal, or the change that is reviewed in an editor, by a further instruction. */
    async refine(target: Proposal | Review): Promise<void> {
        const { serverId } = target;
        if (serverId === undefined) {
            void inform("This change cannot be refined; run it again with other words.");
            return;
        }
        const instruction = await askInstruction("What to do differently", "Keep the names");
        const client = instruction === undefined ? undefined : await this.need();
        if (instruction === undefined || client === undefined) {
            return;
        }
        const document = "document" in target ? target.document : await workspace.openTextDocument(target.target);
        const argument = { edit: serverId, instruction, apply: false };
        const result = await request(client, "homebody.refine", argument, instruction);
        const change = changeOf(result);
        if (change === undefined) {
            tell(result);
        } else if (!("document" in target)) {
            const about = { base: change.before, ...detailsOf(result) };
            await this.proposals.replace({ ...target, ...about }, change.after);
        } else if (result.status === "refused") {
            await this.propose(document, change, instruction, result);
        } else {
            await this.review(client, document, change, instruction, result, () => this.reviews.withoutChange(target));
        }
    }

    /**
     * Run a command whose result is an edit of `document`: apply what only adds a few lines, else open a proposal.
     *
     * Returns one sentence on what has become of it.
     */
    async show(
        document: TextDocument,
        title: string,
        work: () => Promise<Refactored>,
        how: Showing = "take focus",
    ): Promise<string> {
        const isElsewhere = watch(document);
        const result = await work();
        const { reason, proposal, review } = result;
        const change = changeOf(result);
        if (proposal === undefined || change === undefined) {
            return tell(result);
        }
        const showing = isElsewhere() ? "announce" : how;
        const where = showing === "announce" ? "ready: a message offers to show it." : undefined;
        if (proposal.before === null) {
            await this.openNew(proposal.uri, change, title, showing);
            return reason === undefined ? `The new file is ${where ?? "open, and not saved yet."}` : tell(result);
        }
        if (review === false && (await this.apply(document, change))) {
            say(`$(check) ${title}. Undo takes it back.`);
            return `It is in ${nameOf(document)}; undo takes it back.`;
        }
        await this.propose(document, change, title, result, showing);
        return reason ?? `The change of ${nameOf(document)} is ${where ?? "shown, to accept or discard."}`;
    }

    /** Follow an instruction, and show in the editor what it changes. */
    private async follow(
        client: LanguageClient,
        document: TextDocument,
        argument: RefactorArgument,
        title: string,
    ): Promise<void> {
        const isElsewhere = watch(document);
        const result = await ask(client, document, argument, title);
        const change = changeOf(result);
        const how = isElsewhere() ? "announce" : "take focus";
        if (change === undefined) {
            tell(result);
        } else if (result.status === "refused" || cellOf(document) !== undefined) {
            await this.propose(document, change, title, result, how);
        } else {
            await this.review(client, document, change, title, result, () => document.getText(), how);
        }
    }

    /**
     * Put a change into the document, to keep or undo; if its lines were edited meanwhile, open a proposal.
     *
     * Undoing every hunk makes the text that is `original` at that moment.
     */
    private async review(
        client: LanguageClient,
        document: TextDocument,
        change: Change,
        title: string,
        result: Refactored,
        original: () => string,
        how: Showing = "take focus",
    ): Promise<void> {
        const edit = await merged(client, document, change);
        const { serverId, notes } = detailsOf(result);
        const review = { document, title, notes, serverId, original: original() };
        const isShown = typeof edit !== "string" && (await this.reviews.show(edit, review, how));
        if (!isShown) {
            await this.propose(document, change, title, result, how);
        }
    }

    private async apply(document: TextDocument, change: Change): Promise<boolean> {
        const client = await this.need();
        const edit = client && (await merged(client, document, change));
        return typeof edit === "object" && (await workspace.applyEdit(edit));
    }

    private async propose(
        document: TextDocument,
        { before, after }: Change,
        title: string,
        result: Refactored,
        how?: Showing,
    ): Promise<void> {
        await this.proposals.propose(document, after, { base: before, title, ...detailsOf(result) }, how);
    }

    /** Open a new file as an untitled document: nothing is written before the user saves. */
    private async openNew(uri: string, { after }: Change, title: string, how: Showing): Promise<void> {
        const document = await workspace.openTextDocument(Uri.parse(uri).with({ scheme: "untitled" }));
        const before = document.getText();
        if (before !== "") {
            // An earlier one that is not saved yet.
            await this.propose(document, { before, after }, title, { status: "ready" }, how);
            return;
        }
        const edit = new WorkspaceEdit();
        edit.insert(document.uri, new Position(0, 0), after);
        await workspace.applyEdit(edit);
        const show = () => window.showTextDocument(document, { preserveFocus: how === "leave focus" });
        if (how === "announce") {
            void offer(inform, `"${title}": the new file ${nameOf(document)} is ready, and not saved yet.`, { Show: show });
        } else {
            await show();
        }
    }

    /** Run a named action. */
    async run(
        client: LanguageClient,
        document: TextDocument,
        argument: RefactorArgument,
        title: string,
        how?: Showing,
        stop?: CancellationToken,
    ): Promise<string> {
        return this.show(document, title, () => ask(client, document, argument, title, stop), how);
    }
}

/** Whether, from now on, the user has typed in a document, or gone to another one: what arrives then must not take the keys. */
function watch(document: TextDocument): () => boolean {
    const { version } = document;
    const active = window.activeTextEditor?.document;
    return () => document.version !== version || window.activeTextEditor?.document !== active;
}

/** Ask for an instruction in the quick input, where the keys go at once. */
async function askInstruction(title: string, example: string): Promise<string | undefined> {
    const words = await window.showInputBox({ title, placeHolder: example, ignoreFocusOut: true });
    return words?.trim() || undefined;
}

function ask(
    client: LanguageClient,
    document: TextDocument,
    argument: RefactorArgument,
    title: string,
    stop?: CancellationToken,
): Promise<Refactored> {
    const textDocument = { uri: argument.textDocument.uri, version: document.version };
    const wanted = { ...argument, textDocument, apply: false, showReason: false };
    return request(client, COMMAND, wanted, title, stop);
}

function detailsOf({ id, notes = [], status, reason = "" }: Refactored) {
    return { serverId: id, notes, refusal: status === "refused" ? reason : undefined };
}

function linesOf(selection: Range): string {
    const [first, last] = [selection.start.line + 1, lastLine(selection) + 1];
    return first === last ? `line ${last}` : `lines ${first} to ${last}`;
}

function titleOf({ action, instruction }: RefactorArgument): string {
    return instruction ?? (action ?? "rewrite").replaceAll("-", " ").replace(/^./, (letter) => letter.toUpperCase());
}

/**
 * What the server has for the selection or the cursor, except for fixes of problems; `lacks` says why the model is too
 * small for it.
 */
export async function actions(
    client: LanguageClient,
    editor: TextEditor,
): Promise<{ label: string; lacks: string | undefined; explains: boolean; argument: RefactorArgument & { action: string } }[]> {
    const { CodeActionRequest, CodeActionTriggerKind, Command } = await import("vscode-languageclient/node");
    const listed = await client.sendRequest(CodeActionRequest.type, {
        ...codeOf(client, editor),
        context: { diagnostics: [], triggerKind: CodeActionTriggerKind.Invoked },
    });
    return (listed ?? []).flatMap((item) => {
        const [command, lacks] = Command.is(item) ? [item] : [item.command, item.disabled?.reason];
        const argument = command?.arguments?.[0];
        const isOurs = command?.command === COMMAND || command?.command === "homebody.explain";
        return isOurs && typeof argument?.action === "string"
            ? [{ label: item.title, lacks, explains: command.command !== COMMAND, argument }]
            : [];
    });
}

async function request(
    client: LanguageClient,
    command: string,
    argument: object,
    title: string,
    token?: CancellationToken,
): Promise<Refactored> {
    const stop = new CancellationTokenSource();
    token?.onCancellationRequested(() => stop.cancel());
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

/** Tell the user why nothing changes; returns the sentence. */
function tell({ status, reason = "Nothing was changed." }: Refactored): string {
    if (status === "refused") {
        void warn(reason);
        return reason;
    }
    if (status === "unchanged") {
        void inform("The model found nothing to change.");
        return "The model found nothing to change.";
    }
    return "It was cancelled.";
}

/** What a result changes in its document; a new file has no text before. */
function changeOf({ proposal }: Refactored): Change | undefined {
    return proposal && { before: proposal.before ?? "", after: proposal.after };
}
