/**
 * Beside an active GitHub Copilot: one question, so that there are not two kinds of ghost text.
 */

import { ConfigurationTarget, type Memento, extensions, window, workspace } from "vscode";

const IDS = ["GitHub.copilot", "GitHub.copilot-chat"];
const ASKED = "homebody.copilot.asked";

/** Ask once which of the two may suggest; nothing where Copilot is not there or does not suggest. */
export async function settleWithCopilot(memory: Memento): Promise<void> {
    if (memory.get<boolean>(ASKED) || !IDS.some((id) => extensions.getExtension(id)?.isActive)) {
        return;
    }
    const copilot = workspace.getConfiguration("github.copilot");
    if ((copilot.get<Record<string, boolean>>("enable") ?? {})["*"] === false) {
        return;
    }
    const sentence = "GitHub Copilot suggests code as you type, too, and sends it to its servers. Who may suggest?";
    const answer = await window.showInformationMessage(sentence, "Homebody", "Copilot", "Both");
    if (answer === undefined) {
        return;
    }
    if (answer === "Homebody") {
        const enable = copilot.inspect<Record<string, boolean>>("enable")?.globalValue ?? {};
        await copilot.update("enable", { ...enable, "*": false }, ConfigurationTarget.Global);
    } else if (answer === "Copilot") {
        await workspace.getConfiguration("homebody.completion").update("enabled", false, ConfigurationTarget.Global);
    }
    await memory.update(ASKED, true);
}
