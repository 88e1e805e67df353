/**
 * The colours that the editor's theme gives to code, for the code in answers.
 *
 * VS Code has no API for them: they are read from the theme's own file.
 */

import { Uri, extensions, window, workspace } from "vscode";

// By the highlighter's classes: a TextMate scope as grammars use it.
const SCOPES: Record<string, string> = {
    comment: "comment.line",
    keyword: "keyword.control",
    literal: "constant.language",
    type: "entity.name.type.class",
    string: "string.quoted",
    regexp: "string.regexp",
    number: "constant.numeric",
    attr: "entity.other.attribute-name",
    title: "entity.name.function",
    name: "entity.name.tag",
    built_in: "support.function",
    variable: "variable.other.readwrite",
    params: "variable.parameter",
    section: "markup.heading",
    addition: "markup.inserted",
    deletion: "markup.deleted",
};
// Settings with the theme's name, by `ColorThemeKind`, where VS Code follows the system.
const PREFERRED = { 1: "Light", 2: "Dark", 3: "HighContrast", 4: "HighContrastLight" } as const;
const COLOUR = /^#[0-9a-f]{3,8}$/i;
const LONGEST_CHAIN = 8;

interface Rule {
    scope?: string | string[];
    settings?: { foreground?: string };
}

interface ThemeFile {
    include?: string;
    tokenColors?: Rule[] | string;
}

/** The colours by the highlighter's classes; none for what the theme does not colour, or if it cannot be read. */
export async function themeColours(): Promise<Record<string, string>> {
    const file = themeFile();
    const rules = file === undefined ? [] : await rulesOf(file);
    const colours = Object.entries(SCOPES).map(([name, scope]) => [name, colourOf(rules, scope)] as const);
    return Object.fromEntries(colours.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** The file of the theme in use. */
function themeFile(): Uri | undefined {
    const follows = workspace.getConfiguration("window").get<boolean>("autoDetectColorScheme");
    const key = follows ? `preferred${PREFERRED[window.activeColorTheme.kind]}ColorTheme` : "colorTheme";
    const name = workspace.getConfiguration("workbench").get<string>(key)?.replace(/^Default /, "");
    for (const { extensionUri, packageJSON } of extensions.all) {
        const themes: { id?: string; label: string; path: string }[] = packageJSON.contributes?.themes ?? [];
        const theme = themes.find(({ id, label }) => [id, label].some((each) => each?.replace(/^Default /, "") === name));
        if (theme !== undefined) {
            return Uri.joinPath(extensionUri, theme.path);
        }
    }
    return undefined;
}

/** The rules of a theme's file, after those of the files that it includes. */
async function rulesOf(file: Uri, depth = 0): Promise<Rule[]> {
    try {
        const text = new TextDecoder().decode(await workspace.fs.readFile(file));
        const { include, tokenColors } = JSON.parse(withoutComments(text)) as ThemeFile;
        const isDeep = include === undefined || depth >= LONGEST_CHAIN;
        const included = isDeep ? [] : await rulesOf(Uri.joinPath(file, "..", include), depth + 1);
        return [...included, ...(Array.isArray(tokenColors) ? tokenColors : [])];
    } catch {
        // The page has colours of its own.
        return [];
    }
}

/** The colour of the rule that fits a scope best; the last one of those that fit equally. */
function colourOf(rules: readonly Rule[], wanted: string): string | undefined {
    let best = -1;
    let colour: string | undefined;
    for (const { scope = [], settings } of rules) {
        const selectors = typeof scope === "string" ? scope.split(",") : scope;
        const fitting = selectors.map((each) => each.trim()).filter((each) => `${wanted}.`.startsWith(`${each}.`));
        const length = Math.max(-1, ...fitting.map((each) => each.length));
        if (length >= best && length > 0 && settings?.foreground && COLOUR.test(settings.foreground)) {
            best = length;
            colour = settings.foreground;
        }
    }
    return colour;
}

/** JSON without the comments and last commas that VS Code allows in a theme. */
function withoutComments(text: string): string {
    return text
        .replace(/("(?:\\.|[^"\\])*")|\/\/[^\n]*|\/\*[^]*?\*\//g, (_, quoted: string | undefined) => quoted ?? "")
        .replace(/("(?:\\.|[^"\\])*")|,(?=\s*[}\]])/g, (_, quoted: string | undefined) => quoted ?? "");
}
