/**
 * `homebody.switchModel`: choose a model of this machine, for suggestions, for the chat or for both.
 *
 * The choice is written into the user's settings, so it is kept and can be seen there.
 */

import { ConfigurationTarget, type QuickPickItem, QuickPickItemKind, window, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { run } from "./commands";
import type { ModelHere, ServerStatus } from "./protocol";

const KEYS = ["kind", "url", "model"] as const;
const BLOCKS = { both: "backend", completion: "completion.backend", chat: "chat.backend" } as const;
const USES = { completion: "suggestions", chat: "questions and changes" } as const;

type Wanted = keyof typeof BLOCKS;
type ModelChoice = QuickPickItem & { model?: ModelHere };

/** Ask which model to use, then for what, and write the settings. */
export async function switchModel(client: LanguageClient, status: ServerStatus | undefined): Promise<void> {
    const choices = run<ModelHere[]>(client, "homebody.models", {}).then((found) => modelChoices(found, status));
    const choice = await window.showQuickPick(choices, { title: "Switch model", placeHolder: "Models on this machine" });
    if (choice === undefined) {
        return;
    }
    const wanted = choice.model === undefined ? "both" : await chooseUse(choice.model);
    if (wanted !== undefined) {
        await write(wanted, choice.model);
    }
}

function modelChoices(found: ModelHere[], status: ServerStatus | undefined): ModelChoice[] {
    const inUse = [status?.model, status?.chatModel];
    const models = found
        .filter(({ uses }) => uses.length > 0)
        .map((model) => ({
            label: `${inUse.includes(model.name) ? "$(check)" : "$(blank)"} ${model.name}`,
            description: model.size === null ? "" : `${(model.size / 1e9).toFixed(1)} GB`,
            detail: `${model.where}; for ${model.uses.map((use) => USES[use]).join(", and for ")}`,
            model,
        }));
    const automatic = { label: "$(sparkle) Automatic", detail: "Homebody chooses what suits, of what runs on this machine" };
    return [automatic, { label: "", kind: QuickPickItemKind.Separator }, ...models];
}

/** Ask what to use the model for; not if it is suitable for one use only. */
async function chooseUse({ name, uses }: ModelHere): Promise<Wanted | undefined> {
    if (uses.length === 1) {
        return uses[0];
    }
    const choices: (QuickPickItem & { wanted: Wanted })[] = [
        { label: "Everything", wanted: "both" },
        { label: "Suggestions", wanted: "completion" },
        { label: "Questions and changes", wanted: "chat" },
    ];
    return (await window.showQuickPick(choices, { title: `Use ${name} for` }))?.wanted;
}

/** Set the backend's address and model; without a model all of them go back to what the server chooses. */
async function write(wanted: Wanted, model: ModelHere | undefined): Promise<void> {
    const configuration = workspace.getConfiguration("homebody");
    // A choice for everything replaces the choices for single uses.
    const cleared = wanted === "both" ? [BLOCKS.completion, BLOCKS.chat] : [];
    for (const block of cleared) {
        await Promise.all(KEYS.map((key) => configuration.update(`${block}.${key}`, undefined, ConfigurationTarget.Global)));
    }
    for (const key of KEYS) {
        const value = model?.[key] ?? undefined;
        await configuration.update(`${BLOCKS[wanted]}.${key}`, value, ConfigurationTarget.Global);
    }
}
