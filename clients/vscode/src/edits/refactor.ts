/**
 * `homebody.refactorSelection` and what the lightbulb offers: the server rewrites, the user decides.
 *
 * The server does not apply anything. A change that only adds a few lines, such as a docstring, is put into
 * the file at once, as one undo step; other changes open as proposals in the diff editor.
 */

import {
    CancellationTokenSource,
    type QuickPickItem,
    type Range,
    type TextDocument,
    type TextEditor,
    Uri,
    window,
    workspace,
} from "vscode";
import { CodeActionRequest, CodeActionTriggerKind, Command, type LanguageClient } from "vscode-languageclient/node";

import { codeOf, runShown } from "../commands";
import { inform, say, warn } from "../notify";
import type { RefactorArgument, Refactored } from "../protocol";
import { lastLine, sentenceOf } from "../words";
import { type Change, changed } from "./change";
import type { InstructionInput } from "./instruction";
import { lineChanges } from "./merge";
import { type Proposal, type Proposals, applyText } from "./proposals";

type Choice = QuickPickItem & { argument?: RefactorArgument };

const OWN_WORDS: Choice = { label: "$(edit) In my own words…" };
const COMMAND = "homebody.refactor";
// Longest addition that is put into the file at once, in lines.
const SMALL_LINES = 12;

export class Refactorings {
    constructor(
        private readonly proposals: Proposals,
        private readonly instructions: InstructionInput,
    ) {}

    /** Choose what to do with the selection or the function around the cursor. */
    async choose(client: LanguageClient, editor: TextEditor): Promise<void> {
        const choices = [...(await actions(client, editor)), OWN_WORDS];
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
        const code = codeOf(client, editor);
        const { document, selection } = editor;
        const instruction = await this.instructions.ask({
            uri: document.uri,
            range: selection,
            title: `What to change in ${selection.isEmpty ? "this function" : linesOf(selection)}`,
            example: "Use pathlib",
        });
        if (instruction !== undefined) {
            await this.run(client, document, { ...code, instruction }, instruction);
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
            void inform("This change cannot be refined; run it again with other words.");
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
        const { result, change } = await changed(document, () => request(client, "homebody.refine", argument, instruction));
        if (change === undefined) {
            tell(result);
        } else {
            await this.proposals.replace({ ...proposal, base: change.base, serverId: result.id }, change.text);
        }
    }

    /** Run a command whose result is an edit of `document`: apply what only adds a few lines, else open a proposal. */
    async show(document: TextDocument, title: string, work: () => Promise<Refactored>): Promise<void> {
        const { result, change } = await changed(document, work);
        if (change === undefined) {
            tell(result);
        } else if (change.newFiles.length > 0) {
            await this.openNew(change.newFiles, title);
        } else if (document.getText() === change.base && isSmallAddition(change) && (await applyText(document, change.text))) {
            say(`$(check) ${title}. Undo takes it back.`);
        } else {
            await this.proposals.propose(document, change.base, change.text, title, result.id);
        }
    }

    /** Open new files as untitled documents: nothing is written before the user saves. */
    private async openNew(files: Change["newFiles"], title: string): Promise<void> {
        for (const { uri, text } of files) {
            const document = await workspace.openTextDocument(Uri.parse(uri).with({ scheme: "untitled" }));
            const editor = await window.showTextDocument(document);
            const present = document.getText();
            if (present === "") {
                await editor.edit((edit) => edit.insert(document.lineAt(0).range.start, text));
            } else {
                // An earlier one that is not saved yet.
                await this.proposals.propose(document, present, text, title);
            }
        }
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
}

function linesOf(selection: Range): string {
    const [first, last] = [selection.start.line + 1, lastLine(selection) + 1];
    return first === last ? `line ${last}` : `lines ${first} to ${last}`;
}

function titleOf({ action, instruction }: RefactorArgument): string {
    return instruction ?? (action ?? "rewrite").replaceAll("-", " ").replace(/^./, (letter) => letter.toUpperCase());
}

/** What the server offers for the selection or the cursor. */
async function actions(client: LanguageClient, editor: TextEditor): Promise<Choice[]> {
    const listed = await client.sendRequest(CodeActionRequest.type, {
        ...codeOf(client, editor),
        context: { diagnostics: [], triggerKind: CodeActionTriggerKind.Invoked },
    });
    return (listed ?? []).flatMap((item) => {
        const command = Command.is(item) ? item : item.command;
        const argument = command?.command === COMMAND ? command.arguments?.[0] : undefined;
        return typeof argument?.action === "string" ? [{ label: item.title, argument }] : [];
    });
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
        void warn(reason ?? "Nothing was changed.");
    } else if (status === "unchanged") {
        void inform("The model found nothing to change.");
    }
}

function isSmallAddition({ base, text }: Change): boolean {
    const changes = lineChanges(base, text);
    const added = changes.reduce((sum, { lines }) => sum + lines.length, 0);
    return changes.every(({ first, end }) => first === end) && added <= SMALL_LINES;
}
