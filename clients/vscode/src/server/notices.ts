/**
 * The server's messages, with buttons.
 *
 * VS Code cuts a message without buttons after one line, so the user would not see what to do next.
 */

import { type Disposable, type LogOutputChannel, commands } from "vscode";
import { type LanguageClient, MessageType, ShowMessageNotification, type ShowMessageParams } from "vscode-languageclient/node";

import { type Buttons, type Show, inform, offer, showError, warn } from "../notify";
import type { StatusItem } from "../status";

const WITHOUT_MODEL: Buttons = {
    "Install a Small Model": () => commands.executeCommand("homebody.installModel"),
    "Recommend a Model": () => commands.executeCommand("homebody.recommendModel"),
};

export class Notices implements Disposable {
    private subscription: Disposable | undefined;

    constructor(
        private readonly status: StatusItem,
        private readonly log: LogOutputChannel,
    ) {}

    /** Handle the messages of a server that has just started: the client sets its own handler at each start. */
    attach(client: LanguageClient): void {
        this.subscription?.dispose();
        this.subscription = client.onNotification(ShowMessageNotification.type, (params) => void this.show(params));
    }

    dispose(): void {
        this.subscription?.dispose();
    }

    private async show({ type, message }: ShowMessageParams): Promise<void> {
        const { fix, message: failure } = this.status.current ?? {};
        const isWithoutModel = fix === "installModel" && message === failure;
        await offer(showOf(type), message, { ...(isWithoutModel ? WITHOUT_MODEL : {}), "Show Log": () => this.log.show() });
    }
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
