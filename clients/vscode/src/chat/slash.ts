/** Slash commands of the chat: the actions that the server offers for the code in view, by their names. */

import { type Diagnostic, type Range, type TextEditor, languages } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { codeOf } from "../commands";
import { type Refactorings, actions } from "../edits/refactor";
import type { Attachment } from "../protocol";
import { labelOf } from "./about";
import { type Question, explanationOf } from "./question";

// Short names of the server's own actions.
const NAMES: Record<string, string> = { docstring: "doc", "write-tests": "tests", "write-code": "write" };
const FIX = "fix";
// What is listed before the rest.
const FIRST = ["explain", FIX, "doc", "tests"];

/** A slash command, and how it is answered; `words` are what the user wrote behind it. */
interface Command {
    name: string;
    title: string;
    questionOf(words: string): Question;
}

/** The commands whose names contain `query`, as items of the list in the view. */
export async function slashItems(
    client: LanguageClient,
    editor: TextEditor,
    refactorings: Refactorings,
    query: string,
): Promise<Attachment[]> {
    const commands = await commandsFor(client, editor, refactorings);
    const place = (name: string): number => [...FIRST, name].indexOf(name);
    return commands
        .filter(({ name }) => name.includes(query.toLowerCase()))
        .sort((first, second) => place(first.name) - place(second.name))
        .map(({ name, title }) => ({ id: "", kind: "command", label: `/${name}`, detail: title }));
}

/** The question that a text asks which begins with a slash command; `undefined` if it begins with something else. */
export async function slashQuestion(
    client: LanguageClient,
    editor: TextEditor,
    refactorings: Refactorings,
    text: string,
    model: string,
): Promise<Question | undefined> {
    const [, name, words = ""] = /^\/([\w-]+)(?:\s+(.*))?$/s.exec(text) ?? [];
    if (name === undefined) {
        return undefined;
    }
    const commands = await commandsFor(client, editor, refactorings);
    const command = commands.find((each) => each.name === name);
    if (command === undefined) {
        const reason = `There is no /${name} for ${labelOf(editor)} with ${model}: type / for the commands that there are.`;
        return { text, attached: [], ask: () => Promise.reject(new Error(reason)) };
    }
    return { ...command.questionOf(words.trim()), text };
}

async function commandsFor(client: LanguageClient, editor: TextEditor, refactorings: Refactorings): Promise<Command[]> {
    const offered = await actions(client, editor);
    const place = labelOf(editor);
    const code = codeOf(client, editor);
    const problem = problemAt(editor);
    const change = (label: string, argument: (typeof offered)[number]["argument"]): Question => ({
        text: label,
        attached: [place],
        // The next question may be in the input already.
        ask: (_client, _conversation, stop) =>
            refactorings.run(client, editor.document, argument, label, "leave focus", stop),
    });
    const fix = (words: string): Question => {
        const range = problem === undefined ? code.range : client.code2ProtocolConverter.asRange(problem.range);
        const text = words || problem?.message || "";
        return change("Fix this problem", { ...code, range, action: FIX, problem: text });
    };
    // These two are there for any code.
    const always = [
        { name: "explain", title: "Explain", questionOf: () => explanationOf({ place, code }) },
        { name: FIX, title: problem === undefined ? "Fix the problem that you describe" : problem.message, questionOf: fix },
    ];
    const others = offered.map(({ label, lacks, explains, argument }) => ({
        name: NAMES[argument.action] ?? argument.action,
        title: lacks === undefined ? label : `${label}. ${lacks}`,
        questionOf: () => (explains ? explanationOf({ place, code, action: argument.action }) : change(label, argument)),
    }));
    return [...always, ...others.filter(({ name }) => always.every((each) => each.name !== name))];
}

/** The worst problem that the code in view has: of the selection, else of the line of the cursor, else of the file. */
function problemAt({ document, selection }: TextEditor): Diagnostic | undefined {
    const all = [...languages.getDiagnostics(document.uri)].sort((first, second) => first.severity - second.severity);
    const here: Range = selection.isEmpty ? document.lineAt(selection.active).range : selection;
    return all.find(({ range }) => range.intersection(here) !== undefined) ?? all[0];
}
