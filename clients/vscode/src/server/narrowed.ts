/**
 * Which of the values that VS Code has for a setting counts.
 *
 * VS Code replaces the user's value by that of a remote machine, which a cloned folder's `devcontainer.json` may set,
 * and by that of the workspace. Settings that restrict what is suggested or sent add up instead.
 */

export type Languages = Record<string, boolean>;

/** What `WorkspaceConfiguration.inspect` returns; its types lack the values of this and of the remote machine. */
export type Inspected = { defaultValue?: unknown } & { [origin in Origin]?: unknown };
export type Origin = (typeof USERS | typeof FOLDERS)[number];

/** Values that only the user sets; where settings add up, no later one takes away what an earlier one restricts. */
export const USERS = ["globalLocalValue", "globalRemoteValue", "globalValue"] as const;
/** Values that come with a folder. */
export const FOLDERS = ["workspaceValue", "workspaceFolderValue"] as const;

const NARROWED: Record<string, (earlier: any, later: any) => unknown> = {
    "completion.enabled": onlyIf(true),
    "completion.languages": inBoth,
    "completion.trigger": onlyIf("automatic"),
    "context.ignore": patternsOfBoth,
    "context.maxFileBytes": Math.min,
    "context.snippets": onlyIf(true),
};

/**
 * The value that counts of those with these origins; `undefined` if nobody has set it.
 *
 * Null, which a settings file may contain, is not set. An invalid value of a setting that restricts counts, so that the
 * server reports it.
 */
export function combined(key: string, values: Inspected, origins: readonly Origin[]): unknown {
    const set: unknown[] = origins.map((origin) => values[origin]).filter((value) => value !== undefined && value !== null);
    const narrow = NARROWED[key];
    if (narrow === undefined) {
        return set.at(-1) === "" ? undefined : set.at(-1);
    }
    const invalid = set.find((value) => kindOf(value) !== kindOf(values.defaultValue));
    return invalid ?? (set.length > 0 ? set.reduce((earlier, later) => narrow(earlier, later)) : undefined);
}

function kindOf(value: unknown): string {
    return Array.isArray(value) ? "array" : typeof value;
}

/** The later value counts only if the earlier one is `free`, which restricts nothing. */
function onlyIf<Value>(free: Value) {
    return (earlier: Value, later: Value): Value => (earlier === free ? later : earlier);
}

function inBoth(earlier: Languages, later: Languages): Languages {
    const ids = Object.keys({ ...earlier, ...later });
    return Object.fromEntries(ids.map((id) => [id, onlyIf(true)(isOnIn(earlier, id), isOnIn(later, id))]));
}

/** Whether something is on in a language. */
export function isOnIn(languages: Languages, id: string): boolean {
    return languages[id] ?? languages["*"] ?? true;
}

/** The last pattern that matches a file decides, so the earlier patterns come last. */
function patternsOfBoth(earlier: unknown[], later: unknown[]): unknown[] {
    return [...later.filter((pattern) => !earlier.includes(pattern)), ...earlier];
}

/** Keys in a tree of settings that are not known, and not the name of a section. */
export function unknownKeys(tree: object, known: readonly string[], path = ""): string[] {
    return Object.entries(tree).flatMap(([name, value]) => {
        const key = `${path}${name}`;
        if (known.includes(key)) {
            return [];
        }
        if (!known.some((one) => one.startsWith(`${key}.`))) {
            return [key];
        }
        return kindOf(value) === "object" ? unknownKeys(value ?? {}, known, `${key}.`) : [];
    });
}
