import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, inject, test } from "vitest";

const lock = JSON.parse(await readFile("package-lock.json", "utf8")) as { packages: Record<string, Record<string, unknown>> };

test("the lock file names no registry", () => {
  expect(Object.keys(lock.packages).filter((name) => "resolved" in lock.packages[name]!)).toEqual([]);
});

test("a machine without a compiler can install: npm 10 knows only from here that better-sqlite3 brings its binaries", () => {
  // npm forgets the line whenever it writes the file, as it does when a package is added: put `"gypfile": false` back into the entry.
  expect(lock.packages["node_modules/better-sqlite3"]).toMatchObject({ gypfile: false });
});

test("an install leaves the lock file as it is", async () => {
  const folder = await mkdtemp(join(inject("scratch"), "install-"));
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) await cp(file, join(folder, file));
  const options = ["--package-lock-only", "--ignore-scripts", "--offline"];
  const { stdout, stderr } = await promisify(execFile)("npm", ["install", ...options], { cwd: folder });
  expect(await readFile(join(folder, "package-lock.json"), "utf8")).toBe(await readFile("package-lock.json", "utf8"));
  // Nor does it warn of packages that ask for another Node than npm runs on: they run on the one that is installed.
  expect(stdout + stderr).not.toContain("warn");
});
