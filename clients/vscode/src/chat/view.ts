/**
 * The webview of the chat, which loads only its own two files, and the messages to and from it.
 */

import { randomBytes } from "node:crypto";

import {
    type Disposable,
    EventEmitter,
    Uri,
    type Webview,
    type WebviewView,
    type WebviewViewProvider,
    commands,
} from "vscode";

import type { FromView, ToView, Turn } from "./messages";

// A message for each token would be slow.
const STREAM_MILLISECONDS = 50;

export class ChatView implements WebviewViewProvider, Disposable {
    private readonly received = new EventEmitter<FromView>();
    private view: WebviewView | undefined;
    /** Whether the page's script is ready: it has requested the conversation. */
    private isReady = false;
    private focus: ToView | undefined;
    /** Text of the streaming answer that was not sent yet. */
    private unsent = "";
    private timer: NodeJS.Timeout | undefined;
    readonly onDidReceive = this.received.event;
    static readonly id = "homebody.chat";

    constructor(private readonly extension: Uri) {}

    resolveWebviewView(view: WebviewView): void {
        this.view = view;
        const folder = Uri.joinPath(this.extension, "out");
        view.webview.options = { enableScripts: true, localResourceRoots: [folder] };
        this.isReady = false;
        view.webview.onDidReceiveMessage((message: FromView) => this.receive(message));
        view.onDidDispose(() => {
            this.view = undefined;
            this.isReady = false;
        });
        view.webview.html = page(view.webview, folder);
    }

    /** Send a whole turn; its answer includes the text that was not sent yet. */
    sendTurn(turn: Turn): void {
        this.send({ type: "turn", turn });
    }

    /** Send text of an answer, collected for a short time. */
    append({ id }: Turn, text: string): void {
        this.unsent += text;
        this.timer ??= setTimeout(() => this.send({ type: "text", id, text: this.unsent }), STREAM_MILLISECONDS);
    }

    /** Send to the page. A page that is not ready requests the whole state later, and takes the focus then. */
    send(message: ToView): void {
        if (message.type === "text" || message.type === "turn" || message.type === "state") {
            clearTimeout(this.timer);
            this.timer = undefined;
            this.unsent = "";
        }
        if (this.isReady) {
            void this.view?.webview.postMessage(message);
        } else if (message.type === "focus") {
            this.focus = message;
        }
    }

    /** Open the view and put the focus into its input. */
    async show(): Promise<void> {
        await commands.executeCommand(`${ChatView.id}.focus`);
    }

    dispose(): void {
        clearTimeout(this.timer);
        this.received.dispose();
    }

    private receive(message: FromView): void {
        if (message.type === "ready") {
            this.isReady = true;
        }
        this.received.fire(message);
        if (message.type === "ready" && this.focus !== undefined) {
            this.send(this.focus);
            this.focus = undefined;
        }
    }
}

/** The page. Its controls are disabled until the script has the conversation: keys typed before would be lost. */
function page(webview: Webview, folder: Uri): string {
    const nonce = randomBytes(16).toString("base64");
    const file = (name: string): string => webview.asWebviewUri(Uri.joinPath(folder, name)).toString();
    // No remote sources, fonts or forms: only the extension's script and style, and pictures that the user pasted.
    const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'; img-src data:;`;
    return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file("chat.css")}">
<title>Homebody</title>
</head>
<body>
<main>
<h1 class="unseen">Homebody</h1>
<div id="log" role="log" aria-live="polite" aria-label="Conversation" tabindex="0"></div>
<p id="empty">Ask about your code. @ attaches files, folders, symbols, problems, changes or the terminal; a picture can be pasted or dropped; / lists commands. Everything stays on this machine.</p>
</main>
<p id="state" role="status" class="unseen"></p>
<section id="ask" aria-label="Question">
<div id="attached"></div>
<ul id="mentions" role="listbox" aria-label="Things to attach" hidden></ul>
<textarea id="question" rows="2" placeholder="Ask about the code in view, @ to attach, / for commands" aria-label="Question"
 aria-controls="mentions" aria-autocomplete="list" aria-busy="true" disabled></textarea>
<div id="row"><button id="model" type="button" title="Switch the model"></button>
<button id="new" type="button" title="Begin a new conversation; this one stays in the history" disabled>New</button>
<button id="send" type="button" title="Ask (Enter)" disabled>Ask</button></div>
</section>
<script nonce="${nonce}" src="${file("chat.js")}"></script>
</body>
</html>`;
}
