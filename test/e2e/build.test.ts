import { execFile } from "node:child_process";
import { cp, glob, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { scratchFolder } from "./process.ts";

const run = promisify(execFile);
const FILES: Record<string, string> = {
  "src/main.ts": `export { WORD } from "./word.ts";\n`,
  "src/word.ts": `export const WORD = "first";\n`,
  "src/runner/sandbox/inside/entry.ts": `import { WORD } from "../../../word.ts";\nconsole.log(WORD);\n`,
  "graphiql/index.html": `<!doctype html><title>first</title><script type="module" src="./main.ts"></script>\n`,
  "graphiql/main.ts": `console.log("first");\n`,
};

/** A project in miniature, which is built by the script and the settings of this one. */
async function project() {
  const folder = await scratchFolder();
  const at = (path: string) => join(folder, path);
  const write = async (path: string, text: string) => {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  };
  for (const path of ["scripts/build.ts", "package.json", "tsconfig.json", "tsconfig.build.json", "graphiql/vite.config.ts"])
    await cp(path, at(path));
  await symlink(resolve("node_modules"), at("node_modules"));
  for (const [path, text] of Object.entries(FILES)) await write(path, text);
  return {
    write,
    remove: (path: string) => rm(at(path), { recursive: true }),
    age: (path: string) => utimes(at(path), 0, 0),
    build: (...options: string[]) => run(process.execPath, ["scripts/build.ts", ...options], { cwd: folder }),
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
type Project = Awaited<ReturnType<typeof project>>;

const SECOND = `export const WORD = "second";\n`;
const CHANGES: Record<string, (it: Project) => Promise<unknown>> = {
  "a changed source": (it) => it.write("src/word.ts", SECOND),
  "a source that an older one took the place of": async (it) => {
    await it.write("src/word.ts", SECOND);
    await it.age("src/word.ts");
  },
  "a new source": (it) => it.write("src/cli/new.ts", SECOND),
  "a removed source": async (it) => {
    await it.write("src/main.ts", "export {};\n");
    await it.write("src/runner/sandbox/inside/entry.ts", "console.log(1);\n");
    await it.remove("src/word.ts");
  },
  "other settings of the compiler": async (it) =>
    it.write(
      "tsconfig.build.json",
      (await readFile("tsconfig.build.json", "utf8")).replace(`"sourceMap": true`, `"sourceMap": false`),
    ),
  "what the compiler alone has written of a source that is as before": async (it) => {
    await it.write("src/word.ts", SECOND);
    await it.compile();
    await it.write("src/word.ts", FILES["src/word.ts"]!);
  },
  "a build that ended with an error": async (it) => {
    await it.write("src/word.ts", `${SECOND}export const wrong: number = "text";\n`);
    await expect(it.build()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining("src/word.ts") });
    await expect(it.build()).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining("src/word.ts") });
    await it.write("src/word.ts", FILES["src/word.ts"]!);
  },
  "files that a watching compiler was stopped among": async (it) => {
    await it.build("--forget");
    await it.write("dist/word.js", SECOND);
  },
  "a removed build": (it) => it.remove("dist"),
  "a changed page": (it) => it.write("graphiql/main.ts", `console.log("second");\n`),
};

test.for(Object.keys(CHANGES))("after %s the build is what a new one would be", async (change) => {
  const it = await project();
  await it.build();
  await CHANGES[change]!(it);
  await it.build();
  const built = await it.built();
  expect(Object.keys(built)).toEqual(
    expect.arrayContaining(["dist/main.js", "dist/sandbox/entry.js", "dist/graphiql/index.html"]),
  );
  await it.remove("dist");
  await it.build();
  expect(built).toEqual(await it.built());
});

test("what has not changed is not built again, the code not for the page and the page not for the code", async () => {
  const it = await project();
  await it.build();
  const first = await it.times();
  await it.age("src/word.ts");
  await it.build();
  expect(await it.times()).toEqual(first);

  const changed = async () => {
    const before = await it.times();
    return async () => Object.entries(await it.times()).flatMap(([path, time]) => (before[path] === time ? [] : [path]));
  };
  const byPage = await changed();
  await it.write("graphiql/main.ts", `console.log("second");\n`);
  await it.build();
  expect((await byPage()).filter((path) => !path.startsWith("dist/graphiql"))).toEqual([]);
  const byCode = await changed();
  await it.write("src/word.ts", SECOND);
  await it.build();
  expect((await byCode()).filter((path) => path.startsWith("dist/graphiql"))).toEqual([]);
  expect(await byCode()).toContain("dist/word.js");
});
