/**
 * The list that opens while a word begins with `@`, for files, symbols and the like to attach, or while the whole text is
 * a word that begins with `/`, for commands.
 *
 * A listbox that follows the ARIA practices: the focus stays in the input, `aria-activedescendant` names the choice.
 */

import type { Attachment } from "../src/protocol";
import { withText } from "./dom";

interface Actions {
    search(query: string): void;
    choose(item: Attachment): void;
}

const MENTION = /(^|\s)@(\S*)$/;
const COMMAND = /^\/\S*$/;

export class Mentions {
    private items: Attachment[] = [];
    private active = 0;

    constructor(
        private readonly input: HTMLTextAreaElement,
        private readonly list: HTMLElement,
        private readonly actions: Actions,
    ) {
        input.addEventListener("input", () => this.follow());
        input.addEventListener("blur", () => this.close());
    }

    /** Show the matches, unless the user has typed on. */
    show(query: string, items: Attachment[]): void {
        if (this.query() !== query) {
            return;
        }
        this.items = items;
        this.active = 0;
        this.draw();
    }

    /** Whether a key is meant for the list. */
    takes(event: KeyboardEvent): boolean {
        if (this.items.length === 0) {
            return false;
        }
        switch (event.key) {
            case "ArrowDown":
            case "ArrowUp": {
                const step = event.key === "ArrowDown" ? 1 : -1;
                this.active = (this.active + step + this.items.length) % this.items.length;
                this.draw();
                break;
            }
            case "Enter":
            case "Tab":
                this.choose(this.active);
                break;
            case "Escape":
                this.close();
                break;
            default:
                return false;
        }
        event.preventDefault();
        return true;
    }

    private query(): string | undefined {
        const text = this.input.value.slice(0, this.input.selectionStart);
        return COMMAND.exec(text)?.[0] ?? MENTION.exec(text)?.[2];
    }

    private follow(): void {
        const query = this.query();
        if (query === undefined) {
            this.close();
        } else {
            this.actions.search(query);
        }
    }

    private choose(index: number): void {
        const item = this.items[index];
        const end = this.input.selectionStart;
        const isCommand = item?.kind === "command";
        const before = isCommand ? `${item.label} ` : this.input.value.slice(0, end).replace(MENTION, "$1");
        if (item !== undefined) {
            this.input.value = before + this.input.value.slice(end);
            this.input.setSelectionRange(before.length, before.length);
        }
        if (item !== undefined && !isCommand) {
            this.actions.choose(item);
        }
        this.close();
    }

    private close(): void {
        this.items = [];
        this.draw();
    }

    private draw(): void {
        const options = this.items.map((item, index) => {
            const option = withText("li", item.label);
            option.id = `mention-${index}`;
            option.setAttribute("role", "option");
            option.setAttribute("aria-selected", String(index === this.active));
            const kind = item.kind === "command" ? "" : item.kind;
            option.append(withText("small", [kind, item.detail].filter(Boolean).join(" · ")));
            // Runs before the input loses the focus.
            option.addEventListener("mousedown", (event) => {
                event.preventDefault();
                this.choose(index);
            });
            return option;
        });
        this.list.replaceChildren(...options);
        this.list.hidden = options.length === 0;
        if (options.length > 0) {
            this.input.setAttribute("aria-activedescendant", `mention-${this.active}`);
            options[this.active]?.scrollIntoView({ block: "nearest" });
        } else {
            this.input.removeAttribute("aria-activedescendant");
        }
    }
}
