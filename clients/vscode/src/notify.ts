/** Messages to the user: with buttons, with a bar, or in the status bar. They contain no links. */

import { type LogOutputChannel, ProgressLocation, window } from "vscode";

import { withoutLinks } from "./plain";

/** Shows a message with buttons; resolves to the one that is pressed. */
export type Show = (message: string, ...buttons: string[]) => Thenable<string | undefined>;

/** Buttons, and their actions. */
export type Buttons = Record<string, () => unknown>;

const SHOWN_MILLISECONDS = 6000;

export const inform: Show = (message, ...buttons) => window.showInformationMessage(withoutLinks(message), ...buttons);
export const warn: Show = (message, ...buttons) => window.showWarningMessage(withoutLinks(message), ...buttons);
export const showError: Show = (message, ...buttons) => window.showErrorMessage(withoutLinks(message), ...buttons);

/** Show a message, and run the action of the button that is pressed. */
export async function offer(show: Show, message: string, buttons: Buttons): Promise<void> {
    const answer = await show(message, ...Object.keys(buttons));
    await (answer === undefined ? undefined : buttons[answer]?.());
}

/** Show an error whose details are in the log. */
export async function showFailure(message: string, log: LogOutputChannel): Promise<void> {
    await offer(showError, message, { "Show Log": () => log.show() });
}

/** Ask before something is installed; returns whether the user agrees. */
export async function mayInstall(question: string, detail: string): Promise<boolean> {
    return (await window.showInformationMessage(question, { modal: true, detail }, "Install")) === "Install";
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

/** Show a sentence in the status bar for a short time. */
export function say(sentence: string): void {
    window.setStatusBarMessage(sentence, SHOWN_MILLISECONDS);
}
