import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { getIntrospectionQuery, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { defaultTabs } from "../../graphiql/default-tabs.ts";
import { loadConfig } from "../../src/config.ts";
import { AppError } from "../../src/errors.ts";
import { checkStructure, parseWithin, type StructureLimits } from "../../src/schema/price/structure.ts";
import { KEY, openTestApp } from "../support/app.ts";
import { post } from "../support/client.ts";
import { countSteps } from "../support/count-steps.ts";
import { ASKING_JOB, waysOf } from "../support/ways.ts";

const DEFAULTS = loadConfig({});
const repeat = (count: number, make: (n: number) => string) => Array.from({ length: count }, (_, n) => make(n)).join(" ");

/** For each limit: documents that reach exactly a number, each in another way. */
const FAMILIES: Record<keyof StructureLimits, ((count: number) => string)[]> = {
  maxQueryTokens: [
    // The beginning and the end are counted by the parser as well, but not by clients.
    (count) => `{ ${repeat(count - 2, () => "id")} }`,
    (count) => `{ jobs(name: [${repeat(count - 9, () => '"x"')}]) }`,
  ],
  maxQueryDepth: [
    (count) => `${"{ job ".repeat(count - 1)} { id } ${"}".repeat(count - 1)}`,
    (count) =>
      `{ ...F0 } ${repeat(count - 1, (n) => `fragment F${n} on T { a { ...F${n + 1} } }`)} fragment F${count - 1} on T { id }`,
    (count) => `{ a(b: ${"[".repeat(count - 1)}${"]".repeat(count - 1)}) }`,
    (count) => `{ a @b(c: ${"{ d: ".repeat(count - 1)}1${" }".repeat(count - 1)}) }`,
    (count) => `query ($a: T = ${"[".repeat(count)}${"]".repeat(count)}) { id }`,
  ],
  maxQueryAliases: [
    (count) => `{ ${repeat(count, (n) => `a${n}: id`)} }`,
    (count) => `{ ${repeat(count, () => "...F")} } fragment F on T { a: id }`,
    (count) => `{ id } fragment Unused on T { ${repeat(count, (n) => `a${n}: id`)} }`,
  ],
  maxQueryDirectives: [
    (count) => `{ ${repeat(count, () => "id @a")} }`,
    (count) => `{ id ${"@a ".repeat(count)} }`,
    (count) => `query Q($b: T ${"@a ".repeat(count - 3)}) @a { ...F @a } fragment F on T @a { id }`,
  ],
  maxQueryFields: [
    (count) => `{ ${repeat(count, () => "id")} }`,
    (count) => `{ ${repeat(count / 2, () => "...F")} } fragment F on T { id }`,
    (count) => `{ ${repeat(count / 2, () => "... { id }")} }`,
    (count) => `{ id } fragment Unused on T { ${repeat(count - 1, () => "id")} }`,
    (count) => `query A { ${repeat(count / 2, () => "id")} } query B { ${repeat(count / 2, () => "id")} }`,
  ],
};
const SETTINGS: Record<keyof StructureLimits, string> = {
  maxQueryTokens: "MAX_QUERY_TOKENS",
  maxQueryDepth: "MAX_QUERY_DEPTH",
  maxQueryAliases: "MAX_QUERY_ALIASES",
  maxQueryDirectives: "MAX_QUERY_DIRECTIVES",
  maxQueryFields: "MAX_QUERY_FIELDS",
};
const cases = (Object.keys(FAMILIES) as (keyof StructureLimits)[]).flatMap((limit) =>
  FAMILIES[limit].map((make, n) => ({ limit, n, make })),
);

describe("the limits' edges", () => {
  test.for(cases)("$limit, document $n: exactly the limit passes, one more is refused", ({ limit, make }) => {
    const text = make(20);
    parseWithin(text, { ...DEFAULTS, [limit]: 20 });
    const found = limit === "maxQueryTokens" ? "more than 19 tokens" : "20 ";
    expect(() => parseWithin(text, { ...DEFAULTS, [limit]: 19 })).toThrow(
      expect.objectContaining({
        code: "LIMIT_EXCEEDED",
        message: expect.stringMatching(new RegExp(`has ${found}.*; ${SETTINGS[limit]} allows 19\\.`)),
      }),
    );
  });

  test("a document that nests deeper than the stack is refused, whatever is allowed", () => {
    const limits = { ...DEFAULTS, maxQueryTokens: 1e7, maxQueryDepth: 1e7, maxQueryFields: 1e7 };
    const chain = `{ ...F0 } ${repeat(100_000, (n) => `fragment F${n} on T { ...F${n + 1} }`)}`;
    for (const text of [`${"{a".repeat(1e5)}${"}".repeat(1e5)}`, `{ a(b: ${"[".repeat(1e5)}${"]".repeat(1e5)}) }`, chain])
      expect(() => parseWithin(text, limits)).toThrow(AppError);
  });
});

test("counting takes a step for each selection that is written, whatever it expands to, cycles too", () => {
  const documents = fc
    .array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 60 })
    .map((spreads) =>
      [
        "{ ...F0 }",
        ...spreads.map(
          (to, n) => `fragment F${n} on T { a ${to.map((drawn) => `b { ...F${drawn % spreads.length} }`).join(" ")} }`,
        ),
      ].join(" "),
    );
  const limits = { ...DEFAULTS, maxQueryDepth: 1e9, maxQueryFields: Number.MAX_SAFE_INTEGER };
  fc.assert(
    fc.property(documents, (text) => {
      const document = parse(text);
      const steps = countSteps(document);
      checkStructure(document, limits);
      expect(steps.taken).toBe(steps.size);
    }),
  );
});

