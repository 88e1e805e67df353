/**
 * The input for an instruction, inside the editor, below the code that it is about.
 *
 * The only inline input that VS Code gives extensions is a comment's. A comment that is being edited gets the
 * focus when its thread unfolds, which the input for a reply does not; so this is a thread with one such
 * comment. See docs/decisions/0121-an-instruction-is-a-comment-being-edited.md.
 */

import {
    type Comment,
    type CommentController,
    CommentMode,
    CommentThreadCollapsibleState,
    type Disposable,
    Range,
    type Uri,
    commands,
    comments,
    window,
    workspace,
} from "vscode";

import { lastLine } from "../words";

/** Id of the controller: `when` clauses in package.json name it. */
const ID = "homebody.instruction";
// Scheme of the documents that are edited in comments.
const INPUT_SCHEME = "comment";
// If comments are switched off, no input appears.
const APPEARS_MILLISECONDS = 2000;

/** What to ask: the document and lines of the code, and the text of the question. */
export interface Question {
    uri: Uri;
    /** Code that the input is shown below. */
    range: Range;
    /** A short description of what to write. */
    title: string;
    /** An example, for the input box that is used if comments are switched off. */
    example: string;
}

interface Open {
    controller: CommentController;
    settle(instruction: string | undefined): void;
}

export class InstructionInput implements Disposable {
    private open: Open | undefined;

    /** Ask for an instruction; `undefined` if the user cancels or writes nothing. A newer call cancels this one. */
    async ask(question: Question): Promise<string | undefined> {
        this.cancel();
        const instruction = (await this.inEditor(question)) ?? (await inBox(question));
        return instruction.trim() || undefined;
    }

    /** Take the text of the input. `comment` is the argument of a command in a comment's menu. */
    submit(comment: Comment): void {
        this.open?.settle(typeof comment.body === "string" ? comment.body : comment.body.value);
    }

    cancel(): void {
        this.open?.settle("");
    }

    dispose(): void {
        this.cancel();
    }

    /** Resolves to `undefined` if VS Code shows no input; to "" if the user cancels. */
    private async inEditor({ uri, range, title }: Question): Promise<string | undefined> {
        const controller = comments.createCommentController(ID, "Homebody");
        const appeared = inputOpens();
        const instruction = new Promise<string | undefined>((resolve) => {
            this.open = { controller, settle: resolve };
        });
        const comment = { body: "", mode: CommentMode.Editing, author: { name: "Homebody" } };
        const lines = new Range(range.start.line, 0, lastLine(range), 0);
        const thread = controller.createCommentThread(uri, lines, [comment]);
        thread.label = title;
        thread.canReply = false;
        try {
            if (!(await appeared)) {
                return undefined;
            }
            thread.collapsibleState = CommentThreadCollapsibleState.Expanded;
            return await instruction;
        } finally {
            if (this.open?.controller === controller) {
                this.open = undefined;
            }
            controller.dispose();
            await commands.executeCommand("workbench.action.focusActiveEditorGroup");
        }
    }
}

async function inBox({ title, example }: Question): Promise<string> {
    return (await window.showInputBox({ prompt: title, placeHolder: example })) ?? "";
}

/** Whether VS Code opens the document of a comment's input in time. */
function inputOpens(): Promise<boolean> {
    return new Promise((resolve) => {
        const timer = setTimeout(() => settle(false), APPEARS_MILLISECONDS);
        const subscription = workspace.onDidOpenTextDocument(({ uri }) => {
            if (uri.scheme === INPUT_SCHEME) {
                settle(true);
            }
        });
        function settle(isOpen: boolean): void {
            clearTimeout(timer);
            subscription.dispose();
            resolve(isOpen);
        }
    });
}
