/** Draws one turn of the conversation: the question, the answer, and what can be done with it. */

import type { FromView, Place, Turn } from "../src/chat/messages";
import { button, withText } from "./dom";
import { drawMarkdown } from "./markdown";

const COPIED_MILLISECONDS = 1500;

export class TurnView {
    readonly element = document.createElement("article");
    private readonly answer = withText("div", "", "answer");
    private readonly note = withText("p", "", "note");
    private readonly footer = withText("footer", "");

    /** `post` sends to the extension what the user does, `say` tells screen readers. */
    constructor(
        public turn: Turn,
        private readonly post: (message: FromView) => void,
        private readonly say: (sentence: string) => void,
    ) {
        this.element.append(question(turn), this.answer, this.note, this.footer);
    }

    /** Draw a newer state of the turn, except for the parts of its answer that are drawn already. */
    show(turn: Turn, isLast: boolean): void {
        this.turn = turn;
        // Code of an answer that was cut or stopped may end anywhere.
        this.element.classList.toggle("appliable", turn.blocks !== undefined && turn.complete === true);
        this.drawAnswer();
        this.note.textContent = noteOf(turn);
        this.note.hidden = this.note.textContent === "";
        this.note.classList.toggle("error", turn.state === "failed");
        this.footer.replaceChildren(...facts(turn, this.post), ...(isStreaming(turn) ? [] : [this.buttons(isLast)]));
    }

    /** Draw the answer, except for the parts that are drawn already. */
    drawAnswer(): void {
        const { answer, linked } = this.turn;
        drawMarkdown(this.answer, linked ?? answer, {
            toolbar: (language) => this.toolbar(language),
            open: linked === undefined ? undefined : (address) => this.post({ type: "open", place: placeOf(address) }),
        });
    }

    /** The buttons of a code block. */
    private toolbar(language: string): HTMLElement {
        const bar = withText("div", "", "toolbar");
        const code = (): string => bar.parentElement?.querySelector("pre")?.textContent ?? "";
        const apply = button("Apply", "Show what the code changes in the open file", () => {
            const block = this.turn.blocks?.find(({ text }) => text.trimEnd() === code().trimEnd());
            this.post({ type: "apply", ...(block && { block: block.number }) });
        });
        apply.className = "apply";
        bar.append(
            withText("span", language),
            this.copyButton("Copy the code", code),
            button("Insert", "Insert the code at the cursor", () => this.post({ type: "insert", text: code() })),
            apply,
        );
        return bar;
    }

    /** A button that says for a moment that it has copied. */
    private copyButton(title: string, text: () => string): HTMLElement {
        const copy = button("Copy", title, () => {
            this.post({ type: "copy", text: text() });
            copy.textContent = "Copied";
            this.say("Copied.");
            setTimeout(() => (copy.textContent = "Copy"), COPIED_MILLISECONDS);
        });
        return copy;
    }

    private buttons(isLast: boolean): HTMLElement {
        const { fix, answer, unread } = this.turn;
        const buttons = withText("div", "", "buttons");
        if (fix === "installModel") {
            const install = (): void => this.post({ type: "installModel" });
            buttons.append(button("Install a Small Model", "Install a small model", install));
        }
        if (answer !== "") {
            buttons.append(this.copyButton("Copy the answer", () => answer));
        }
        if (unread !== undefined) {
            const title = "Explain it again, and read all of the code, however long it takes";
            buttons.append(button("Read all", title, () => this.post({ type: "readAll", about: unread })));
        }
        if (isLast) {
            const again = button("Again", "Answer once more", () => this.post({ type: "regenerate" }));
            again.className = "again";
            buttons.append(again);
        }
        return buttons;
    }
}

export function isStreaming({ state }: Turn): boolean {
    return state === "reading" || state === "writing";
}

/** The state of a turn, for screen readers. */
export function spokenState(turn: Turn): string {
    switch (turn.state) {
        case "reading":
            return "The model reads.";
        case "writing":
            return "The model writes the answer.";
        case "done":
            return "The answer is complete.";
        case "stopped":
            return "The answer was stopped.";
        case "failed":
            return noteOf(turn);
    }
}

function noteOf(turn: Turn): string {
    if (turn.note !== undefined) {
        return turn.note;
    }
    if (turn.state === "reading") {
        return "Reading…";
    }
    if (turn.state === "stopped") {
        return "Stopped.";
    }
    return turn.state === "done" && turn.complete === false ? "The answer is not complete." : "";
}

function question({ question: text, attached }: Turn): HTMLElement {
    const part = withText("div", "", "question");
    part.append(withText("h2", text));
    if (attached.length > 0) {
        part.append(withText("p", attached.join(", "), "attached-to"));
    }
    return part;
}

/** How much was read for the answer, and what. */
function facts({ id, usage, sources = [], leftOut = [] }: Turn, post: (message: FromView) => void): HTMLElement[] {
    return [
        ...(usage === undefined ? [] : [tokenBar(usage)]),
        ...(sources.length === 0 ? [] : [places("In the prompt", sources, post)]),
        ...(leftOut.length === 0 ? [] : [places("Left out", leftOut, post, (place) => includeButton(id, place, post))]),
    ];
}

function tokenBar({ promptTokens, outputTokens, contextLength }: NonNullable<Turn["usage"]>): HTMLElement {
    const used = promptTokens + outputTokens;
    const text = `${used} of ${contextLength} tokens`;
    const part = withText("div", "", "usage");
    part.title = `${promptTokens} tokens read, ${outputTokens} written`;
    const bar = withText("div", "", "bar");
    bar.setAttribute("role", "meter");
    bar.setAttribute("aria-label", "Context in use");
    bar.setAttribute("aria-valuenow", String(used));
    bar.setAttribute("aria-valuemax", String(contextLength));
    const filled = document.createElement("div");
    filled.style.width = `${Math.min(100, (100 * used) / contextLength)}%`;
    bar.append(filled);
    part.append(bar, withText("span", text));
    return part;
}

/** A button that asks again with lines that were left out; only lines of a file can be added. */
function includeButton(id: number, place: Place, post: (message: FromView) => void): HTMLElement | undefined {
    if (!place.uri.startsWith("file:")) {
        return undefined;
    }
    const made = button("Include", `Ask again, with ${place.label}`, () => post({ type: "include", id, place }));
    made.className = "include";
    return made;
}

/** A list of places that opens and closes; `more` makes an element beside each. */
function places(
    title: string,
    all: Place[],
    post: (message: FromView) => void,
    more: (place: Place) => HTMLElement | undefined = () => undefined,
): HTMLElement {
    const details = document.createElement("details");
    const list = document.createElement("ul");
    for (const place of all) {
        const tokens = place.tokens === undefined ? "" : `, ${place.tokens} tokens`;
        const item = document.createElement("li");
        const link = button(place.label, "Open", () => post({ type: "open", place }));
        link.className = "place";
        const beside = more(place);
        item.append(place.uri === "" ? place.label : link, ` ${place.why}${tokens}`, ...(beside === undefined ? [] : [" ", beside]));
        list.append(item);
    }
    details.append(withText("summary", `${title} (${all.length})`), list);
    return details;
}

/** The place that a link of the server names: a file of the workspace, optionally with a line. */
function placeOf(address: string): { uri: string; line: number; endLine: number } {
    const [uri = "", line = ""] = address.split("#L");
    const first = Math.max(0, (Number.parseInt(line, 10) || 1) - 1);
    return { uri, line: first, endLine: first };
}
