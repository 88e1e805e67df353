/** Pictures that the user pastes or drops, and files dropped from VS Code's explorer. */

import type { Attachment } from "../src/protocol";

/** Pass on what is pasted into `input`, or dropped anywhere on the page; anything else is left to the browser. */
export function takePictures(input: HTMLElement, attach: (item: Attachment) => void): void {
    const take = (event: Event, transfer: DataTransfer | null): void => {
        const files = [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
        const uris = event.type === "drop" ? fileUris(transfer) : [];
        if (files.length > 0 || uris.length > 0) {
            event.preventDefault();
            files.forEach((file) => read(file, attach));
            uris.forEach((id) => attach({ id, kind: "file", label: decodeURIComponent(id.slice(id.lastIndexOf("/") + 1)) }));
        }
    };
    input.addEventListener("paste", (event) => take(event, event.clipboardData));
    window.addEventListener("dragover", (event) => event.preventDefault());
    window.addEventListener("drop", (event) => take(event, event.dataTransfer));
}

/** A small picture of an attachment, if it is a picture that was pasted. */
export function thumbnail({ data, label, kind }: Attachment): HTMLElement[] {
    if (data === undefined || !kind.startsWith("image/")) {
        return [];
    }
    const picture = document.createElement("img");
    picture.src = `data:${kind};base64,${data}`;
    picture.alt = label;
    picture.className = "thumbnail";
    return [picture];
}

function fileUris(transfer: DataTransfer | null): string[] {
    return (transfer?.getData("text/uri-list") ?? "").split(/\r?\n/).filter((uri) => uri.startsWith("file:"));
}

function read(file: File, attach: (item: Attachment) => void): void {
    const reader = new FileReader();
    reader.addEventListener("load", () => {
        const data = String(reader.result).replace(/^[^,]*,/, "");
        attach({ id: "", kind: file.type, label: file.name || "pasted picture", data });
    });
    reader.readAsDataURL(file);
}
