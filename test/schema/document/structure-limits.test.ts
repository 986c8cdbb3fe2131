import { createHash } from "node:crypto";
import fc from "fast-check";
import { buildSchema, getIntrospectionQuery, OverlappingFieldsCanBeMergedRule, parse, validate } from "graphql";
import { describe, expect, test } from "vitest";
import { defaultTabs } from "../../../graphiql/default-tabs.ts";
import { loadConfig } from "../../../src/config.ts";
import { AppError } from "../../../src/errors.ts";
import { measureOverlaps } from "../../../src/schema/document/overlaps.ts";
import { validateWithin } from "../../../src/schema/document/validate-within.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { checkStructure, parseWithin, type StructureLimits } from "../../../src/schema/document/structure.ts";
import { KEY, openTestApp } from "../../support/app.ts";
import { post } from "../../support/client.ts";
import { countLooks, countSteps } from "../../support/draws/count-steps.ts";
import { readPage, shownDocuments } from "../../support/pages.ts";
import { ASKING_JOB, waysOf } from "../../support/approvals/ways.ts";

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

  test("a document that nests deeper than the stack is refused, with any limits", () => {
    const limits = { ...DEFAULTS, maxQueryTokens: 1e7, maxQueryDepth: 1e7, maxQueryFields: 1e7 };
    const chain = `{ ...F0 } ${repeat(100_000, (n) => `fragment F${n} on T { ...F${n + 1} }`)}`;
    for (const text of [`${"{a".repeat(1e5)}${"}".repeat(1e5)}`, `{ a(b: ${"[".repeat(1e5)}${"]".repeat(1e5)}) }`, chain])
      expect(() => parseWithin(text, limits)).toThrow(AppError);
  });
});

test("counting takes two steps for each selection that is written, with any expansion, cycles too", () => {
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
      // Once for the sizes, once for the pairs.
      expect(steps.taken).toBe(2 * steps.size);
    }),
  );
});

/** Documents of so many fields that have one name in one object, each in another way. */
const PAIRS: Record<string, (count: number) => string> = {
  "in one set": (count) => `{ ${"jobs { id } ".repeat(count)} }`,
  "with arguments alone": (count) => `{ ${"user(id: 1) ".repeat(count)} }`,
  "under another name": (count) => `{ ${"jobs: queues { id } ".repeat(count)} }`,
  "in inline fragments": (count) =>
    `{ ... { ${"jobs { id } ".repeat(count / 2)} } ... on Query { ${"jobs { id } ".repeat(count / 2)} } }`,
  "in a fragment": (count) => `{ ...F } fragment F on Query { ${"jobs { id } ".repeat(count)} }`,
  "in a fragment that nobody spreads": (count) => `{ id } fragment F on Query { ${"jobs { id } ".repeat(count)} }`,
  "in two fragments": (count) =>
    `{ ...F ...G } fragment F on Query { ${"jobs { id } ".repeat(count / 2)} } fragment G on Query { ${"jobs { id } ".repeat(count / 2)} }`,
  "in a fragment that has another": (count) =>
    `{ ...F } fragment F on Query { ${"jobs { id } ".repeat(count / 2)} ...G } fragment G on Query { ${"jobs { id } ".repeat(count / 2)} }`,
  "in parents of one name": (count) =>
    `{ jobs { ${"job_model { id } ".repeat(count / 2)} } jobs { ${"job_model { id } ".repeat(count / 2)} } }`,
  "in parents of one name in fragments": (count) =>
    `{ jobs { ...F } ...G } fragment F on Job { ${"job_model { id } ".repeat(count / 2)} } fragment G on Query { jobs { ${"job_model { id } ".repeat(count / 2)} } }`,
  "as fragments": (count) => `{ ${repeat(count, (n) => `...F${n}`)} } ${repeat(count, (n) => `fragment F${n} on Query { id }`)}`,
  "as fragments that are not there": (count) => `{ ${repeat(count, (n) => `...F${n}`)} }`,
  "as fragments in each other": (count) =>
    `{ ...F1 } ${repeat(count - 1, (n) => `fragment F${n + 1} on Query { id ...F${n + 2} }`)} fragment F${count} on Query { id }`,
};
const limitsOf = (maxQueryFields: number) => ({ ...DEFAULTS, maxQueryFields, maxQueryTokens: 1e6, maxQueryAliases: 1e6 });

test.for(Object.entries(PAIRS))("fields that validation has to compare in pairs have a limit: %s", ([, make]) => {
  // 600 allow 30,000 pairs: of 245 fields there are 29,890.
  expect(parseWithin(make(244), limitsOf(600))).toHaveProperty("document.definitions");
  expect(() => parseWithin(make(250), limitsOf(600))).toThrow(
    expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      message: expect.stringMatching(/has 3[01]\d{3} pairs of fields or fragments .*; MAX_QUERY_FIELDS allows 30000\.$/),
    }),
  );
});

