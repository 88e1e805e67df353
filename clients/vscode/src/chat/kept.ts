/** The conversation as VS Code stores it for the workspace, on this machine. */

import type { Memento } from "vscode";

import type { Turn } from "./messages";

const STATE = "homebody.chat";

export interface Kept {
    /** Id of the conversation in the server; absent if there were only explanations. */
    conversationId?: string | undefined;
    turns: Turn[];
}

/** The stored conversation; an answer that was not complete counts as stopped. */
export function load(memory: Memento): Kept {
    const { conversationId, turns } = memory.get<Kept>(STATE) ?? { turns: [] };
    const isOpen = ({ state }: Turn): boolean => state === "reading" || state === "writing";
    return { conversationId, turns: turns.map((turn) => (isOpen(turn) ? { ...turn, state: "stopped" } : turn)) };
}

export function save(memory: Memento, kept: Kept): void {
    void memory.update(STATE, kept);
}
