import { glob, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

/** A room of `src/`. */
interface Room {
  /** Code that belongs here. */
  holds: string;
  /** Rooms that it may enter, without the rooms in them; `X!` by its `index.ts` only. */
  enters: readonly string[];
}

const ENTITIES = ["entities", "entities/mapping", "entities/models", "entities/times", "errors.ts", "own-limits.ts"];
const RUNS = ["access", "changes!", ...ENTITIES, "cut-text.ts", "sdk"];
const SDK = ["entities", "errors.ts", "sdk"];

/** Rooms from the ground up. A file belongs to the innermost folder that is a room, or is one itself. */
const ROOMS: Readonly<Record<string, Room>> = {
  "main.ts": { holds: "the first lines of the server's process", enters: ["hide-secrets.ts", "start.ts"] },
  "start.ts": {
    holds: "the start and the end of the server's process",
    enters: ["app.ts", "collect-garbage.ts", "config.ts", "errors.ts", "hide-secrets.ts", "stop-on-signals.ts"],
  },
  "hide-secrets.ts": { holds: "secrets and their way out of the environment", enters: ["secret-settings.ts"] },
  "app.ts": {
    holds: "the parts of the server, put together",
    enters: [
      "access",
      "config.ts",
      "entities",
      "errors.ts",
      "runner/index.ts",
      "runner/messaging",
      "runner/sandbox/host",
      "runner/triggers",
      "schema/execution",
      "schema/index.ts",
      "schema/types",
      "server",
    ],
  },
  "config.ts": { holds: "settings", enters: ["errors.ts", "jobs-user.ts", "sanitizer-patterns.ts", "secret-settings.ts"] },
  cli: { holds: "commands", enters: ["access", "client!", "config.ts", ...ENTITIES, "schema/index.ts", "app.ts"] },
  client: { holds: "the client for programs and pages", enters: [] },
  sdk: { holds: "the words that job files are written with", enters: ["entities", "entities/times"] },
  "system-jobs": { holds: "jobs that come with the server; they know no more of it than any job", enters: [] },

  entities: { holds: "the database, and words of its tables", enters: [...ENTITIES, "entities/databases"] },
  "entities/models": { holds: "a class for each table, which is a type of GraphQL as well", enters: ENTITIES },
  "entities/mapping": {
    holds: "the way from a class to its table, its type and its readers",
    enters: [...ENTITIES, "cut-text.ts"],
  },
  "entities/times": { holds: "times and schedules, without rows", enters: ["entities"] },
  "entities/databases": { holds: "SQLite and PostgreSQL", enters: ["entities", "entities/migrations", "errors.ts"] },
  "entities/migrations": { holds: "steps from one release's tables to the next one's", enters: ["entities"] },
  access: { holds: "keys, sessions, and the rights of users", enters: [...ENTITIES, "turns.ts"] },
  changes: {
    holds: "changes that people make, with their rules and their log",
    enters: ["access", ...ENTITIES, "cut-text.ts", "sanitizer-patterns.ts"],
  },

  "runner/index.ts": {
    holds: "the runner's door, and its words",
    enters: [
      "access",
      "changes!",
      ...ENTITIES,
      "runner/approvals",
      "runner/catalog",
      "runner/gate",
      "runner/live",
      "runner/messaging",
      "runner/outputs",
      "runner/runs",
      "runner/sandbox",
      "runner/schedules",
      "runner/secrets",
      "runner/triggers",
      "runner/worker",
      "sanitizer-patterns.ts",
    ],
  },
  "runner/messaging": { holds: "news between processes, and clocks", enters: ["entities"] },
  "runner/live": { holds: "followers of rows", enters: ["entities", "runner/messaging", "errors.ts"] },
  "runner/sandbox": { holds: "the promises of a place where job code runs", enters: [...SDK, "runner/sandbox/redaction"] },
  "runner/sandbox/redaction": { holds: "secrets that are taken out of texts", enters: ["cut-text.ts", "sanitizer-patterns.ts"] },
  "runner/sandbox/wire": {
    holds: "messages between the server and job code",
    enters: [...SDK, "runner/sandbox", "runner/sandbox/redaction"],
  },
  "runner/sandbox/inside": {
    holds: "the side of the job's code",
    enters: [...SDK, "runner/sandbox", "runner/sandbox/redaction", "runner/sandbox/wire", "turns.ts"],
  },
  "runner/sandbox/host": {
    holds: "the server's side of processes and threads that run job code",
    enters: [...SDK, "jobs-user.ts", "runner/sandbox", "runner/sandbox/redaction", "runner/sandbox/wire"],
  },
  "runner/secrets": { holds: "sensitive inputs, and their seal", enters: ["entities", "errors.ts", "runner/sandbox/redaction"] },
  "runner/catalog": { holds: "job files, and the rows of their jobs", enters: [...RUNS, "runner/messaging", "runner/sandbox"] },
  "runner/outputs": {
    holds: "lines, printed texts, progress and files of runs",
    enters: [...RUNS, "runner/messaging", "runner/sandbox"],
  },
  "runner/runs": {
    holds: "the life of a run, from its row to its end",
    enters: [...RUNS, "runner/catalog", "runner/messaging", "runner/outputs", "runner/sandbox", "runner/secrets"],
  },
  "runner/gate": {
    holds: "what decides whether a run may start",
    enters: [...RUNS, "runner/catalog", "runner/runs", "runner/sandbox", "runner/secrets"],
  },
  "runner/approvals": {
    holds: "requests that wait, and decisions on them",
    enters: [...RUNS, "runner/catalog", "runner/gate", "runner/runs", "runner/secrets"],
  },
  "runner/schedules": {
    holds: "schedules and their times",
    enters: [...RUNS, "runner/approvals", "runner/catalog", "runner/gate", "runner/messaging", "runner/runs", "runner/secrets"],
  },
  "runner/triggers": {
    holds: "hooks, buttons and their templates",
    enters: [...RUNS, "runner/gate", "runner/messaging", "runner/runs"],
  },
  "runner/worker": {
    holds: "attempts of claimed runs, and runs that lost their worker",
    enters: [
      ...RUNS,
      "runner/catalog",
      "runner/gate",
      "runner/messaging",
      "runner/outputs",
      "runner/runs",
      "runner/sandbox",
      "runner/secrets",
      "runner/triggers",
      "sanitizer-patterns.ts",
    ],
  },

  "schema/document": { holds: "the text of an operation, and its shape", enters: ["errors.ts", "own-limits.ts"] },
  "schema/reading": {
    holds: "the one way in which rows are read",
    enters: ["access", "changes!", ...ENTITIES, "schema/context.ts", "schema/document", "schema/execution"],
  },
  "schema/execution": { holds: "answers and their limits", enters: [...ENTITIES, "schema/context.ts", "schema/document"] },
  "schema/context.ts": {
    holds: "the things that every resolver is given",
    enters: ["access", "changes!", ...ENTITIES, "runner/index.ts", "schema/execution", "schema/reading"],
  },
  "schema/price": {
    holds: "the cost of an operation, before it begins",
    enters: [...ENTITIES, "schema/context.ts", "schema/document", "schema/execution", "schema/reading"],
  },
  "schema/model": {
    holds: "fields and arguments that every model has",
    enters: ["access", "changes!", ...ENTITIES, "schema/context.ts", "schema/reading"],
  },
  "schema/subscriptions": {
    holds: "operations that go on",
    enters: [
      "access",
      ...ENTITIES,
      "runner/index.ts",
      "schema/context.ts",
      "schema/document",
      "schema/execution",
      "schema/price",
      "schema/reading",
    ],
  },
  "schema/types": {
    holds: "types, resolvers and mutations, a folder for each noun",
    enters: [
      "access",
      "changes!",
      ...ENTITIES,
      "runner/index.ts",
      "schema/context.ts",
      "schema/document",
      "schema/execution",
      "schema/model",
      "schema/price",
      "schema/reading",
      "schema/subscriptions",
    ],
  },
  "schema/index.ts": {
    holds: "the schema as a whole",
    enters: ["schema/execution", "schema/model", "schema/reading", "schema/subscriptions", "schema/types"],
  },
  server: {
    holds: "HTTP, sockets, event streams, downloads; no type of GraphQL",
    enters: [
      "access",
      "changes!",
      "cut-text.ts",
      ...ENTITIES,
      "runner/index.ts",
      "schema/context.ts",
      "schema/document",
      "schema/execution",
      "schema/index.ts",
      "schema/price",
      "schema/reading",
      "schema/subscriptions",
      "schema/types",
      "turns.ts",
    ],
  },
};

/** Packages that only these files or folders may import. */
const PACKAGES: Record<string, readonly string[]> = {
  "@mikro-orm/sqlite": ["entities/databases/"],
  "@mikro-orm/postgresql": ["entities/databases/"],
  "better-sqlite3": ["entities/databases/"],
  pg: ["entities/databases/"],
  "pg-connection-string": ["entities/databases/postgresql/connection.ts"],
  "@redis/client": ["runner/messaging/channels/redis.ts"],
  "@apollo/server": ["server/apollo.ts"],
  "eventsource-parser": ["client/event-stream.ts"],
  ws: ["server/"],
  "graphql-ws": ["client/socket-stream.ts", "server/"],
  jose: ["access/identity/jwt.ts"],
  "openid-client": ["access/identity/oidc.ts"],
  "graphql-subscriptions": ["runner/messaging/notifier.ts"],
  "minijinja-js": ["runner/triggers/templates/"],
  croner: ["entities/times/schedule.ts"],
  cronstrue: ["entities/times/schedule-words.ts"],
  "csv-parse": ["system-jobs/transfer/"],
  "csv-stringify": ["system-jobs/transfer/"],
  re2js: ["entities/databases/", "entities/pattern.ts"],
  yaml: ["system-jobs/transfer/"],
  "node:worker_threads": ["entities/databases/", "runner/sandbox/", "runner/triggers/templates/"],
};

const IMPORT = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

const roomOf = (path: string): string =>
  Object.keys(ROOMS)
    .filter((room) => path === room || path.startsWith(`${room}/`))
    .toSorted((one, other) => other.length - one.length)[0] ?? path;

const isEntered = (entry: string, target: string): boolean =>
  entry.endsWith("!") ? target === `${entry.slice(0, -1)}/index.ts` : roomOf(target) === entry;

test("rooms enter only the rooms they may, and packages stay in their rooms", async () => {
  const wrong: string[] = [];
  for await (const file of glob("**/*.ts", { cwd: "src" })) {
    const room = roomOf(file);
    const { holds, enters } = ROOMS[room] ?? { holds: "nothing but itself", enters: [] };
    for (const [, specifier] of (await readFile(join("src", file), "utf8")).matchAll(IMPORT)) {
      if (specifier!.startsWith(".")) {
        const target = join(dirname(file), specifier!);
        if (roomOf(target) === room || enters.some((entry) => isEntered(entry, target))) continue;
        const where = ROOMS[roomOf(target)]?.holds ?? "its own";
        wrong.push(
          `${file} imports ${target}. ${room} holds ${holds}, and ${roomOf(target)} ${where}: move the code to the one that may enter the other.`,
        );
      } else {
        const name = Object.keys(PACKAGES).find((key) => specifier === key || specifier!.startsWith(`${key}/`));
        if (name && !PACKAGES[name]!.some((place) => file.startsWith(place)))
          wrong.push(`${file} imports ${specifier}: that belongs into ${PACKAGES[name]!.join(" or ")}.`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("no room is entered from one that it enters, but for the context of every resolver", () => {
  const below = (room: string, seen: Set<string> = new Set()): Set<string> => {
    for (const entry of ROOMS[room]?.enters ?? []) {
      const next = entry.replace(/!$/, "");
      if (next === "schema/context.ts" || next.startsWith("entities") || seen.has(next)) continue;
      below(next, seen.add(next));
    }
    return seen;
  };
  expect(Object.keys(ROOMS).filter((room) => below(room).has(room))).toEqual([]);
});

/** The drawing of rooms, as `from --> to`. A node's name is a room's, with `_` for `/` and without `.ts`. */
async function drawnRooms(): Promise<{ nodes: Set<string>; arrows: [string, string][] }> {
  const page = await readFile("docs/architecture.md", "utf8");
  const drawing = /```mermaid\nflowchart([^]*?)```/.exec(page)![1]!;
  const roomNamed = (node: string) => {
    const path = node.replace("_", "/");
    return path in ROOMS ? path : `${path}.ts`;
  };
  const nodes = [...drawing.matchAll(/^ *([\w-]+)\[/gm)].map(([, node]) => roomNamed(node!));
  const arrows = [...drawing.matchAll(/^ *([\w-]+) --> ([\w-]+)$/gm)].map(([, from, to]): [string, string] => [
    roomNamed(from!),
    roomNamed(to!),
  ]);
  return { nodes: new Set(nodes), arrows };
}

test("the drawing has every folder that is a room, and no arrow that is not allowed", async () => {
  const { nodes, arrows } = await drawnRooms();
  const folders = Object.keys(ROOMS).filter((room) => !room.endsWith(".ts") && room !== "entities");
  expect(folders.filter((room) => ![...nodes].some((node) => room === node || room.startsWith(`${node}/`)))).toEqual([]);
  expect([...nodes].filter((node) => !(node in ROOMS))).toEqual([]);
  expect(arrows.length).toBeGreaterThan(30);
  expect(arrows.filter(([from, to]) => !ROOMS[from]!.enters.some((entry) => entry.replace(/!$/, "") === to))).toEqual([]);
});

test("only programs that a person starts read the environment", async () => {
  const readers: string[] = [];
  for await (const file of glob("**/*.ts", { cwd: "src" })) {
    if ((await readFile(join("src", file), "utf8")).includes("process.env")) readers.push(file);
  }
  expect(readers.filter((file) => !["main.ts", "start.ts"].includes(file) && !/^cli\/[^/]+$/.test(file))).toEqual([]);
});
