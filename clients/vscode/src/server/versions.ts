/** Whether a server and an extension fit together: they do if they differ in the patch number alone. */

/** Which of both is older; `undefined` if they fit together. */
export function older(extension: string, server: string): "extension" | "server" | undefined {
    const [major, minor] = numbers(extension);
    const [otherMajor, otherMinor] = numbers(server);
    if (major === otherMajor && minor === otherMinor) {
        return undefined;
    }
    return otherMajor < major || (otherMajor === major && otherMinor < minor) ? "server" : "extension";
}

function numbers(version: string): [major: number, minor: number] {
    const [major = 0, minor = 0] = version.split(".").map(Number);
    return [major, minor];
}
