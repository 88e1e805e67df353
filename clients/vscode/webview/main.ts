/**
 * The chat view: draws the turns of a conversation and sends what the user does to the extension.
 *
 * It keeps only the text of the input; the extension keeps the conversation.
 */

import type { About, Attachment, FromView, Place, ToView, Turn } from "../src/chat/messages";
import { History } from "./history";
import { drawMarkdown, withText } from "./markdown";
import { Mentions } from "./mentions";

declare function acquireVsCodeApi(): {
    postMessage(message: FromView): void;
    getState(): { draft: string } | undefined;
    setState(state: { draft: string }): void;
};

const vscode = acquireVsCodeApi();
const log = element("log");
const input = element("question") as HTMLTextAreaElement;
const empty = element("empty");
const stateLine = element("state");
const attached = element("attached");
const sendButton = element("send") as HTMLButtonElement;
const clearButton = element("clear") as HTMLButtonElement;
const model = element("model");
const post = (message: FromView): void => vscode.postMessage(message);

/** Turns by id, and the elements that show them. */
const turns = new Map<number, { turn: Turn; element: HTMLElement }>();
/** Turns whose text has changed since the last frame. */
const stale = new Set<number>();
// Shortest time between two drawings of a streaming answer.
const FRAME_MILLISECONDS = 60;
// The view spends at most a quarter of the time on drawing.
const IDLE_FACTOR = 3;
/** How long the last drawing took. */
let drawMilliseconds = 0;
let attachments: Attachment[] = [];
let about: About | undefined;

const mentions = new Mentions(input, element("mentions"), {
    search: (query) => post({ type: "items", query }),
    choose: (item) => post({ type: "attach", item }),
});

const history = new History(input, () => [...turns.values()].map(({ turn }) => turn.question));

window.addEventListener("message", ({ data }: MessageEvent<ToView>) => keepFocus(() => receive(data)));
window.addEventListener("focus", () => post({ type: "focused" }));
input.addEventListener("input", () => {
    vscode.setState({ draft: input.value });
    fitInput();
});
input.addEventListener("keydown", (event) => {
    if (event.isComposing || mentions.takes(event) || history.takes(event)) {
        return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        send();
    } else if (event.key === "Escape" && isAnswering()) {
        post({ type: "stop" });
    }
});
sendButton.addEventListener("click", () => (isAnswering() ? post({ type: "stop" }) : send()));
clearButton.addEventListener("click", () => post({ type: "clear" }));
model.addEventListener("click", () => post({ type: "switchModel" }));
input.value = vscode.getState()?.draft ?? "";
fitInput();
post({ type: "ready" });

function receive(message: ToView): void {
    switch (message.type) {
        case "state":
            turns.clear();
            log.replaceChildren();
            message.turns.forEach(show);
            empty.hidden = turns.size > 0;
            stateLine.textContent = "";
            attachments = message.attachments;
            showAttachments();
            showModel(message.model);
            enable();
            break;
        case "turn":
            show(message.turn);
            break;
        case "text": {
            const known = turns.get(message.id);
            if (known !== undefined) {
                known.turn.answer += message.text;
                drawSoon(message.id);
            }
            break;
        }
        case "attachments":
            attachments = message.attachments;
            showAttachments();
            break;
        case "about":
            about = message.about;
            showAttachments();
            break;
        case "items":
            mentions.show(message.query, message.items);
            break;
        case "model":
            showModel(message.model);
            break;
        case "focus":
            if (message.text !== undefined) {
                input.value = message.text;
                fitInput();
            }
            input.focus();
            break;
    }
}

/** Redraw; if that removes the element that has the focus, its successor gets it, or the input. */
function keepFocus(redraw: () => void): void {
    const focused = document.activeElement;
    const hadFocus = document.hasFocus();
    redraw();
    if (hadFocus && focused?.isConnected === false) {
        const successor = focused.classList.contains("about") ? attached.querySelector<HTMLElement>(".about") : null;
        (successor ?? input).focus();
    }
}

