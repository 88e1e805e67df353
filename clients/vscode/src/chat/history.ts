/** The list of earlier conversations of this workspace: goes back to one, deletes one or all. */

import { type QuickPickItem, ThemeIcon, window } from "vscode";

import { agrees } from "../notify";
import type { ListedConversation } from "../protocol";

interface Actions {
    /** The conversations, the newest first. */
    list(): Promise<ListedConversation[]>;
    open(id: string): Promise<void>;
    delete(ids: string[]): Promise<void>;
}

type Item = QuickPickItem & { id: string };

const DELETE = { iconPath: new ThemeIcon("trash"), tooltip: "Delete" };
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DELETE_ALL = { iconPath: new ThemeIcon("clear-all"), tooltip: "Delete all conversations" };

export async function showHistory({ list, open, delete: remove }: Actions): Promise<void> {
    const pick = window.createQuickPick<Item>();
    const show = (conversations: ListedConversation[]): void => {
        pick.items = conversations.map(({ conversationId, title, when }) => ({
            label: title,
            description: DATE.format(when * 1000),
            buttons: [DELETE],
            id: conversationId,
        }));
        pick.placeholder = pick.items.length > 0 ? "Go back to a conversation" : "There are no conversations yet";
    };
    pick.title = "Conversations";
    pick.buttons = [DELETE_ALL];
    pick.onDidAccept(async () => {
        const chosen = pick.selectedItems[0];
        pick.hide();
        await (chosen && open(chosen.id));
    });
    pick.onDidTriggerItemButton(async ({ item }) => {
        await remove([item.id]);
        show(await list());
    });
    pick.onDidTriggerButton(async () => {
        const ids = pick.items.map(({ id }) => id);
        pick.hide();
        if (await agrees("Delete all conversations of this workspace?", "They are deleted from this machine.", "Delete")) {
            await remove(ids);
        }
    });
    pick.onDidHide(() => pick.dispose());
    pick.busy = true;
    pick.show();
    show(await list());
    pick.busy = false;
}
