/** What the user does in the view, passed on to the chat. */

import { Disposable, Range, Uri, commands, env, window } from "vscode";

import { showError } from "../notify";
import { sentenceOf } from "../words";
import { insert } from "./blocks";
import type { Chat } from "./chat";
import type { FromView } from "./messages";
import { explanationOf } from "./question";
import { themeColours } from "./theme";
import type { ChatView } from "./view";

/** Handle the messages of the view; failures are shown. */
export function handleMessages(view: ChatView, chat: Chat): Disposable {
    return Disposable.from(
        view.onDidReceive(async (message) => {
            try {
                await handle(message, chat);
            } catch (error) {
                void showError(sentenceOf(error));
            }
        }),
        window.onDidChangeActiveColorTheme(() => void showColours(view)),
    );
}

async function showColours(view: ChatView): Promise<void> {
    const { kind } = window.activeColorTheme;
    view.send({ type: "colours", colours: await themeColours(), kind });
}

async function handle(message: FromView, chat: Chat): Promise<void> {
    switch (message.type) {
        case "ready":
            chat.showAll();
            await showColours(chat.view);
            break;
        case "ask":
            await chat.ask(message.question);
            break;
        case "stop":
            await chat.stop();
            break;
        case "regenerate":
            await chat.regenerate();
            break;
        case "readAll":
            await chat.answer(explanationOf(message.about, { full: true }));
            break;
        case "new":
            chat.begin();
            break;
        case "include":
            await chat.include(message);
            break;
        case "items":
            chat.view.send({ type: "items", query: message.query, items: await chat.items(message.query) });
            break;
        case "attach":
            await chat.attach(message.item);
            break;
        case "detach":
            chat.attachments.remove(message.index);
            break;
        case "toggleAbout":
            chat.code.toggle();
            break;
        case "switchModel":
        case "installModel":
            await commands.executeCommand(`homebody.${message.type}`);
            break;
        case "open": {
            const { uri, line, endLine } = message.place;
            const selection = new Range(line, 0, endLine + 1, 0);
            const options = { selection, preview: true };
            // A text that was opened here stays known to the server after its tab is closed; a picture is no text.
            await window.showTextDocument(Uri.parse(uri), options).then(undefined, () =>
                commands.executeCommand("vscode.open", Uri.parse(uri), options),
            );
            break;
        }
        case "copy":
            await env.clipboard.writeText(message.text);
            break;
        case "insert":
            await insert(message.text);
            break;
        case "apply":
            await chat.apply(message.block);
            break;
    }
}