/** Enable the controls, which are disabled until the page has the conversation. */
function enable(): void {
    input.disabled = sendButton.disabled = clearButton.disabled = false;
    input.removeAttribute("aria-busy");
}

function send(): void {
    const question = input.value.trim();
    if (question === "" || isAnswering()) {
        return;
    }
    post({ type: "ask", question });
    input.value = "";
    vscode.setState({ draft: "" });
    fitInput();
}

function isAnswering(): boolean {
    return [...turns.values()].some(({ turn }) => turn.state === "reading" || turn.state === "writing");
}

/** Redraw a turn, except for the parts of its answer that are drawn already. */
function show(turn: Turn): void {
    let known = turns.get(turn.id);
    if (known === undefined) {
        known = { turn, element: document.createElement("article") };
        // Only the last question can be answered once more.
        log.querySelectorAll(".again").forEach((again) => again.remove());
        log.append(known.element);
        known.element.append(
            question(turn),
            withText("div", "", "answer"),
            withText("p", "", "note"),
            withText("footer", ""),
        );
        empty.hidden = true;
        known.element.scrollIntoView({ block: "end" });
    }
    known.turn = turn;
    turns.set(turn.id, known);
    draw(turn.id);
    const note = known.element.querySelector(".note") as HTMLElement;
    note.textContent = noteOf(turn);
    note.hidden = note.textContent === "";
    note.classList.toggle("error", turn.state === "failed");
    const isAtEnd = isScrolledToEnd();
    known.element.querySelector("footer")?.replaceChildren(...footer(turn));
    if (isAtEnd) {
        log.scrollTop = log.scrollHeight;
    }
    // Screen readers read the state while the answer streams, then the whole answer.
    log.setAttribute("aria-busy", String(isAnswering()));
    stateLine.textContent = spokenState(turn);
    sendButton.textContent = isAnswering() ? "Stop" : "Ask";
    sendButton.title = isAnswering() ? "Stop the answer (Escape)" : "Ask (Enter)";
}