const HOSTILE: Record<string, [string, keyof StructureLimits]> = {
  "fragments that double": [
    `{ jobs { ...F0 } } ${repeat(25, (n) => `fragment F${n} on JobType { ...F${n + 1} ...F${n + 1} }`)} fragment F25 on JobType { id }`,
    "maxQueryFields",
  ],
  "many aliases": [`{ ${repeat(500, (n) => `a${n}: job_results(limit: 10000) { id }`)} }`, "maxQueryAliases"],
  "the same field over and over": [`{ jobs { ${"id ".repeat(9000)} } }`, "maxQueryFields"],
  "many directives": [`{ jobs { id ${"@include(if: true) ".repeat(900)} } }`, "maxQueryDirectives"],
  "many tokens": [`{ jobs(name: [${'"x" '.repeat(20_000)}]) { id } }`, "maxQueryTokens"],
  "deep fields": [`${"{ jobs { job_results { job_model ".repeat(300)} { id } ${"} } }".repeat(300)}`, "maxQueryDepth"],
  "a deep value": [`{ jobs(name: ${"[".repeat(4000)}${"]".repeat(4000)}) { id } }`, "maxQueryDepth"],
};

describe("over every transport", () => {
  test("what is too large is refused before anything else looks at it", async () => {
    const app = await openTestApp(ASKING_JOB);
    for (const [way, ask] of Object.entries(waysOf(app))) {
      for (const [what, [query, limit]] of Object.entries(HOSTILE)) {
        // A URL has a limit of its own.
        if (way.endsWith("GET") && encodeURIComponent(query).length > 12_000) continue;
        const { errors } = await ask({ query });
        expect([way, what, errors]).toMatchObject([
          way,
          what,
          [
            {
              message: expect.stringContaining(`${SETTINGS[limit]} allows ${DEFAULTS[limit]}.`),
              extensions: { code: "LIMIT_EXCEEDED" },
            },
          ],
        ]);
      }
      expect([way, await ask({ query: "{ __typename }" })]).toEqual([way, { data: { __typename: "Query" } }]);
    }
  });

  test("a batch is refused, and a document that is known by its hash has passed the limits", async () => {
    const { url } = await openTestApp({});
    const [query] = HOSTILE["many aliases"]!;
    const batch = await post(
      url,
      KEY,
      Array.from({ length: 3 }, () => ({ query })),
    );
    expect(batch.status).toBe(400);
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") } };
    expect((await post(url, KEY, { query, extensions })).body.errors[0].extensions.code).toBe("LIMIT_EXCEEDED");
    expect((await post(url, KEY, { extensions })).body.errors[0].extensions.code).toBe("PERSISTED_QUERY_NOT_FOUND");
  });
});

test("what people and tools send passes with room", async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), "utf8");
  const blocks = [...(await read("README.md")).matchAll(/```graphql\n([^]*?)```/g)].map((match) => match[1]!);
  const texts = [
    getIntrospectionQuery(),
    getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }),
    await read("src/client/documents.graphql"),
    await read("test/documents/jobs.graphql"),
    ...defaultTabs!.map(({ query }) => query ?? ""),
    ...blocks,
  ];
  const half = Object.fromEntries(Object.keys(SETTINGS).map((limit) => [limit, DEFAULTS[limit as keyof StructureLimits] / 1.5]));
  for (const text of texts) expect(parseWithin(text, half as unknown as StructureLimits)).toHaveProperty("definitions");
});
