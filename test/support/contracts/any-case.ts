import fc from "fast-check";
import { RE2JS } from "re2js";
import { expect } from "vitest";
import { openTestApp } from "../app.ts";
import { databaseOf, storeRun } from "../rows.ts";

const LETTERS = [
  "k",
  "K",
  "\u212a",
  "s",
  "\u017f",
  "ß",
  "ẞ",
  "é",
  "É",
  "e\u0301",
  "σ",
  "ς",
  "Σ",
  "İ",
  "ı",
  "ǆ",
  "ǅ",
  "я",
  "Я",
  "𐐀",
  "𐐨",
  "日",
  "%",
  "_",
  "\\",
  "\n",
  " ",
];

/** The meaning of each lookup, as a pattern of RE2. */
const PATTERNS: Readonly<Record<string, (quoted: string) => string>> = {
  ic: (quoted) => quoted,
  isw: (quoted) => `^(?:${quoted})`,
  iew: (quoted) => `(?:${quoted})$`,
  ie: (quoted) => `^(?:${quoted})$`,
};

/** Holds for every database: filters in any case agree with each other, with regular expressions and with live ones. */
export async function agreesInAnyCase(config: { databaseUrl?: string } = {}): Promise<void> {
  const app = await openTestApp(
    { "a.ts": `export const A = defineJob({ name: "ÉCOLE", taskQueues: ["Straẞe"], run() {} });` },
    config,
  );
  const database = await databaseOf(app);
  const text = fc.string({ unit: fc.constantFrom(...LETTERS), maxLength: 5 });
  const messages = ["", "École", "ÉCOLE", "E\u0301cole", "STRASSE", ...fc.sample(text, { numRuns: 80, seed: 3 })];
  const run = await storeRun(
    database,
    {},
    messages.map((message) => ({ message })),
  );
  const found = async (filter: string, given: unknown) => {
    const type = filter === "q" ? "String" : "[String]";
    const { job_log_entries } = await app.client.query(
      `query ($run: [String], $given: ${type}) { job_log_entries(job_result: $run, ${filter}: $given, sort: ["sequence"]) { message } }`,
      { run, given },
    );
    return job_log_entries.map(({ message }: { message: string }) => message);
  };
  const live = async (q: string) => {
    const query = `subscription ($run: ID!, $q: String) { job_log_entries(job_result_id: $run, after_sequence: 0, q: $q) { message } }`;
    const lines: string[] = [];
    for await (const { data } of app.client.ws.iterate<any>({ query, variables: { run, q } }))
      lines.push(...data.job_log_entries.map(({ message }: { message: string }) => message));
    return lines;
  };
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...Object.keys(PATTERNS)),
      // An empty text filters nothing, with any lookup.
      fc.array(
        text.filter((value) => value !== ""),
        { minLength: 1, maxLength: 3 },
      ),
      async (lookup, values) => {
        const patterns = values.map((value) => `(?i)${PATTERNS[lookup]!(RE2JS.quote(value))}`);
        const wanted = messages.filter((message) => patterns.some((pattern) => RE2JS.compile(pattern).test(message)));
        expect(await found(`message__${lookup}`, values)).toEqual(wanted);
        expect(await found(`message__n${lookup}`, values)).toEqual(messages.filter((message) => !wanted.includes(message)));
        expect(await found("message__re", patterns)).toEqual(wanted);
        if (lookup !== "ic") return;
        const [first] = values as [string];
        const one = messages.filter((message) => RE2JS.compile(patterns[0]!).test(message));
        expect(await found("q", first)).toEqual(one);
        expect(await live(first)).toEqual(one);
      },
    ),
    { numRuns: 60 },
  );
  for (const filter of [
    `name__ie: "école"`,
    `name__ic: "COL"`,
    `q: "école"`,
    `job_queues__ie: "STRAßE"`,
    `job_queues__iew: "ẞe"`,
  ])
    expect((await app.client.query(`{ jobs(${filter}) { name } }`)).jobs).toEqual([{ name: "ÉCOLE" }]);
}
