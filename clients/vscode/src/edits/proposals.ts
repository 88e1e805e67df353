/**
 * Proposed changes, shown in VS Code's diff editor: the file on the left, the proposal on the right.
 *
 * The right side is a file in memory that can be edited: the arrows of the diff editor revert single
 * hunks in it, and *Accept* applies its text as it is then. The file itself is unchanged until *Accept*,
 * which is one undo step. If the file was edited meanwhile, the proposal is merged into it.
 */

import { Disposable, Range, TabInputTextDiff, type TextDocument, Uri, WorkspaceEdit, commands, window, workspace } from "vscode";

import { inform, offer, showError, warn } from "../notify";
import { baseName } from "../words";
import { MemoryFiles, SCHEME } from "./files";
import { lineChanges, merged } from "./merge";

/** A change that waits for a decision. */
export interface Proposal {
    /** Address of the right side. */
    uri: Uri;
    /** Address of the file that would be changed. */
    target: Uri;
    title: string;
    /** The file's text that the change was made for. */
    base: string;
    /** The server's id of it, for `homebody.refine`. */
    serverId: string | undefined;
}

export class Proposals implements Disposable {
    /** Those that wait for a decision, by the address of their right side. */
    private readonly open = new Map<string, Proposal>();
    private readonly files = new MemoryFiles();
    private count = 0;
    private readonly subscriptions = Disposable.from(
        this.files,
        // A reverted hunk is saved at once, so that closing the editor asks nothing.
        workspace.onDidChangeTextDocument(({ document }) => {
            if (document.uri.scheme === SCHEME && document.isDirty) {
                void document.save();
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

    /** The proposals that wait for a decision. */
    get waiting(): Proposal[] {
        return [...this.open.values()];
    }

    /** Show what `text` changes in `document`; it was made for the text `base`, which may have been edited since. */
    async propose({ uri: target }: TextDocument, base: string, text: string, title: string, serverId?: string): Promise<void> {
        const uri = Uri.from({ scheme: SCHEME, path: `/${++this.count}/${baseName(target)}` });
        await this.replace({ uri, target, title, base, serverId }, text);
    }

    /** Replace a proposal with the same address, after it was refined, and show it. */
    async replace(proposal: Proposal, text: string): Promise<void> {
        this.open.set(proposal.uri.toString(), proposal);
        this.files.write(proposal.uri, text);
        await this.show(proposal);
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
        const document = await workspace.openTextDocument(proposal.target);
        const text = merged(proposal.base, this.textOf(proposal), document.getText());
        if (text === undefined) {
            void warn(
                "The lines that this change rewrites were edited meanwhile, so nothing was replaced. " +
                    "Take over by hand what you want from the right side, or discard it and run it again.",
            );
            return;
        }
        if (!(await applyText(document, text))) {
            void showError("VS Code did not apply the change; the file is as it was.");
            return;
        }
        await this.close(proposal);
        await window.showTextDocument(document, { selection: startOf(lineChanges(proposal.base, text)[0]?.first) });
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
    }

    /** Text of the right side as it is now. */
    textOf({ uri }: Proposal): string {
        return this.documentAt(uri)?.getText() ?? this.files.read(uri);
    }

    /** Lines of the right side that the proposal's first hunk has. */
    firstChange(proposal: Proposal): Range {
        const [change] = lineChanges(proposal.base, this.textOf(proposal));
        const first = change?.first ?? 0;
        return new Range(first, 0, first + Math.max(1, change?.lines.length ?? 1), 0);
    }

    dispose(): void {
        this.subscriptions.dispose();
    }

    private documentAt(uri: Uri): TextDocument | undefined {
        return workspace.textDocuments.find((one) => isSame(one.uri, uri));
    }

    private async show({ uri, target, title, base }: Proposal): Promise<void> {
        const [change] = lineChanges(base, this.files.read(uri));
        const options = { preview: false, selection: startOf(change?.first) };
        await commands.executeCommand("vscode.diff", target, uri, `${baseName(target)}: ${title}`, options);
    }

    private async offerAgain(proposal: Proposal): Promise<void> {
        const sentence = `"${proposal.title}" for ${baseName(proposal.target)} was neither accepted nor discarded.`;
        await offer(inform, sentence, {
            "Show Again": () => this.show(proposal),
            Discard: () => this.close(proposal),
        });
    }
}

/** Change the text of `document` to `text`: as few lines as possible, in one undo step. */
export async function applyText(document: TextDocument, text: string): Promise<boolean> {
    const edit = new WorkspaceEdit();
    const last = document.lineCount;
    for (const { first, end, lines } of lineChanges(document.getText(), text)) {
        if (end < last) {
            edit.replace(document.uri, new Range(first, 0, end, 0), lines.map((line) => `${line}\n`).join(""));
        } else {
            // The last line has no line end: replace the one before it as well.
            const start = first > 0 ? document.lineAt(first - 1).range.end : document.lineAt(0).range.start;
            const joined = first > 0 ? lines.map((line) => `\n${line}`).join("") : lines.join("\n");
            edit.replace(document.uri, new Range(start, document.lineAt(last - 1).range.end), joined);
        }
    }
    return workspace.applyEdit(edit);
}

/** The start of a line, by default of the first one. */
function startOf(line = 0): Range {
    return new Range(line, 0, line, 0);
}

function isSame(one: Uri, other: Uri): boolean {
    return one.toString() === other.toString();
}
