// Bundles the extension into out/extension.js, with the licences of what goes into it.
import { readFile, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const minify = process.argv.includes("--minify");

const { metafile } = await build({
    entryPoints: ["src/extension.ts"],
    outfile: "out/extension.js",
    bundle: true,
    platform: "node",
    format: "cjs",
    // Node of the oldest VS Code that `engines` allows.
    target: "node20",
    external: ["vscode"],
    minify,
    sourcemap: !minify,
    metafile: true,
    logLevel: "warning",
});
const own = await readFile("../../LICENSE", "utf8");
const others = await licences(Object.keys(metafile.inputs));
await writeFile("out/LICENSES.txt", `Homebody\n\n${own}\n${"-".repeat(72)}\n\n${others}`);

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
    for (const name of ["LICENSE", "LICENSE.md", "License.txt"]) {
        const text = await readFile(`${folder}/${name}`, "utf8").catch(() => undefined);
        if (text !== undefined) {
            return text;
        }
    }
    throw new Error(`${folder} has no licence file`);
}
