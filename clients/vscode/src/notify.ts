/** Messages to the user: with buttons, with a bar, or in the status bar. They contain no links. */

import { type LogOutputChannel, ProgressLocation, commands, env, extensions, window } from "vscode";

import { withoutLinks } from "./plain";

/** Shows a message with buttons; resolves to the one that is pressed. */
export type Show = (message: string, ...buttons: string[]) => Thenable<string | undefined>;

/** Buttons, and their actions. */
export type Buttons = Record<string, () => unknown>;

const SHOWN_MILLISECONDS = 6000;
// VS Code cuts a longer message without buttons after one line.
const ONE_LINE = 70;
// The server names settings of VS Code with the section, and those of files without it.
const SETTING = /\bhomebody\.[\w.]*\w|\b(?:backend|completion|chat|context|embedded|log)\.[\w.]*\w/g;
export const OPEN_SETTINGS = "Open Settings";

export const inform = shown((message, ...buttons) => window.showInformationMessage(message, ...buttons));
export const warn = shown((message, ...buttons) => window.showWarningMessage(message, ...buttons));
export const showError = shown((message, ...buttons) => window.showErrorMessage(message, ...buttons));

/** Show a message, and run the action of the button that is pressed. */
export async function offer(show: Show, message: string, buttons: Buttons): Promise<void> {
    const answer = await show(message, ...Object.keys(buttons));
    await (answer === undefined ? undefined : buttons[answer]?.());
}

/** Show an error whose details are in the log. */
export async function showFailure(message: string, log: LogOutputChannel): Promise<void> {
    await offer(showError, message, { "Show Log": () => log.show() });
}

/** Ask before something is installed or deleted; returns whether the user presses the button that says so. */
export async function agrees(question: string, detail: string, button: "Install" | "Delete"): Promise<boolean> {
    return (await window.showInformationMessage(question, { modal: true, detail }, button)) === button;
}

/** Do `work` while a notification shows what it reports; its Cancel button aborts the signal. */
export async function inNotification<Result>(
    title: string,
    work: (report: (message: string) => void, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
    const options = { location: ProgressLocation.Notification, title: withoutLinks(title), cancellable: true };
    return window.withProgress(options, async (progress, cancelled) => {
        const stop = new AbortController();
        cancelled.onCancellationRequested(() => stop.abort());
        return work((message) => progress.report({ message: withoutLinks(message) }), stop.signal);
    });
}

/** Open settings where all of them are: those whose scope is the machine are, in a remote window, the remote machine's. */
export function openSettings(query: string): Thenable<unknown> {
    return commands.executeCommand(`workbench.action.open${env.remoteName === undefined ? "" : "Remote"}Settings`, { query });
}

/** Show a sentence in the status bar for a short time. */
export function say(sentence: string): void {
    window.setStatusBarMessage(sentence, SHOWN_MILLISECONDS);
}

/** Show a message with a button that opens the setting that it names, and at least one button if it is long. */
function shown(show: Show): Show {
    return async (message, ...buttons) => {
        const text = withoutLinks(message);
        const setting = buttons.includes(OPEN_SETTINGS) ? undefined : settingIn(message);
        const more = setting === undefined ? [] : [OPEN_SETTINGS];
        const isCut = buttons.length + more.length === 0 && message.length > ONE_LINE;
        const answer = await show(text, ...buttons, ...more, ...(isCut ? ["OK"] : []));
        if (answer === OPEN_SETTINGS && setting !== undefined) {
            await openSettings(setting);
        }
        return answer !== undefined && buttons.includes(answer) ? answer : undefined;
    };
}

/** The first setting that a message names, with its section. A misspelt one counts if it is named with the section. */
function settingIn(message: string): string | undefined {
    const properties = extensions.getExtension("homebody.homebody")?.packageJSON.contributes.configuration.properties ?? {};
    for (const [name] of message.matchAll(SETTING)) {
        const key = name.startsWith("homebody.") ? name : `homebody.${name}`;
        const camel = key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
        if (camel in properties || /^`homebody\./.test(message.slice(message.indexOf(name) - 1))) {
            return camel in properties ? camel : key;
        }
    }
    return undefined;
}
