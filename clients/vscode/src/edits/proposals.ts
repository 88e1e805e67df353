/**
 * Proposed changes, shown in VS Code's diff editor: the file on the left, the proposal on the right. A cell of a
 * notebook has no editor of its own, so a copy of it is on the left.
 *
 * The right side is a file in memory that can be edited: the arrows of the diff editor revert single
 * hunks in it, and *Accept* applies its text as it is then. The file itself is unchanged until *Accept*,
 * which is one undo step. If the file was edited meanwhile, the server merges the proposal into it.
 */

import {
    Disposable,
    NotebookRange,
    Range,
    TabInputTextDiff,
    type TextDocument,
    Uri,
    commands,
    languages,
    window,
    workspace,
} from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { inform, offer, showError, warn } from "../notify";
import { baseName, cellOf, nameOf } from "../words";
import { merged } from "./change";
import { type MemoryFiles, SCHEME, renamed } from "./files";
import { lineChanges } from "./hunks";

/** Starts the server if needed; without one, a message says what is wrong. */
export type Need = () => Promise<LanguageClient | undefined>;

/** How a change comes into view: with the focus, or without; announced by a message if the user types elsewhere by then. */
export type Showing = "take focus" | "leave focus" | "announce";

/** A change that waits for a decision. */
export interface Proposal {
    /** Address of the right side. */
    uri: Uri;
    /** Address of the file that would be changed. */
    target: Uri;
    /** Name of the file, or of the notebook and the cell. */
    name: string;
    title: string;
    /** The file's text that the change was made for. */
    base: string;
    /** The server's id of it, for `homebody.refine`. */
    serverId: string | undefined;
    /** What the change takes away or adds. */
    notes: readonly string[];
    /** Why the server refuses the change, which the user may apply all the same. */
    refusal: string | undefined;
}

export class Proposals implements Disposable {
    /** Those that wait for a decision, by the address of their right side. */
    private readonly open = new Map<string, Proposal>();
    private count = 0;
    private readonly subscriptions = Disposable.from(
        // A reverted hunk is saved at once, so that closing the editor asks nothing.
        workspace.onDidChangeTextDocument(({ document }) => {
            if (document.uri.scheme === SCHEME && document.isDirty) {
                void document.save();
            }
        }),
        workspace.onDidRenameFiles((event) => {
            for (const proposal of this.open.values()) {
                const target = renamed(event, proposal.target);
                Object.assign(proposal, target && { target, name: proposal.name.replace(baseName(proposal.target), baseName(target)) });
            }
        }),
        window.tabGroups.onDidChangeTabs(({ closed }) => {
            for (const { input } of closed) {
                const proposal = input instanceof TabInputTextDiff ? this.open.get(input.modified.toString()) : undefined;
                if (proposal !== undefined) {
                    void this.offerAgain(proposal);
                }
            }
        }),
    );

    constructor(
        private readonly files: MemoryFiles,
        private readonly need: Need,
    ) {}

    /** The proposals that wait for a decision. */
    get waiting(): Proposal[] {
        return [...this.open.values()];
    }

    /** Show what `text` changes in `document`; it was made for the text `base`, which may have been edited since. */
    async propose(
        document: TextDocument,
        text: string,
        proposal: Omit<Proposal, "uri" | "target" | "name">,
        how: Showing = "take focus",
    ): Promise<void> {
        const target = document.uri;
        const name = nameOf(document);
        const uri = Uri.from({ scheme: SCHEME, authority: `change-${++this.count}`, path: `/${name}` });
        await this.replace({ ...proposal, uri, target, name }, text, how);
    }

    /** Replace a proposal with the same address, after it was refined, and show it. */
    async replace(proposal: Proposal, text: string, how: Showing = "take focus"): Promise<void> {
        this.open.set(proposal.uri.toString(), proposal);
        this.files.write(proposal.uri, text);
        if (how !== "announce") {
            await this.show(proposal, how === "leave focus");
        }
        void this.explain(proposal, how !== "announce");
    }

    /** The proposal that a command is meant for: the one with this address, or in the active editor. */
    find(uri?: Uri): Proposal | undefined {
        const input = window.tabGroups.activeTabGroup.activeTab?.input;
        const active = input instanceof TabInputTextDiff ? input.modified : undefined;
        const wanted = uri?.scheme === SCHEME ? uri : active;
        return wanted && this.open.get(wanted.toString());
    }

