// Bundles the extension into out/extension.js and out/languageclient.js, and the chat's page into out/chat.js, with all licences, and writes
// the README that users see.
import { readFile, readdir, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const minify = process.argv.includes("--minify");

const shared = { bundle: true, external: ["vscode"], minify, sourcemap: !minify, metafile: true, logLevel: "warning" };

// `target` is Node of the oldest VS Code that `engines` allows.
const forNode = { ...shared, outdir: "out", platform: "node", format: "cjs", target: "node20" };
const CLIENT = "vscode-languageclient/node";

const builds = await Promise.all([
    // The language client is four fifths of the code, and is needed only once the server's process has started.
    build({
        ...forNode,
        entryPoints: ["src/extension.ts"],
        alias: { [CLIENT]: "./languageclient" },
        external: ["vscode", "./languageclient"],
        // VS Code has its own `require`, which finds its modules.
        supported: { "dynamic-import": false },
    }),
    build({ ...forNode, entryPoints: { languageclient: CLIENT } }),
    // The chat's page: a script and a style, and nothing else that it could load.
    build({
        ...shared,
        entryPoints: { chat: "webview/main.ts" },
        outdir: "out",
        platform: "browser",
        format: "iife",
        target: "es2022",
        sourcemap: false,
    }),
    build({ ...shared, entryPoints: { chat: "webview/style.css" }, outdir: "out", sourcemap: false }),
]);
const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
const own = await readFile("../../LICENSE", "utf8");
await writeFile("out/LICENSES.txt", `Homebody\n\n${own}\n${"-".repeat(72)}\n\n${await licences(inputs)}`);

await writeFile("out/README.md", await withPictures(await readFile("README.md", "utf8")));

/**
 * The README as users see it. VS Code's page of an extension shows pictures from the web alone, so they need the
 * address of the repository; without that field in package.json they are left out.
 */
async function withPictures(markdown) {
    const { repository } = JSON.parse(await readFile("package.json", "utf8"));
    if (repository === undefined) {
        return markdown.replace(/^!\[[^\]]*\]\(media\/[^)]*\)\n/gm, "").replace(/\n{3,}/g, "\n\n");
    }
    const address = repository.url.replace(/^git\+|\.git$/g, "");
    return markdown.replaceAll("](media/", `](${address}/raw/HEAD/clients/vscode/media/`);
}

/** The licence texts of the packages that the inputs come from. */
async function licences(inputs) {
    const folders = inputs.map((input) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(input)?.[0]);
    const texts = [...new Set(folders.filter(Boolean))].sort().map(async (folder) => {
        const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
        return `${name} ${version} (${license})\n\n${await licence(folder)}`;
    });
    return (await Promise.all(texts)).join(`\n${"-".repeat(72)}\n\n`);
}

async function licence(folder) {
    const files = await readdir(folder);
    const name = files.find((file) => /^licen[cs]e.*\.?(md|txt)?$/i.test(file));
    if (name === undefined) {
        throw new Error(`${folder} has no licence file`);
    }
    return readFile(`${folder}/${name}`, "utf8");
}
