import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FILES, type Miniature, openMiniature } from "../support/machines/miniature.ts";

const SECOND = `export const WORD = "second";\n`;
const CHANGES: Record<string, (it: Miniature) => Promise<unknown>> = {
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
  "a removed build": (it) => it.remove("dist"),
  "a changed page": (it) => it.write("graphiql/main.ts", `console.log("second");\n`),
};

test.for(Object.keys(CHANGES))("after %s the build equals a new one", async (change) => {
  const it = await openMiniature();
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

test("an unchanged part is not built again, the code not for the page and the page not for the code", async () => {
  const it = await openMiniature();
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
