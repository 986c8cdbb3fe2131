import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";

const lock = JSON.parse(await readFile("package-lock.json", "utf8")) as { packages: Record<string, Record<string, unknown>> };

test("the lock file names no registry", () => {
  expect(Object.keys(lock.packages).filter((name) => "resolved" in lock.packages[name]!)).toEqual([]);
});

test("a machine without a compiler can install: npm 10 knows only from here that better-sqlite3 brings its binaries", () => {
  // npm forgets the line whenever it writes the file: put `"gypfile": false` back into the entry.
  expect(lock.packages["node_modules/better-sqlite3"]).toMatchObject({ gypfile: false });
});