function spokenState(turn: Turn): string {
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

function question(turn: Turn): HTMLElement {
    const part = withText("div", "", "question");
    part.append(withText("h2", turn.question));
    if (turn.attached.length > 0) {
        part.append(withText("p", turn.attached.join(", "), "attached-to"));
    }
    return part;
}

function drawSoon(id: number): void {
    if (stale.size === 0) {
        // On a slow machine less often, so that the view stays usable.
        const pause = Math.max(FRAME_MILLISECONDS, IDLE_FACTOR * drawMilliseconds);
        setTimeout(() => {
            const ids = [...stale];
            stale.clear();
            const began = performance.now();
            keepFocus(() => ids.forEach(draw));
            drawMilliseconds = performance.now() - began;
        }, pause);
    }
    stale.add(id);
}

function draw(id: number): void {
    const known = turns.get(id);
    const answer = known?.element.querySelector<HTMLElement>(".answer");
    if (known === undefined || !answer) {
        return;
    }
    const isAtEnd = isScrolledToEnd();
    const { answer: text, linked } = known.turn;
    drawMarkdown(answer, linked ?? text, {
        toolbar: (language) => codeToolbar(id, language),
        open: linked === undefined ? undefined : openLink,
    });
    if (isAtEnd) {
        log.scrollTop = log.scrollHeight;
    }
}

/** Open a link that the server has written: a file of the workspace, optionally with a line. */
function openLink(address: string): void {
    const [uri = "", line = ""] = address.split("#L");
    const first = Math.max(0, (Number.parseInt(line, 10) || 1) - 1);
    post({ type: "open", place: { uri, label: "", line: first, endLine: first, why: "" } });
}

function isScrolledToEnd(): boolean {
    return log.scrollHeight - log.scrollTop - log.clientHeight < 40;
}

function codeToolbar(id: number, language: string): HTMLElement {
    const bar = withText("div", "", "toolbar");
    const code = (): string => bar.parentElement?.querySelector("pre")?.textContent ?? "";
    bar.append(
        withText("span", language),
        button("Copy", "Copy the code", () => post({ type: "copy", text: code() })),
        button("Insert", "Insert the code at the cursor", () => post({ type: "insert", text: code() })),
        button("Apply", "Show what the code changes in the open file", () => {
            const block = turns.get(id)?.turn.blocks?.find(({ text }) => text.trimEnd() === code().trimEnd());
            if (block !== undefined) {
                post({ type: "apply", id, block: block.number });
            }
        }),
    );
    return bar;
}

function footer(turn: Turn): Node[] {
    const parts: Node[] = [];
    if (turn.usage !== undefined) {
        parts.push(tokenBar(turn.usage));
    }
    if (turn.sources !== undefined && turn.sources.length > 0) {
        parts.push(places("In the prompt", turn.sources));
    }
    if (turn.leftOut !== undefined && turn.leftOut.length > 0) {
        parts.push(places("Left out", turn.leftOut));
    }
    const isLast = Math.max(...turns.keys()) === turn.id;
    if (turn.state !== "reading" && turn.state !== "writing") {
        const buttons = withText("div", "", "buttons");
        if (turn.fix === "installModel") {
            buttons.append(button("Install a Small Model", "Install a small model", () => post({ type: "installModel" })));
        }
        if (turn.answer !== "") {
            buttons.append(button("Copy", "Copy the answer", () => post({ type: "copy", text: turn.answer })));
        }
        const about = turn.unread;
        if (about !== undefined) {
            const title = "Explain it again, and read all of the code, however long it takes";
            buttons.append(button("Read all", title, () => post({ type: "readAll", about })));
        }
        if (isLast) {
            const again = button("Again", "Answer once more", () => post({ type: "regenerate" }));
            again.className = "again";
            buttons.append(again);
        }
        parts.push(buttons);
    }
    return parts;
}

function tokenBar({ promptTokens, outputTokens, contextLength }: NonNullable<Turn["usage"]>): HTMLElement {
    const used = promptTokens + outputTokens;
    const text = `${used.toLocaleString("en")} of ${contextLength.toLocaleString("en")} tokens`;
    const part = withText("div", "", "usage");
    part.title = `${promptTokens.toLocaleString("en")} tokens read, ${outputTokens.toLocaleString("en")} written`;
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

function places(title: string, all: Place[]): HTMLElement {
    const details = document.createElement("details");
    const list = document.createElement("ul");
    for (const place of all) {
        const tokens = place.tokens === undefined ? "" : `, ${place.tokens.toLocaleString("en")} tokens`;
        const item = document.createElement("li");
        const link = button(place.label, "Open", () => post({ type: "open", place }));
        link.className = "place";
        item.append(link, ` ${place.why}${tokens}`);
        list.append(item);
    }
    details.append(withText("summary", `${title} (${all.length})`), list);
    return details;
}

/** Show what is sent with the next question: the code in view, and what the user attached. */
function showAttachments(): void {
    attached.replaceChildren(
        ...(about === undefined ? [] : [aboutChip(about)]),
        ...attachments.map((item, index) => {
            const chip = withText("span", item.label, "chip");
            const remove = button("×", `Remove ${item.label}`, () => post({ type: "detach", index }));
            remove.setAttribute("aria-label", `Remove ${item.label}`);
            chip.append(remove);
            return chip;
        }),
    );
}

function aboutChip({ label, isLeftOut }: About): HTMLElement {
    const title = isLeftOut
        ? `${label} does not go with the question: press to add it`
        : `${label} goes with the question: press to leave it out`;
    const chip = button(label, title, () => post({ type: "toggleAbout" }));
    chip.className = "chip about";
    chip.setAttribute("aria-pressed", String(!isLeftOut));
    return chip;
}

function showModel(name: string): void {
    model.textContent = name;
    model.hidden = name === "";
}

/** A button; its name for screen readers is `text`, and `title` is its tooltip. */
function button(text: string, title: string, act: () => void): HTMLButtonElement {
    const made = withText("button", text) as HTMLButtonElement;
    made.type = "button";
    made.title = title;
    made.addEventListener("click", act);
    return made;
}

function fitInput(): void {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 200)}px`;
}

function element(id: string): HTMLElement {
    return document.getElementById(id) as HTMLElement;
}
