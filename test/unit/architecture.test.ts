import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/** Which rooms of `src/` a room may enter; `X` alone stands for its files, `X!` for its `index.ts` only. */
const ROOMS: Record<string, readonly string[]> = {
  "main.ts": ["hide-secrets.ts", "start.ts"],
  "start.ts": ["app.ts", "collect-garbage.ts", "config.ts", "errors.ts", "hide-secrets.ts", "stop-on-signals.ts"],
  "hide-secrets.ts": ["secret-settings.ts"],
  "secret-settings.ts": [],
  "stop-on-signals.ts": [],
  "jobs-user.ts": [],
  "collect-garbage.ts": [],
  "app.ts": ["access", "config.ts", "entities", "errors.ts", "runner", "schema"],
  "config.ts": ["errors.ts", "jobs-user.ts", "sanitizer-patterns.ts", "secret-settings.ts"],
  "sanitizer-patterns.ts": [],
  "errors.ts": [],
  "cut-text.ts": [],
  "turns.ts": [],
  client: [],
  cli: ["access", "app.ts", "client!", "config.ts", "entities", "errors.ts", "schema"],
  schema: ["access", "changes!", "cut-text.ts", "entities", "errors.ts", "runner!", "turns.ts"],
  access: ["entities", "errors.ts"],
  runner: ["changes!", "cut-text.ts", "entities", "errors.ts", "jobs-user.ts", "sanitizer-patterns.ts", "turns.ts"],
  changes: ["cut-text.ts", "entities", "errors.ts", "sanitizer-patterns.ts"],
  entities: ["cut-text.ts", "errors.ts"],
};

/** Packages that only these files or folders may import. */
const PACKAGES: Record<string, readonly string[]> = {
  "@mikro-orm/sqlite": ["entities/databases/"],
  "@mikro-orm/postgresql": ["entities/databases/"],
  "better-sqlite3": ["entities/databases/"],
  pg: ["entities/databases/"],
  "@apollo/server": ["schema/server.ts"],
  ws: ["schema/live/"],
  "graphql-ws": ["schema/live/"],
  "graphql-subscriptions": ["runner/notifier.ts"],
  "minijinja-js": ["runner/templates/"],
  croner: ["entities/schedule.ts"],
  cronstrue: ["entities/schedule-words.ts"],
  "csv-parse": ["runner/transfer/"],
  "csv-stringify": ["runner/transfer/"],
  re2js: ["entities/databases/", "entities/pattern.ts"],
  yaml: ["runner/transfer/"],
  "node:worker_threads": ["entities/databases/", "runner/sandbox/", "runner/templates/"],
};

const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

test("rooms enter only the rooms they may, and packages stay in their rooms", async () => {
  const wrong: string[] = [];
  for await (const file of glob("**/*.ts", { cwd: "src" })) {
    const room = file.split("/")[0]!;
    for (const [, specifier] of (await readFile(join("src", file), "utf8")).matchAll(IMPORT)) {
      if (specifier!.startsWith(".")) {
        const target = join(dirname(file), specifier!);
        const entered = target.split("/")[0]!;
        const allowed = ROOMS[room] ?? [];
        const byDoor = target === `${entered}/index.ts` && allowed.includes(`${entered}!`);
        if (entered !== room && !allowed.includes(entered) && !byDoor) wrong.push(`${file} imports ${target}`);
      } else {
        const name = Object.keys(PACKAGES).find((key) => specifier === key || specifier!.startsWith(`${key}/`));
        if (name && !PACKAGES[name]!.some((place) => file.startsWith(place))) wrong.push(`${file} imports ${specifier}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("only what a person starts reads the environment", async () => {
  const readers: string[] = [];
  for await (const file of glob("**/*.ts", { cwd: "src" })) {
    if ((await readFile(join("src", file), "utf8")).includes("process.env")) readers.push(file);
  }
  expect(readers.filter((file) => !["main.ts", "start.ts"].includes(file) && !/^cli\/[^/]+$/.test(file))).toEqual([]);
});