test("fields of one name are no pairs where nothing merges them, nor where they are compared in no time", () => {
  for (const text of [
    `{ ${repeat(250, (n) => `a${n}: jobs { id }`)} }`,
    `{ ${repeat(250, (n) => `a${n}: jobs { job_model { id } }`)} }`,
    `{ jobs { ${"id ".repeat(590)} } }`,
    repeat(250, (n) => `query Q${n} { jobs { id } }`),
    // As generated clients have them: each component its fragment, with the same fields.
    `{ jobs { ${repeat(50, (n) => `...F${n}`)} } } ${repeat(50, (n) => `fragment F${n} on Job { id name job_queues { id } latest_result { id user { id } } }`)}`,
  ])
    expect(parseWithin(text, limitsOf(800))).toHaveProperty("document.definitions");
});

describe("the work of validation", () => {
  const schema = buildSchema("type Query { a: Query b: Query leaf(x: Int): Int id: ID }");
  const FRAGMENTS = 4;
  const draw = (depth: number): fc.Arbitrary<string> => {
    const kinds = ["...F", "leaf(x: 1)", "id", ...(depth > 0 ? ["a", "b", "..."] : [])];
    const inner = depth > 0 ? draw(depth - 1) : fc.constant("id");
    return fc
      .array(fc.tuple(fc.constantFrom(...kinds), inner, fc.nat(FRAGMENTS), fc.integer({ min: 1, max: 4 })), {
        minLength: 1,
        maxLength: 4,
      })
      .map((drawn) =>
        drawn
          .map(([kind, body, n, times]) => {
            const text = kind === "...F" ? `...F${n} ` : /^(a|b|\.\.\.)$/.test(kind) ? `${kind} { ${body} } ` : `${kind} `;
            return text.repeat(times);
          })
          .join(""),
      );
  };
  const documents = fc
    .tuple(draw(3), fc.array(draw(2), { minLength: FRAGMENTS, maxLength: FRAGMENTS }))
    .map(
      ([operation, fragments]) =>
        `{ ${operation} } ${fragments.map((body, n) => `fragment F${n} on Query { ${body} }`).join(" ")}`,
    );

  test("is about as many pairs as are counted at most, with cycles of fragments, and fragments that are not there", () => {
    let most = 0;
    fc.assert(
      fc.property(documents, (text) => {
        const document = parse(text);
        const { pairs } = measureOverlaps(document);
        const steps = countLooks(document);
        validate(schema, document, [OverlappingFieldsCanBeMergedRule]);
        // Each compared pair is two looks; a walk over the document takes a few at each field. Of 15,000 documents the worst took 1.9 times the count, by
        // cycles of fragments: three times is well above, and far below what grows with the expansion.
        expect(steps.taken).toBeLessThanOrEqual(2 * 3 * pairs + 6 * steps.size);
        most = Math.max(most, steps.taken / steps.size);
      }),
      { numRuns: 300 },
    );
    // Not because nothing is compared.
    expect(most).toBeGreaterThan(30);
  });
});

/** Documents within the limits of which graphql-js makes too much work, each in another way: the name that most of their fields have, and how many. */
const TOO_ALIKE: Record<string, [query: string, name: string, times: number]> = {
  "the same leaf just too often": [`{ jobs { ${"id ".repeat(708)} } }`, "id", 708],
  "the same leaf as often as fields may be": [`{ jobs { ${"id ".repeat(999)} } }`, "id", 999],
  "one that every object has": [`{ ${"__typename ".repeat(708)} }`, "__typename", 708],
  "another name": [`{ jobs { ${"same: id ".repeat(200)} ${"same ".repeat(600)} } }`, "same", 800],
  "one that is not there": [`{ jobs { ${"nothing ".repeat(708)} } }`, "nothing", 708],
  "after another error": [`{ nothing jobs { ${"id ".repeat(708)} } }`, "id", 708],
  "in inline fragments": [`{ jobs { ${"... on JobType { id id id id } ".repeat(190)} } }`, "id", 760],
  "in fragments": [
    `{ jobs { ${repeat(9, (n) => `...F${n}`)} } } ${repeat(9, (n) => `fragment F${n} on JobType { ${"id ".repeat(90)} }`)}`,
    "id",
    810,
  ],
  "in parents of one name": [`{ ${`jobs { ${"id ".repeat(80)} } `.repeat(9)} }`, "id", 720],
  "with many arguments": [
    `{ ${`job_log_entries(limit: 1, offset: 1, sort: "a", q: "x", log_level: "info", grouping: "a", message: "m") { id } `.repeat(300)} }`,
    "job_log_entries",
    300,
  ],
};

