/**
 * The chat view: draws the turns of a conversation and sends what the user does to the extension.
 *
 * The extension sends the conversation again to a page that was reloaded; the page keeps only the text of the input,
 * or a question that has no answer yet.
 */

import type { About, FromView, ToView, Turn } from "../src/chat/messages";
import type { Attachment } from "../src/protocol";
import { button, element, withText } from "./dom";
import { History } from "./history";
import { Mentions } from "./mentions";
import { takePictures, thumbnail } from "./pictures";
import { TurnView, isStreaming, spokenState } from "./turn";

declare function acquireVsCodeApi(): {
    postMessage(message: FromView): void;
    getState(): { draft: string } | undefined;
    setState(state: { draft: string }): void;
};

// Shortest time between two drawings of a streaming answer.
const FRAME_MILLISECONDS = 60;
// The view spends at most a quarter of the time on drawing.
const IDLE_FACTOR = 3;

const vscode = acquireVsCodeApi();
const log = element("log");
const input = element("question") as HTMLTextAreaElement;
const empty = element("empty");
const stateLine = element("state");
const attached = element("attached");
const sendButton = element("send") as HTMLButtonElement;
const newButton = element("new") as HTMLButtonElement;
const model = element("model");
const post = (message: FromView): void => vscode.postMessage(message);

/** What the page shows, by the ids of the turns. */
const turns = new Map<number, TurnView>();
/** Turns whose text has changed since the last frame. */
const stale = new Set<TurnView>();
/** How long the last drawing took. */
let drawMilliseconds = 0;
let attachments: Attachment[] = [];
let about: About | undefined;
/** Whether the end of the conversation is in view. */
let isAtEnd = true;

const mentions = new Mentions(input, element("mentions"), {
    search: (query) => post({ type: "items", query }),
    choose: (item) => post({ type: "attach", item }),
});

const history = new History(input, () => [...turns.values()].map(({ turn }) => turn.question));

window.addEventListener("message", ({ data }: MessageEvent<ToView>) => keepFocus(() => receive(data)));
log.addEventListener("scroll", () => (isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40));
new ResizeObserver(keepAtEnd).observe(log);
window.addEventListener("focus", () => post({ type: "focused" }));
// VS Code handles the keys of its chords here too, but leaves the second one to the page, which would type it.
let isChord = false;
window.addEventListener("keydown", (event) => {
    if (event.key.length === 1) {
        if (isChord) {
            event.preventDefault();
        }
        isChord = event.ctrlKey && event.altKey && event.code === "KeyH";
    }
});
input.addEventListener("input", () => {
    remember();
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
takePictures(input, (item) => post({ type: "attach", item }));
sendButton.addEventListener("click", () => (isAnswering() ? post({ type: "stop" }) : send()));
newButton.addEventListener("click", () => post({ type: "new" }));
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
            const view = turns.get(message.id);
            if (view !== undefined) {
                view.turn.answer += message.text;
                drawSoon(view);
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
            input.focus();
            break;
        case "colours":
            showColours(message.colours, message.kind);
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

/** A conversation whose end is in view stays there, when it grows and when the input below it does. */
function keepAtEnd(): void {
    if (isAtEnd) {
        log.scrollTop = log.scrollHeight;
    }
}

/** Enable the controls, which are disabled until the page has the conversation. */
function enable(): void {
    input.disabled = sendButton.disabled = newButton.disabled = false;
    input.removeAttribute("aria-busy");
}

function send(): void {
    const question = input.value.trim();
    if (question === "" || isAnswering()) {
        return;
    }
    post({ type: "ask", question });
    vscode.setState({ draft: question });
    input.value = "";
    fitInput();
}

/** Have a reloaded page put into the input what is there, or the last question if it has no answer yet. */
function remember(): void {
    const last = [...turns.values()].at(-1)?.turn;
    const isOpen = last !== undefined && (isStreaming(last) || last.state === "failed");
    vscode.setState({ draft: input.value || (isOpen ? last.question : "") });
}

/** Tell screen readers. */
function say(sentence: string): void {
    stateLine.textContent = sentence;
}

function isAnswering(): boolean {
    return [...turns.values()].some(({ turn }) => isStreaming(turn));
}

/** Show a turn: a new one, or a newer state of one that is there. */
function show(turn: Turn): void {
    const view = turns.get(turn.id) ?? add(turn);
    view.show(turn, Math.max(...turns.keys()) === turn.id);
    keepAtEnd();
    const isBusy = isAnswering();
    // Screen readers read the state while the answer streams, then the whole answer.
    log.setAttribute("aria-busy", String(isBusy));
    stateLine.textContent = spokenState(turn);
    remember();
    sendButton.textContent = isBusy ? "Stop" : "Ask";
    sendButton.title = isBusy ? "Stop the answer (Escape)" : "Ask (Enter)";
}

function add(turn: Turn): TurnView {
    // Only the last question can be answered once more.
    log.querySelectorAll(".again").forEach((again) => again.remove());
    const view = new TurnView(turn, post, say);
    turns.set(turn.id, view);
    log.append(view.element);
    empty.hidden = true;
    isAtEnd = true;
    return view;
}

function drawSoon(view: TurnView): void {
    if (stale.size === 0) {
        // On a slow machine less often, so that the view stays usable.
        const pause = Math.max(FRAME_MILLISECONDS, IDLE_FACTOR * drawMilliseconds);
        setTimeout(() => {
            const views = [...stale];
            stale.clear();
            const began = performance.now();
            keepFocus(() => views.forEach((one) => one.drawAnswer()));
            keepAtEnd();
            drawMilliseconds = performance.now() - began;
        }, pause);
    }
    stale.add(view);
}

/** Show what is sent with the next question: the code in view, and what the user attached. */
function showAttachments(): void {
    attached.replaceChildren(
        ...(about === undefined ? [] : [aboutChip(about)]),
        ...attachments.map((item, index) => {
            const chip = withText("span", item.label, "chip");
            const remove = button("×", `Remove ${item.label}`, () => post({ type: "detach", index }));
            remove.setAttribute("aria-label", `Remove ${item.label}`);
            chip.append(remove, ...thumbnail(item), ...(item.note === undefined ? [] : [withText("small", item.note)]));
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

/** Use the theme's colours for code; where it has none, those of the style stay. */
function showColours(colours: Record<string, string>, kind: number): void {
    const { style } = document.documentElement;
    const stale = [...style].filter((name) => name.startsWith("--code-"));
    stale.forEach((name) => style.removeProperty(name));
    Object.entries(colours).forEach(([name, colour]) => style.setProperty(`--code-${name}`, colour));
    document.body.dataset["colours"] = String(kind);
}

function fitInput(): void {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + 2, 200)}px`;
}