    /** Put the proposal into the file, as one undo step. If it cannot, a message says so. */
    async accept(proposal: Proposal): Promise<void> {
        const client = await this.need();
        if (client === undefined) {
            return;
        }
        const document = await workspace.openTextDocument(proposal.target);
        const edit = await merged(client, document, { before: proposal.base, after: this.textOf(proposal) });
        if (typeof edit === "string") {
            void warn(edit);
            return;
        }
        if (!(await workspace.applyEdit(edit))) {
            void showError("VS Code did not apply the change; the file is as it was.");
            return;
        }
        await this.close(proposal);
        const cell = cellOf(document);
        if (cell === undefined) {
            await window.showTextDocument(document, { selection: startOf(edit.get(document.uri)[0]?.range.start.line) });
        } else {
            const selections = [new NotebookRange(cell.index, cell.index + 1)];
            await window.showNotebookDocument(cell.notebook, { selections });
        }
    }

    /** Forget a proposal and close its editor. */
    async close({ uri }: Proposal): Promise<void> {
        this.open.delete(uri.toString());
        // A hunk that was just reverted is still being saved: that would fail once the file is gone.
        await this.documentAt(uri)?.save();
        const tabs = window.tabGroups.all.flatMap(({ tabs: all }) => all);
        const own = tabs.filter(({ input }) => input instanceof TabInputTextDiff && isSame(input.modified, uri));
        await window.tabGroups.close(own);
        this.files.remove(uri);
        this.files.remove(leftOf(uri));
    }

    /** Text of the right side as it is now. */
    textOf({ uri }: Proposal): string {
        return this.documentAt(uri)?.getText() ?? this.files.read(uri);
    }

    dispose(): void {
        this.subscriptions.dispose();
    }

    private documentAt(uri: Uri): TextDocument | undefined {
        return workspace.textDocuments.find((document) => isSame(document.uri, uri));
    }

    private async show({ uri, target, name, title, base }: Proposal, preserveFocus = false): Promise<void> {
        const [change] = lineChanges(base, this.files.read(uri));
        const options = { preview: false, preserveFocus, selection: startOf(change?.first) };
        const document = await workspace.openTextDocument(target);
        let left = target;
        if (cellOf(document) !== undefined) {
            left = leftOf(uri);
            this.files.write(left, base);
            // Their names end with that of the notebook's file.
            for (const side of [left, uri]) {
                await languages.setTextDocumentLanguage(await workspace.openTextDocument(side), document.languageId);
            }
        }
        await commands.executeCommand("vscode.diff", left, uri, `${name}: ${title}`, options);
    }

    /** Say what stands out in the change, or why the server refuses it; and that it is there, if it is not shown. */
    private async explain(proposal: Proposal, isShown: boolean): Promise<void> {
        const { refusal, notes, title, name } = proposal;
        const show = isShown ? {} : { Show: () => this.show(proposal) };
        const discard = { Discard: () => this.close(proposal) };
        const found = notes.length > 0 ? [`${title}: it ${notes.join(", ")}.`] : [];
        if (refusal !== undefined) {
            await offer(warn, refusal, { ...show, "Apply Anyway": () => this.accept(proposal), ...discard });
        } else if (!isShown) {
            await offer(inform, [`"${title}" for ${name} is ready.`, ...found].join(" "), { ...show, ...discard });
        } else if (found[0] !== undefined) {
            void inform(found[0]);
        }
    }

    private async offerAgain(proposal: Proposal): Promise<void> {
        const sentence = `"${proposal.title}" for ${proposal.name} was neither accepted nor discarded.`;
        await offer(inform, sentence, {
            "Show Again": () => this.show(proposal),
            Discard: () => this.close(proposal),
        });
    }
}

/** Address of a copy of the text that a proposal is for. */
function leftOf(uri: Uri): Uri {
    return uri.with({ authority: `before-${uri.authority}` });
}

/** The start of a line, by default of the first one. */
function startOf(line = 0): Range {
    return new Range(line, 0, line, 0);
}

function isSame(first: Uri, second: Uri): boolean {
    return first.toString() === second.toString();
}
