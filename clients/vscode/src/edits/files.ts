/** Files in memory, which VS Code can open and save: the right sides of the diff editors. */

import {
    Disposable,
    EventEmitter,
    type FileChangeEvent,
    FileChangeType,
    FileSystemError,
    type FileSystemProvider,
    type FileStat,
    type FileRenameEvent,
    FileType,
    type FileWillRenameEvent,
    type Uri,
    workspace,
} from "vscode";

export const SCHEME = "homebody-edit";

/** Where a file is once files and folders were renamed; `undefined` if it stays where it is. */
export function renamed({ files }: FileRenameEvent | FileWillRenameEvent, uri: Uri): Uri | undefined {
    const isWithin = (folder: Uri): boolean => `${uri.path}/`.startsWith(`${folder.path}/`);
    const moved = files.find(({ oldUri }) => isWithin(oldUri));
    return moved && uri.with({ path: `${moved.newUri.path}${uri.path.slice(moved.oldUri.path.length)}` });
}

interface File {
    bytes: Uint8Array;
    changed: number;
}

export class MemoryFiles implements FileSystemProvider, Disposable {
    private readonly files = new Map<string, File>();
    private readonly changes = new EventEmitter<FileChangeEvent[]>();
    readonly onDidChangeFile = this.changes.event;
    private readonly subscriptions = Disposable.from(
        this.changes,
        workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
    );

    /** Make a file, or replace its text. */
    write(uri: Uri, text: string): void {
        const isNew = !this.files.has(uri.toString());
        this.files.set(uri.toString(), { bytes: new TextEncoder().encode(text), changed: Date.now() });
        if (!isNew) {
            this.changes.fire([{ type: FileChangeType.Changed, uri }]);
        }
    }

    /** Text of a file as it was saved last. Throws if there is no such file. */
    read(uri: Uri): string {
        return new TextDecoder().decode(this.readFile(uri));
    }

    remove(uri: Uri): void {
        this.files.delete(uri.toString());
    }

    dispose(): void {
        this.subscriptions.dispose();
    }

    // What VS Code calls.

    watch(): Disposable {
        return { dispose: () => undefined };
    }

    stat(uri: Uri): FileStat {
        const { bytes, changed } = this.find(uri);
        return { type: FileType.File, ctime: 0, mtime: changed, size: bytes.length };
    }

    readFile(uri: Uri): Uint8Array {
        return this.find(uri).bytes;
    }

    writeFile(uri: Uri, bytes: Uint8Array): void {
        Object.assign(this.find(uri), { bytes, changed: Date.now() });
    }

    readDirectory(): [string, FileType][] {
        return [];
    }

    createDirectory(): void {
        throw FileSystemError.NoPermissions();
    }

    delete(): void {
        throw FileSystemError.NoPermissions();
    }

    rename(): void {
        throw FileSystemError.NoPermissions();
    }

    private find(uri: Uri): File {
        const file = this.files.get(uri.toString());
        if (file === undefined) {
            throw FileSystemError.FileNotFound(uri);
        }
        return file;
    }
}
