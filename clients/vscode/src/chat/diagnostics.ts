/** The problems that VS Code shows, from all extensions, for the server to offer as attachments. */

import { type Diagnostic, type Uri, languages, workspace } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import type { DocumentDiagnostics } from "../protocol";

const MOST_DOCUMENTS = 64;
const MOST_DIAGNOSTICS = 100;
const OWN_SOURCE = "homebody";

export class Diagnostics {
    /** Documents whose problems were sent to the server: it has to learn when they have none left. */
    private sent: ReadonlySet<string> = new Set();

    /** All problems in files of the workspace, errors first; an empty list for documents without problems now. */
    current(client: LanguageClient): DocumentDiagnostics[] {
        const found = languages
            .getDiagnostics()
            .filter(([uri]) => workspace.getWorkspaceFolder(uri) !== undefined)
            .map(([uri, diagnostics]) => ofDocument(client, uri, diagnostics))
            .filter(({ diagnostics }) => diagnostics.length > 0)
            .sort((one, other) => worst(one) - worst(other))
            .slice(0, MOST_DOCUMENTS);
        const listed = new Set(found.map(({ uri }) => uri));
        const gone = [...this.sent].filter((uri) => !listed.has(uri)).map((uri) => ({ uri, diagnostics: [] }));
        this.sent = listed;
        return [...found, ...gone];
    }
}

function ofDocument(client: LanguageClient, uri: Uri, diagnostics: readonly Diagnostic[]): DocumentDiagnostics {
    const converter = client.code2ProtocolConverter;
    const own = diagnostics
        .filter(({ source }) => source?.toLowerCase() !== OWN_SOURCE)
        .sort((one, other) => one.severity - other.severity)
        .slice(0, MOST_DIAGNOSTICS);
    return {
        uri: converter.asUri(uri),
        diagnostics: own.map(({ range, severity, source, code, message }) => ({
            range: converter.asRange(range),
            severity: converter.asDiagnosticSeverity(severity),
            source: source ?? null,
            code: (typeof code === "object" ? code.value : code) ?? null,
            message,
        })),
    };
}

/** The lowest severity number; 1 is an error. */
function worst({ diagnostics }: DocumentDiagnostics): number {
    return diagnostics[0]?.severity ?? Number.MAX_SAFE_INTEGER;
}
