/**
 * The conversations of a workspace, as the view shows them: the current one, and earlier ones to go back to.
 *
 * They are stored on this machine, so that reloading the window does not lose them, until the user deletes them. The
 * server keeps the part of a conversation that fits into the context, under an id of its own.
 */

import type { Memento } from "vscode";

import type { Turn } from "./messages";

const STATE = "homebody.conversations";
const MOST_TURNS = 50;
const MOST_CONVERSATIONS = 50;
const LONGEST_TITLE = 80;

export interface Conversation {
    readonly id: number;
    /** Id of the conversation in the server; absent if there were only explanations. */
    serverId?: string;
    /** When its last question was asked, in milliseconds since the epoch. */
    asked: number;
    turns: Turn[];
}

interface Stored {
    current: number;
    all: Conversation[];
}

export class Conversations {
    /** Those that have a turn, the newest first. */
    private all: Conversation[];
    private shown: Conversation;

    constructor(private readonly memory: Memento) {
        const { current, all } = memory.get<Stored>(STATE) ?? { current: 0, all: [] };
        this.all = all.map((each) => ({ ...each, turns: each.turns.map(stoppedIfOpen) }));
        this.shown = this.all.find(({ id }) => id === current) ?? this.empty();
    }

    /** The conversation in view. */
    get current(): Conversation {
        return this.shown;
    }

    /** Those that the user can go back to, the newest first. */
    get earlier(): readonly Conversation[] {
        return this.all;
    }

    /** An id that no turn has. */
    get nextTurn(): number {
        return 1 + Math.max(0, ...this.all.flatMap(({ turns }) => turns.map(({ id }) => id)));
    }

    /** Add a turn to the current conversation; returns conversations that are too many by now. */
    add(turn: Turn): Conversation[] {
        const { shown } = this;
        shown.turns = [...shown.turns, turn].slice(-MOST_TURNS);
        shown.asked = Date.now();
        this.all = [shown, ...this.all.filter(({ id }) => id !== shown.id)];
        return this.all.splice(MOST_CONVERSATIONS);
    }

    /** Whether a turn is in the conversation in view. */
    has(turn: Turn): boolean {
        return this.shown.turns.includes(turn);
    }

    /** Begin another conversation. */
    begin(): void {
        this.shown = this.empty();
        this.keep();
    }

    /** Go back to a conversation. */
    open(id: number): void {
        this.shown = this.all.find((each) => each.id === id) ?? this.shown;
        this.keep();
    }

    /** Delete one conversation, or all; returns them. */
    delete(id?: number): Conversation[] {
        const gone = this.all.filter((each) => id === undefined || each.id === id);
        this.all = this.all.filter((each) => !gone.includes(each));
        if (gone.includes(this.shown)) {
            this.shown = this.empty();
        }
        this.keep();
        return gone;
    }

    /** Store everything as it is now. */
    keep(): void {
        void this.memory.update(STATE, { current: this.shown.id, all: this.all } satisfies Stored);
    }

    private empty(): Conversation {
        return { id: 1 + Math.max(0, ...this.all.map(({ id }) => id)), asked: Date.now(), turns: [] };
    }
}

/** A conversation's first question, on one line. */
export function titleOf({ turns }: Conversation): string {
    return (turns[0]?.question ?? "").replace(/\s+/g, " ").slice(0, LONGEST_TITLE);
}

/** A turn that was open when the window was closed was stopped by that. */
function stoppedIfOpen(turn: Turn): Turn {
    return turn.state === "reading" || turn.state === "writing" ? { ...turn, state: "stopped" } : turn;
}
