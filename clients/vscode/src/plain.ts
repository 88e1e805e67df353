/** Text that VS Code shows as it is. */

// Between the two characters that make a link or an icon; it takes no space.
const ZERO_WIDTH_SPACE = "\u200b";

/**
 * The same message without links.
 *
 * VS Code makes links of `[label](address)` in a message, and a link `command:…` runs a command. A message may quote
 * a setting or a file's name of the workspace, or a model, which must not be able to offer one.
 */
export function withoutLinks(message: string): string {
    return message.replaceAll("](", `]${ZERO_WIDTH_SPACE}(`);
}

/** The same text without icons: VS Code draws one for `$(name)` in the status bar and above lines of code. */
export function withoutIcons(text: string): string {
    return text.replaceAll("$(", `$${ZERO_WIDTH_SPACE}(`);
}
