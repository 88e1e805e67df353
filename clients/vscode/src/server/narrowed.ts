/**
 * The value of a setting that the user and the workspace may both have set.
 *
 * VS Code replaces the user's value by the workspace's. Some settings may only be restricted by a workspace: what the
 * user has switched off stays off. The server gets one value only and cannot know whose.
 */

export type Languages = Record<string, boolean>;

const NARROWED: Record<string, (user: unknown, workspace: unknown) => unknown> = {
    "completion.enabled": (user, workspace) => user !== false && workspace,
    "completion.trigger": (user, workspace) => (user === "manual" ? user : workspace),
    "completion.languages": (user, workspace) => narrowedLanguages(user as Languages, workspace as Languages),
};

/** What counts; null, which a settings file may contain, is not set. */
export function combined(key: string, user: unknown, workspace: unknown): unknown {
    const [own, theirs] = [user ?? undefined, workspace ?? undefined];
    if (own === undefined || theirs === undefined) {
        return own ?? theirs;
    }
    const narrow = NARROWED[key];
    return narrow === undefined ? theirs : narrow(own, theirs);
}

function narrowedLanguages(user: Languages, workspace: Languages): Languages {
    const allowed = Object.entries(workspace).map(([id, on]) => [id, on && (user[id] ?? user["*"] ?? true)]);
    return { ...user, ...Object.fromEntries(allowed) };
}
