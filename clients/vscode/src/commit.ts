/** `homebody.writeCommitMessage`: a message for the changes, in the input of VS Code's own view for Git. */

import { CancellationTokenSource, Uri, extensions, window } from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";

import { runShown, stream } from "./commands";
import { inform, say } from "./notify";
import { baseName } from "./words";

/** The part of the Git extension's API that is used here. */
interface Git {
    repositories: Repository[];
    getRepository(uri: Uri): Repository | null;
}

interface Repository {
    rootUri: Uri;
    inputBox: { value: string };
}

/** Write a message into the input of a repository; without an address, of the one that the user means. */
export async function writeCommitMessage(client: LanguageClient, root?: Uri): Promise<void> {
    const git = await extensions.getExtension<{ getAPI(version: 1): Git }>("vscode.git")?.activate();
    const repository = git && (await repositoryOf(git.getAPI(1), root));
    if (repository === undefined) {
        void inform("There is no Git repository here that VS Code has opened.");
        return;
    }
    const { inputBox } = repository;
    const before = inputBox.value;
    const stop = new CancellationTokenSource();
    const writing = await stream(client, ({ text }) => void (inputBox.value += text));
    inputBox.value = "";
    try {
        const folder = client.code2ProtocolConverter.asUri(repository.rootUri);
        const argument = { folder, token: writing.token };
        const { message, note } = await runShown<{ message: string; note: string }>(
            client, "homebody.commitMessage", argument, "Writing a commit message", stop,
        );
        inputBox.value = message;
        if (note !== "") {
            say(note);
        }
    } catch (error) {
        inputBox.value = before;
        if (!stop.token.isCancellationRequested) {
            throw error;
        }
    } finally {
        writing.dispose();
        stop.dispose();
    }
}

async function repositoryOf(git: Git, root: Uri | undefined): Promise<Repository | undefined> {
    const { repositories } = git;
    const uri = root ?? window.activeTextEditor?.document.uri;
    const named = uri && git.getRepository(uri);
    if (named || repositories.length < 2) {
        return named || repositories[0];
    }
    const choices = repositories.map((repository) => ({ label: baseName(repository.rootUri), repository }));
    return (await window.showQuickPick(choices, { title: "Write a commit message for" }))?.repository;
}
