/**
 * The server's messages, with buttons.
 *
 * VS Code cuts a message without buttons after one line, so the user would not see what to do next.
 */

import { type LogOutputChannel, commands } from "vscode";
import {
    type LanguageClient,
    type MessageActionItem,
    MessageType,
    ShowMessageNotification,
    type ShowMessageParams,
    ShowMessageRequest,
    type ShowMessageRequestParams,
} from "vscode-languageclient/node";

import { type Buttons, type Show, inform, offer, showError, warn } from "../notify";
import type { StatusItem } from "../status";

const WITHOUT_MODEL: Buttons = {
    "Install a Small Model": () => commands.executeCommand("homebody.installModel"),
    "Recommend a Model": () => commands.executeCommand("homebody.recommendModel"),
};

// Homebody's list of trusted folders, which VS Code's users may take for VS Code's own.
const TRUST = "trusted_folders";
const TRUST_HERE = " VS Code's workspace trust is another list: it decides whether the folder's settings and Python environment count.";

/** Show the messages of a server that has just started: the client sets its own handlers at each start. */
export function attachNotices(client: LanguageClient, status: StatusItem, log: LogOutputChannel): void {
    client.onNotification(ShowMessageNotification.type, (params) => void show(params, status, log));
    client.onRequest(ShowMessageRequest.type, ask);
}

async function show({ type, message }: ShowMessageParams, status: StatusItem, log: LogOutputChannel): Promise<void> {
    const { fix, message: failure } = status.current ?? {};
    const isWithoutModel = fix === "installModel" && message === failure;
    const sentence = message.includes(TRUST) ? `${message.replace(/\.?$/, ".")}${TRUST_HERE}` : message;
    // A machine without a model is not set up yet; nothing has failed.
    await offer(isWithoutModel ? inform : showOf(type), sentence, {
        ...(isWithoutModel ? WITHOUT_MODEL : {}),
        "Show Log": () => log.show(),
    });
}

/** Show a message whose buttons the server knows; it gets the one that is pressed. */
async function ask({ type, message, actions = [] }: ShowMessageRequestParams): Promise<MessageActionItem | null> {
    const answer = await showOf(type)(message, ...actions.map(({ title }) => title));
    return actions.find(({ title }) => title === answer) ?? null;
}

function showOf(type: MessageType): Show {
    switch (type) {
        case MessageType.Error:
            return showError;
        case MessageType.Warning:
            return warn;
        default:
            return inform;
    }
}
