import { execFile } from "node:child_process";
import { cp, glob, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { scratchFolder } from "./process.ts";

const run = promisify(execFile);
/** Sources of the project in miniature. */
export const FILES: Record<string, string> = {
  "src/main.ts": `export { WORD } from "./word.ts";\n`,
  "src/word.ts": `export const WORD = "first";\n`,
  "src/runner/sandbox/inside/entry.ts": `import { WORD } from "../../../word.ts";\nconsole.log(WORD);\n`,
  "graphiql/index.html": `<!doctype html><title>first</title><script type="module" src="./main.ts"></script>\n`,
  "graphiql/main.ts": `console.log("first");\n`,
};

/** A project in miniature, which is built by the script and the settings of this one. */
export async function openMiniature() {
  const folder = await scratchFolder();
  const at = (path: string) => join(folder, path);
  const write = async (path: string, text: string) => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  };
  for (const path of ["scripts", "package.json", "tsconfig.json", "tsconfig.build.json", "graphiql/vite.config.ts"])
    await cp(path, at(path), { recursive: true });
  await symlink(resolve("node_modules"), at("node_modules"));
  for (const [path, text] of Object.entries(FILES)) await write(path, text);
  return {
    folder,
    write,
    remove: (path: string) => rm(at(path), { recursive: true }),
    age: (path: string) => utimes(at(path), 0, 0),
    build: () => run(process.execPath, ["scripts/build.ts"], { cwd: folder }),
    compile: () => run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { cwd: folder }),
    /** All that is run or sent to a browser. */
    async built(): Promise<Record<string, string>> {
      const files: Record<string, string> = {};
      for await (const path of glob("dist/**/*.{js,html}", { cwd: folder })) files[path] = await readFile(at(path), "utf8");
      return files;
    },
    async times(): Promise<Record<string, number>> {
      const times: Record<string, number> = {};
      for await (const path of glob("dist/**/*", { cwd: folder })) times[path] = (await stat(at(path))).mtimeMs;
      return times;
    },
  };
}
/** A project in a folder that is gone after the test. */
export type Miniature = Awaited<ReturnType<typeof openMiniature>>;
