/** Elements of the page. */

/** The element with this id, which the page has from the beginning. */
export function element(id: string): HTMLElement {
    return document.getElementById(id) as HTMLElement;
}

export function withText(tag: string, text: string, className = ""): HTMLElement {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = className;
    return made;
}

/** A button; its name for screen readers is `text`, and `title` is its tooltip. */
export function button(text: string, title: string, act: () => void): HTMLButtonElement {
    const made = withText("button", text) as HTMLButtonElement;
    made.type = "button";
    made.title = title;
    made.addEventListener("click", act);
    return made;
}
