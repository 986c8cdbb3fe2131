import { ALL_RIGHTS } from "../../../src/access/rights.ts";
import fc from "fast-check";
import { type GraphQLSchema, parse, validate } from "graphql";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig } from "../../../src/config.ts";
import { openDatabase } from "../../../src/entities/database.ts";
import { createMemoryBroker } from "../../../src/runner/messaging/brokers/memory.ts";
import type { Runner } from "../../../src/runner/index.ts";
import { createFeedFollowers } from "../../../src/runner/live/follow-feed.ts";
import { createNotifier } from "../../../src/runner/messaging/notifier.ts";
import { createContext } from "../../../src/schema/context.ts";
import { listSingleValues } from "../../../src/schema/document/single-values.ts";
import { createExecutor } from "../../../src/schema/execution/execute.ts";
import { createSchema } from "../../../src/schema/index.ts";
import { createStreams } from "../../../src/schema/subscriptions/streams.ts";
import { createCosts } from "../../../src/schema/price/costs.ts";
import { countSteps } from "../../support/draws/count-steps.ts";
import { freshDatabaseUrl } from "../../support/database.ts";

/** Everything that walks over a client's document walks over it a few times, not once for each way that leads to a fragment. */
const MOST_STEPS_A_SELECTION = 60;

const FIELDS = ["id", "name", "class_path", "task_queues", "latest_result { id }", "job_queues { id }"];

/** Fragments on one type, each with fields and spreads of any later ones, in any number: their expansion doubles with each. */
const fragments = fc
  .array(
    fc.record({
      fields: fc.subarray(FIELDS, { minLength: 1 }),
      spreads: fc.array(fc.nat(), { maxLength: 4 }),
      isNested: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  )
  .map((drawn) =>
    drawn.map(({ fields, spreads, isNested }, n) => {
      const later = drawn.length - n - 1;
      // The next one is spread twice by each, so that every chain that is drawn doubles all the way.
      const all = later > 0 ? [1, 1, Math.min(2, later), ...spreads.map((drawnOne) => 1 + (drawnOne % later))] : [];
      const spread = all.map((step) => `...F${n + step}`).join(isNested ? " ... on JobType { id } " : " ");
      return `fragment F${n} on JobType { ${fields.join(" ")} ${spread} }`;
    }),
  );

const OPERATIONS = [
  "query { jobs { ...F0 ...F0 } }",
  "query { jobs { ...F0 } jobs { ...F0 } }",
  "query ($x: Boolean = true) { jobs @include(if: $x) { ...F0 } }",
  "query { jobs_connection(first: 1) { nodes { ...F0 } edges { node { ...F0 } } a: nodes { ...F0 } } }",
  'query { job(id: "01a20d41-bf32-73c7-86b0-37568f855895") { ...F0 } }',
  "query { job_queues { jobs { ...F0 } jobs_connection { edges { node { ...F0 } } } } }",
  "query ($name: String) { jobs(name: $name) { ...F0 } }",
  "subscription { jobs { ...F0 } }",
];

test("work on a document grows with the document, never with the expansion of its fragments", async () => {
  const schema: GraphQLSchema = createSchema();
  const database = await openDatabase(await freshDatabaseUrl());
  onTestFinished(() => database.close());
  const broker = createMemoryBroker(createNotifier());
  onTestFinished(() => broker.close());
  const runner = { followFeed: createFeedFollowers({ broker }) } as unknown as Runner;
  const viewer = {
    id: "01a20d41-bf32-73c7-86b0-37568f855895",
    username: "tester",
    isStaff: true,
    isSuperuser: true,
    rights: ALL_RIGHTS,
  };
  const contextOf = () => createContext({ database, runner, limits: { ...loadConfig({}), maxPageSize: 10_000 } }, viewer);
  const executor = createExecutor(schema);
  const costOf = createCosts(schema, database, { maxPageSize: 10_000, maxQueryCost: Infinity });
  const openStream = createStreams({
    executor,
    priceOf: () => ({ value: 0, limit: { value: 1, of: "" } }),
    contextOf,
    formatError: (error) => error as never,
  });

  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...OPERATIONS), fragments, async (operation, definitions) => {
      const document = parse([operation, ...definitions].join("\n"));
      const steps = countSteps(document);
      listSingleValues(schema, document);
      expect(await costOf({ document })).toBeGreaterThan(0);
      if (operation.startsWith("subscription")) {
        const stream = await openStream({ schema, document, viewer, tellsCost: false });
        expect(stream).toHaveProperty("return");
        if ("return" in stream) await stream.return();
      } else {
        const { errors } = await executor.execute({ schema, document, contextValue: contextOf() });
        expect(errors).toBeUndefined();
      }
      expect(steps.taken).toBeLessThanOrEqual(MOST_STEPS_A_SELECTION * steps.size);
    }),
    { numRuns: 60 },
  );
  expect(validate(schema, parse(`${OPERATIONS[0]!} fragment F0 on JobType { ${FIELDS.join(" ")} }`))).toEqual([]);
});
