/**
 * Sends settings to the server: only those that somebody has set, never VS Code's defaults.
 *
 * A default that is sent would override the user's own `config.toml`. Settings in a repository's
 * `.vscode/settings.json` are sent by `workspace/configuration` only, which the server does not trust;
 * what the user has set for a server's address, key or model, for the log, or for what the model may see goes into
 * `initializationOptions`.
 */

import { type Extension, Uri, workspace } from "vscode";

import { FOLDERS, type Inspected, type Origin, USERS, combined, unknownKeys } from "./narrowed";

const SECTION = "homebody";
// Used by this extension only; the server does not know it.
const OWN_PREFIX = "server.";
// A folder may only restrict these, and the server has to know what the user allows. It also restricts
// `completion.enabled` and the like; those change often, and a change here restarts the server.
const CONTEXT_PREFIX = "context.";
const ALL = [...USERS, ...FOLDERS];

type Tree = { [name: string]: unknown };

/** Value of a setting of Homebody in the folder of `scope`; `undefined` if nobody has set it. */
export function valueOf<Value>(key: string, scope?: Uri): Value | undefined {
    return value(key, ALL, scope) as Value | undefined;
}

/** The table of settings, as `package.json` has it. */
export class Settings {
    private readonly known: string[];
    private readonly restricted: ReadonlySet<string>;

    constructor(extension: Extension<unknown>) {
        const manifest = extension.packageJSON;
        this.known = Object.keys(manifest.contributes.configuration.properties).map(withoutSection);
        const names: string[] = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
        this.restricted = new Set(names.map(withoutSection));
    }

    /** Command of the server. Its scope is the machine, so VS Code never reads it from a workspace. */
    get command(): string {
        const command = workspace.getConfiguration(SECTION).get<unknown>("server.command");
        return (typeof command === "string" && command.trim()) || "homebody";
    }

    /**
     * `initializationOptions`: what the user, and no folder, has set about backends, the log, and what the model may
     * see.
     */
    initializationOptions(): Tree {
        const keys = this.keys().filter((key) => this.isForStart(key));
        return tree(keys.map((key) => [key, value(key, USERS)]));
    }

    /**
     * Answer to `workspace/configuration`: everything that is set; of what the server has got from
     * `initializationOptions`, only the folder's values.
     *
     * Other sections are answered with null. With several folders the server asks for each, by `scopeUri`.
     */
    section(name: string | undefined, scopeUri?: string): Tree | null {
        if (name !== SECTION) {
            return null;
        }
        const scope = scopeUri === undefined ? undefined : Uri.parse(scopeUri);
        return tree(this.keys(scope).map((key) => [key, value(key, this.isForStart(key) ? FOLDERS : ALL, scope)]));
    }

    /** Keys that may be set; also those that do not exist, such as misspelt ones, so that the server reports them. */
    private keys(scope?: Uri): string[] {
        const set = workspace.getConfiguration(undefined, scope).get<object>(SECTION) ?? {};
        return [...this.known, ...unknownKeys(set, this.known)].filter((key) => !key.startsWith(OWN_PREFIX));
    }

    private isForStart(key: string): boolean {
        return this.restricted.has(key) || key.startsWith(CONTEXT_PREFIX);
    }
}

function withoutSection(name: string): string {
    return name.slice(SECTION.length + 1);
}

function value(key: string, origins: readonly Origin[], scope?: Uri): unknown {
    const inspected: Inspected = workspace.getConfiguration(SECTION, scope).inspect(key) ?? {};
    return combined(key, inspected, origins);
}

/** `completion.maxTokens: 64` as `{completion: {maxTokens: 64}}`; keys without a value are left out. */
function tree(entries: [key: string, value: unknown][]): Tree {
    const root: Tree = {};
    for (const [key, value] of entries) {
        if (value === undefined) {
            continue;
        }
        const path = key.split(".");
        const name = path.pop() as string;
        let table = root;
        for (const part of path) {
            table = (table[part] ??= {}) as Tree;
        }
        table[name] = value;
    }
    return root;
}
