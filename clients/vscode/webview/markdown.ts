/**
 * Draws Markdown that a model wrote, as DOM nodes.
 *
 * Nodes are created one by one and filled with text. HTML is never parsed, so nothing that a model writes
 * can run or load anything. Pictures are replaced by their description. Links to other hosts are shown with
 * their address but cannot be followed: an address could contain code. Links to files can be followed if
 * the server has written them.
 */

import dockerfile from "highlight.js/lib/languages/dockerfile";
import scala from "highlight.js/lib/languages/scala";
import { common, createLowlight } from "lowlight";
import MarkdownIt from "markdown-it";

import { button, withText } from "./dom";

type Token = ReturnType<InstanceType<typeof MarkdownIt>["parse"]>[number];
type Highlighted = ReturnType<typeof lowlight.highlight>;
type Child = Highlighted["children"][number];

/** What the view adds to the text of an answer. */
export interface Additions {
    /** Draws the buttons of a code block, which they find beside them: it grows while the answer streams. */
    toolbar: (language: string) => HTMLElement;
    /** Opens a file of the workspace; absent if the text may contain links that the model wrote. */
    open: ((address: string) => void) | undefined;
}

const lowlight = createLowlight({ ...common, dockerfile, scala });
// The server writes links as `[text](address)` alone; other forms are text of the model.
const parser = new MarkdownIt({ html: false, linkify: false }).disable(["autolink", "reference"]);
// Links to files are drawn too, but not as elements that the browser would follow.
parser.validateLink = () => true;
// Highlighting takes about 1 ms for 1,000 characters; longer blocks are not highlighted.
const LONGEST_COLOURED = 20_000;

/** One top-level block of the document, and its source, to detect whether it has changed. */
interface Section {
    key: string;
    tokens: Token[];
    hasLink: boolean;
}

/**
 * Draw `markdown` into `parent`; what stands there already is left as it is.
 *
 * While an answer streams only its last section changes, and of that, as a rule, only the end: a long list or
 * code block is not laid out anew for each piece.
 */
export function drawMarkdown(parent: HTMLElement, markdown: string, additions: Additions): void {
    const sections = sectionsOf(markdown);
    sections.forEach((section, index) => {
        const present = parent.children[index] as HTMLElement | undefined;
        const key = section.hasLink && additions.open !== undefined ? `linked ${section.key}` : section.key;
        if (present?.dataset["key"] === key) {
            return;
        }
        const element = document.createElement("div");
        element.dataset["key"] = key;
        drawTokens(element, section.tokens, additions);
        if (present === undefined) {
            parent.append(element);
        } else {
            update(present, element);
        }
    });
    while (parent.children.length > sections.length) {
        parent.lastElementChild?.remove();
    }
}

function sectionsOf(markdown: string): Section[] {
    const lines = markdown.split("\n");
    const sections: Section[] = [];
    let tokens: Token[] = [];
    for (const token of parser.parse(markdown, {})) {
        tokens.push(token);
        if (token.level === 0 && token.nesting !== 1) {
            const [first, end] = tokens[0]?.map ?? [0, 0];
            const hasLink = tokens.some(({ children }) => children?.some(({ type }) => type === "link_open"));
            sections.push({ key: `${tokens[0]?.type} ${lines.slice(first, end).join("\n")}`, tokens, hasLink });
            tokens = [];
        }
    }
    return sections;
}

/** Make `present` the same as `fresh`, and leave alone whatever is the same in both. */
function update(present: Element, fresh: Element): void {
    for (const name of present.getAttributeNames().filter((one) => !fresh.hasAttribute(one))) {
        present.removeAttribute(name);
    }
    for (const name of fresh.getAttributeNames()) {
        present.setAttribute(name, fresh.getAttribute(name) ?? "");
    }
    const children = [...fresh.childNodes];
    children.forEach((child, index) => {
        const old = present.childNodes[index];
        if (old === undefined) {
            present.append(child);
        } else if (old.isEqualNode(child)) {
            return;
        } else if (old instanceof Text && child instanceof Text) {
            old.data = child.data;
        } else if (old instanceof Element && child instanceof Element && old.tagName === child.tagName) {
            update(old, child);
        } else {
            present.replaceChild(child, old);
        }
    });
    while (present.childNodes.length > children.length) {
        present.lastChild?.remove();
    }
}

function drawTokens(parent: Node, tokens: Token[], additions: Additions): void {
    const open: Node[] = [parent];
    const here = (): Node => open[open.length - 1] as Node;
    for (const token of tokens) {
        if (token.nesting === -1) {
            open.pop();
            continue;
        }
        if (token.type === "inline") {
            drawTokens(here(), token.children ?? [], additions);
            continue;
        }
        const node = nodeOf(token, additions);
        if (node !== undefined) {
            here().appendChild(node);
        }
        if (token.nesting === 1) {
            // The hidden paragraphs of a tight list have no element.
            open.push(node ?? here());
        }
    }
}

/** Elements that may be created for a token; other tokens are drawn as text. */
const ELEMENTS = new Set(
    "p h1 h2 h3 h4 h5 h6 ul ol li blockquote table thead tbody tr th td em strong s hr br".split(" "),
);

function nodeOf(token: Token, additions: Additions): Node | undefined {
    switch (token.type) {
        case "fence":
        case "code_block":
            return codeBlock(token.content, token.info.trim().split(/\s+/)[0] ?? "", additions);
        case "code_inline":
            return withText("code", token.content);
        case "link_open":
            return link(String(token.attrGet("href") ?? ""), additions);
        case "image":
            return withText("span", `[picture: ${token.content}]`);
        case "softbreak":
            return document.createTextNode(" ");
    }
    if (token.hidden) {
        return undefined;
    }
    if (ELEMENTS.has(token.tag)) {
        return document.createElement(token.tag);
    }
    return document.createTextNode(token.content);
}

function link(address: string, { open }: Additions): HTMLElement {
    if (open !== undefined && address.startsWith("file:")) {
        const made = button("", "Open", () => open(made.dataset["address"] ?? address));
        made.className = "place";
        made.dataset["address"] = address;
        return made;
    }
    const element = document.createElement("span");
    element.className = "address";
    element.title = address;
    return element;
}

function codeBlock(code: string, language: string, additions: Additions): HTMLElement {
    const frame = document.createElement("div");
    frame.className = "code";
    const pre = document.createElement("pre");
    pre.tabIndex = 0;
    const inner = document.createElement("code");
    if (lowlight.registered(language) && code.length <= LONGEST_COLOURED) {
        colour(inner, lowlight.highlight(language, code).children);
    } else {
        inner.textContent = code;
    }
    pre.append(inner);
    frame.append(additions.toolbar(language), pre);
    return frame;
}

function colour(parent: Node, children: Child[]): void {
    for (const child of children) {
        if (child.type === "text") {
            parent.appendChild(document.createTextNode(child.value));
        } else if (child.type === "element") {
            const span = document.createElement("span");
            span.className = (child.properties["className"] as string[] | undefined)?.join(" ") ?? "";
            colour(span, child.children as Child[]);
            parent.appendChild(span);
        }
    }
}
