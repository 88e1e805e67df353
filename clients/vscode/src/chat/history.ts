/** The list of earlier conversations: goes back to one, deletes one or all. */

import { type QuickPickItem, ThemeIcon, window } from "vscode";

import { agrees } from "../notify";
import { type Conversation, titleOf } from "./conversations";

interface Actions {
    open(id: number): void;
    /** Delete one conversation, or all. */
    delete(id?: number): Promise<void>;
}

const DELETE = { iconPath: new ThemeIcon("trash"), tooltip: "Delete" };
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DELETE_ALL = { iconPath: new ThemeIcon("clear-all"), tooltip: "Delete all conversations" };

/** Show the conversations; `list` names those that there are now. */
export function showHistory(list: () => readonly Conversation[], actions: Actions): void {
    const pick = window.createQuickPick<QuickPickItem & { id: number }>();
    const fill = (): void => {
        pick.items = list().map((conversation) => ({
            label: titleOf(conversation),
            description: DATE.format(conversation.asked),
            buttons: [DELETE],
            id: conversation.id,
        }));
    };
    pick.title = "Conversations";
    pick.buttons = [DELETE_ALL];
    fill();
    pick.placeholder = pick.items.length > 0 ? "Go back to a conversation" : "There are no conversations yet";
    pick.onDidAccept(() => {
        const chosen = pick.selectedItems[0];
        pick.hide();
        if (chosen !== undefined) {
            actions.open(chosen.id);
        }
    });
    pick.onDidTriggerItemButton(({ item }) => {
        void actions.delete(item.id);
        fill();
    });
    pick.onDidTriggerButton(async () => {
        pick.hide();
        if (await agrees("Delete all conversations?", "They are deleted from this machine.", "Delete")) {
            await actions.delete();
        }
    });
    pick.onDidHide(() => pick.dispose());
    pick.show();
}
