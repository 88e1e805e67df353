/**
 * If GitHub Copilot is active too: asks the user which of both may show ghost text.
 *
 * Until it is answered, Homebody suggests on request only.
 */

import { ConfigurationTarget, Disposable, type Memento, extensions, lm, window, workspace } from "vscode";

import { inform } from "./notify";
import type { StatusItem } from "./status";

/** The extension that only suggests and that users install; VS Code 1.105 and later do not need it. */
const COMPLETIONS = "GitHub.copilot";
/** The extension that chats and suggests; recent versions of VS Code include it. */
const CHAT = "GitHub.copilot-chat";
const ASKED = "homebody.copilot.asked";
const WAITING = "GitHub Copilot suggests as well: choose in Homebody's menu who may. Until then, Alt+\\ asks Homebody.";

export class CopilotChoice implements Disposable {
    /** Whether the user has not answered yet. */
    isOpen = false;
    // Copilot may be installed, or activated by VS Code, after Homebody.
    private readonly subscriptions = Disposable.from(
        window.onDidChangeActiveTextEditor(() => void this.check()),
        extensions.onDidChange(() => void this.check()),
        lm.onDidChangeChatModels(() => void this.check()),
    );

    constructor(
        private readonly memory: Memento,
        private readonly status: StatusItem,
    ) {}

    /** Ask once who may suggest, unless Copilot is inactive or does not suggest. */
    async check(): Promise<void> {
        if (this.isOpen || this.memory.get<boolean>(ASKED) || !(await copilotSuggests()) || this.isOpen) {
            return;
        }
        await this.ask();
    }

    /** Ask who may suggest. If the user closes the message, they can still answer in the menu. */
    async ask(): Promise<void> {
        this.isOpen = true;
        this.status.hold(WAITING);
        const sentence = "GitHub Copilot suggests code as you type, too, and sends it to its servers. Who may suggest?";
        const answer = await inform(sentence, "Homebody", "Copilot", "Both");
        if (answer === undefined) {
            return;
        }
        if (answer === "Homebody") {
            const copilot = workspace.getConfiguration("github.copilot");
            const enable = copilot.inspect<Record<string, boolean>>("enable")?.globalValue ?? {};
            await copilot.update("enable", { ...enable, "*": false }, ConfigurationTarget.Global);
        } else if (answer === "Copilot") {
            await workspace.getConfiguration("homebody.completion").update("enabled", false, ConfigurationTarget.Global);
        }
        await this.memory.update(ASKED, true);
        this.isOpen = false;
        this.status.hold();
    }

    dispose(): void {
        this.subscriptions.dispose();
    }
}

/** Whether Copilot suggests to this user; the included extension does so only after the user has signed in. */
async function copilotSuggests(): Promise<boolean> {
    const enable = workspace.getConfiguration("github.copilot").get<Record<string, boolean>>("enable") ?? {};
    if (enable["*"] === false) {
        return false;
    }
    if (extensions.getExtension(COMPLETIONS)?.isActive) {
        return true;
    }
    const isActive = extensions.getExtension(CHAT)?.isActive ?? false;
    return isActive && (await lm.selectChatModels({ vendor: "copilot" })).length > 0;
}
