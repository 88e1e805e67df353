/**
 * `homebody.switchModel` and `homebody.recommendModel`: the models of this machine, and those that suit it.
 *
 * A choice is written into the user's settings, so it is kept and can be seen there. What the settings named before
 * stays in the list.
 */

import { ConfigurationTarget, type Memento, type QuickPickItem, QuickPickItemKind, commands, window, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { run } from "./commands";
import type { Line } from "./pages";
import type { Advice, ModelHere, Recommendation } from "./protocol";
import type { StatusItem } from "./status";

const KEYS = ["kind", "url", "model"] as const;
const BLOCKS = { both: "backend", completion: "completion.backend", chat: "chat.backend", next_edit: "nextEdit.backend" } as const;
const USES = { completion: "suggestions", chat: "questions and changes", next_edit: "next edits" } as const;
const BEFORE = "homebody.models.before";
const MOST_BEFORE = 5;

type Wanted = keyof typeof BLOCKS;
/** Values of the settings that choose a model. */
type Chosen = Partial<Record<(typeof KEYS)[number], string | null>>;
type ModelChoice = QuickPickItem & { model?: Chosen & Pick<ModelHere, "name" | "uses">; offer?: Recommendation };

/** Ask which model to use, then for what, and write the settings. */
export async function switchModel(client: LanguageClient, status: StatusItem, memory: Memento): Promise<void> {
    const choices = Promise.all([
        run<ModelHere[]>(client, "homebody.models", {}),
        run<Advice>(client, "homebody.recommend", {}),
    ]).then(([models, { recommendations }]) => choicesOf(models, recommendations, memory.get<Chosen[]>(BEFORE) ?? []));
    const options = { title: "Switch model", placeHolder: "Models on this machine", matchOnDetail: true };
    const choice = await window.showQuickPick(choices, options);
    if (choice?.offer !== undefined) {
        await commands.executeCommand("homebody.installModel", choice.offer);
    }
    if (choice === undefined || choice.offer !== undefined) {
        return;
    }
    const wanted = choice.model === undefined ? "both" : await chooseUse(choice.model);
    if (wanted !== undefined) {
        await remember(memory, wanted);
        await write(wanted, choice.model);
        if (choice.model !== undefined && wanted !== "completion") {
            status.expect(choice.model.name);
        }
    }
}

/** The lines of the page that recommends models for this machine. */
export async function recommendation(client: LanguageClient): Promise<Line[]> {
    const { machine, recommendations } = await run<Advice>(client, "homebody.recommend", {});
    return [
        { kind: "head", text: `This machine: ${machine}` },
        ...recommendations.flatMap((offer): Line[] => [
            { kind: "title", text: sentence(USES[offer.use]) },
            ...(offer.present ? [{ kind: "good", text: `There is ${offer.present} already.` } as const] : []),
            { kind: "fact", text: `Recommended: ${offer.model} (${sizeOf(offer.downloadBytes)} to download, licence ${offer.licence})` },
            { kind: "button", text: "Install It…", run: "homebody.installModel", argument: offer },
            { kind: "fact", text: "Or in a terminal:" },
            { kind: "command", text: offer.command },
        ]),
        { kind: "title", text: "Then" },
        { kind: "button", text: "Switch Model…", run: "homebody.switchModel" },
    ];
}

/** A size for the user. */
export function sizeOf(bytes: number): string {
    return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

function choicesOf(models: ModelHere[], offers: Recommendation[], before: Chosen[]): ModelChoice[] {
    const here = models
        .filter(({ uses, inUse }) => uses.length > 0 || inUse.length > 0)
        .map((model) => ({
            label: `${model.inUse.length > 0 ? "$(check)" : "$(blank)"} ${model.name}`,
            description: [
                ...(model.size === null ? [] : [sizeOf(model.size)]),
                ...(model.sees === true ? ["sees pictures"] : []),
            ].join(", "),
            detail: `${model.inUse.length > 0 ? `answers ${named(model.inUse)}` : `for ${named(model.uses)}`}; ${model.where}`,
            model,
        }));
    const missing = before.filter((each) => !models.some((model) => isSame(each, model)));
    const earlier = missing.map((each) => ({
        label: `$(history) ${each.model || each.kind || "Automatic"}`,
        description: each.url ?? each.kind ?? "",
        detail: "named by your settings before",
        model: { ...each, name: each.model || each.kind || "", uses: ["completion", "chat"] as ModelHere["uses"] },
    }));
    const downloads = offers
        .filter(({ present }) => present === null)
        .map((offer) => ({
            label: `$(cloud-download) ${offer.model}`,
            description: sizeOf(offer.downloadBytes),
            detail: `recommended for ${USES[offer.use]} on this machine`,
            offer,
        }));
    const automatic = { label: "$(sparkle) Automatic", detail: "Homebody chooses what suits, of what runs on this machine" };
    return [automatic, ...group("On this machine", here), ...group("Before", earlier), ...group("To download", downloads)];
}

function group(label: string, choices: ModelChoice[]): ModelChoice[] {
    return choices.length === 0 ? [] : [{ label, kind: QuickPickItemKind.Separator }, ...choices];
}

function named(uses: readonly (keyof typeof USES)[]): string {
    return uses.map((use) => USES[use]).join(", ");
}

function sentence(text: string): string {
    return text.replace(/^./, (letter) => letter.toUpperCase());
}

/** Ask what to use the model for; not if it is suitable for one use only. */
async function chooseUse({ name, uses }: Pick<ModelHere, "name" | "uses">): Promise<Wanted | undefined> {
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

/** Remember what the settings name now, so that the user can go back to it. */
async function remember(memory: Memento, wanted: Wanted): Promise<void> {
    const blocks = wanted === "both" ? Object.values(BLOCKS) : [BLOCKS[wanted]];
    const now = blocks.map(current).filter(({ url, model }) => url || model);
    const before = memory.get<Chosen[]>(BEFORE) ?? [];
    const all = [...now, ...before];
    const once = all.filter((each, index) => all.findIndex((other) => isSame(each, other)) === index);
    await memory.update(BEFORE, once.slice(0, MOST_BEFORE));
}

function current(block: string): Chosen {
    const configuration = workspace.getConfiguration(`homebody.${block}`);
    return Object.fromEntries(KEYS.map((key) => [key, configuration.inspect<string>(key)?.globalValue ?? null]));
}

function isSame(first: Chosen, second: Chosen): boolean {
    return KEYS.every((key) => (first[key] ?? null) === (second[key] ?? null));
}

/** Set the backend's address and model; without a model all of them go back to what the server chooses. */
async function write(wanted: Wanted, model: Chosen | undefined): Promise<void> {
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