describe("a document that validation gives up", () => {
  const schema = createSchema();
  const refused = ([, name, times]: (typeof TOO_ALIKE)[string]) =>
    expect.objectContaining({
      code: "LIMIT_EXCEEDED",
      message: `The document has "${name}" ${times} times in one object, and validation cannot compare all of them with each other. Name each field once in an object, or send parts of the document separately.`,
    });

  test.for(Object.entries(TOO_ALIKE))("is refused with the name that stands too often: %s", ([, hostile]) => {
    expect(() => validateWithin(schema, parseWithin(hostile[0], DEFAULTS).document)).toThrow(refused(hostile));
  });

  test("is the same with any settings", () => {
    const hostile = [`{ ${"jobs { id name } ".repeat(2000)} }`, "jobs", 2000] as const;
    expect(() => validateWithin(schema, parseWithin(hostile[0], limitsOf(1e6)).document)).toThrow(refused([...hostile]));
  });

  test("begins beyond 707 times the same leaf", () => {
    expect(validateWithin(schema, parseWithin(`{ jobs { ${"id ".repeat(707)} } }`, DEFAULTS).document)).toEqual([]);
  });

  test("are the errors beyond a hundred, and the last one says so", () => {
    const errors = (count: number) =>
      validateWithin(schema, parse(`{ ${repeat(count, (n) => `nothing${n}`)} }`)).map(({ message }) => message);
    for (const count of [1, 99, 100]) expect(errors(count)).toHaveLength(count);
    for (const count of [101, 500]) {
      const messages = errors(count);
      expect(messages.slice(0, 100)).toEqual(errors(100));
      expect(messages.slice(100)).toEqual(["The document has more errors than these 100. Correct them to see the others."]);
    }
  });
});

const HOSTILE: Record<string, [query: string, limit: keyof StructureLimits, allowed?: number]> = {
  "fragments that double": [
    `{ jobs { ...F0 } } ${repeat(25, (n) => `fragment F${n} on JobType { ...F${n + 1} ...F${n + 1} }`)} fragment F25 on JobType { id }`,
    "maxQueryFields",
  ],
  "many aliases": [`{ ${repeat(500, (n) => `a${n}: job_results(limit: 10000) { id }`)} }`, "maxQueryAliases"],
  "the same field over and over": [`{ jobs { ${"id ".repeat(9000)} } }`, "maxQueryFields"],
  "one field with fields over and over": [`{ ${"jobs { id } ".repeat(480)} }`, "maxQueryFields", 50_000],
  "fields over and over in each other": [
    `{ ${`jobs { ${"job_model { id } ".repeat(15)} } `.repeat(30)} }`,
    "maxQueryFields",
    50_000,
  ],
  "many directives": [`{ jobs { id ${"@include(if: true) ".repeat(900)} } }`, "maxQueryDirectives"],
  "many tokens": [`{ jobs(name: [${'"x" '.repeat(20_000)}]) { id } }`, "maxQueryTokens"],
  "deep fields": [`${"{ jobs { job_results { job_model ".repeat(300)} { id } ${"} } }".repeat(300)}`, "maxQueryDepth"],
  "a deep value": [`{ jobs(name: ${"[".repeat(4000)}${"]".repeat(4000)}) { id } }`, "maxQueryDepth"],
};

describe("over every transport", () => {
  test("a document that is too large is refused before anything else looks at it", async () => {
    const app = await openTestApp(ASKING_JOB);
    for (const [way, ask] of Object.entries(waysOf(app))) {
      for (const [what, [query, limit, allowed = DEFAULTS[limit]]] of Object.entries(HOSTILE)) {
        // A URL has a limit of its own.
        if (way.endsWith("GET") && encodeURIComponent(query).length > 12_000) continue;
        const { errors } = await ask({ query });
        expect([way, what, errors]).toMatchObject([
          way,
          what,
          [
            {
              message: expect.stringContaining(`${SETTINGS[limit]} allows ${allowed}.`),
              extensions: { code: "LIMIT_EXCEEDED" },
            },
          ],
        ]);
      }
      for (const [query, name, times] of Object.values(TOO_ALIKE).slice(0, 6)) {
        const { errors } = await ask({ query });
        expect([way, errors]).toMatchObject([
          way,
          [{ message: expect.stringContaining(`"${name}" ${times} times`), extensions: { code: "LIMIT_EXCEEDED" } }],
        ]);
      }
      const { errors } = await ask({ query: `{ ${repeat(101, (n) => `nothing${n}`)} }` });
      expect([way, errors?.length, errors?.at(-1)]).toMatchObject([
        way,
        101,
        {
          message: expect.stringContaining("more errors than these 100"),
          extensions: { code: "GRAPHQL_VALIDATION_FAILED" },
        },
      ]);
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

test("documents of people and tools pass with room", async () => {
  const texts = [
    getIntrospectionQuery(),
    getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }),
    await readPage("src/client/documents.graphql"),
    await readPage("test/documents/jobs.graphql"),
    ...defaultTabs!.map(({ query }) => query ?? ""),
    ...(await shownDocuments()),
  ];
  const half = Object.fromEntries(Object.keys(SETTINGS).map((limit) => [limit, DEFAULTS[limit as keyof StructureLimits] / 1.5]));
  for (const text of texts) expect(parseWithin(text, half as unknown as StructureLimits)).toHaveProperty("document.definitions");
});
