import fc from "fast-check";
import { expect, test } from "vitest";
import { openTestApp } from "../../support/app.ts";
import { databaseOf, storeRun } from "../../support/rows.ts";

const PAGE = `edges { cursor node { id } } nodes { id name } page_info { has_next_page has_previous_page start_cursor end_cursor } total_count`;

test("pages from either end, of any size and in any order, put together are the list", async () => {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  // Ties and missing values in every sort key.
  for (let n = 0; n < 23; n++) {
    await storeRun(database, {
      name: `run ${n % 3}`,
      dateDone: n % 4 === 0 ? null : new Date(Date.UTC(2026, 0, 1 + (n % 5))),
      status: n % 2 ? "SUCCESS" : "FAILURE",
    });
  }
  const keys = ["name", "-name", "date_done", "-date_done", "status", "-date_created", "job_model", "id"];
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 3, selector: (key) => key.replace("-", "") }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (sort, size, backward) => {
        const order = sort.length > 0 ? { sort } : {};
        const { job_results } = await app.client.query(`query ($sort: [String!]) { job_results(sort: $sort) { id } }`, order);
        const pages: { id: string }[][] = [];
        let cursor: string | null = null;
        for (;;) {
          const variables: object = { ...order, size, cursor };
          const args = backward ? "last: $size, before: $cursor" : "first: $size, after: $cursor";
          const { page }: { page: any } = await app.client.query(
            `query ($sort: [String!], $size: Int, $cursor: String) { page: job_results_connection(sort: $sort, ${args}) { ${PAGE} } }`,
            variables,
          );
          expect(page.total_count).toBe(23);
          expect(page.edges.map((edge: any) => edge.node.id)).toEqual(page.nodes.map((node: any) => node.id));
          expect(page.page_info).toMatchObject({
            start_cursor: page.edges[0].cursor,
            end_cursor: page.edges.at(-1).cursor,
            [backward ? "has_next_page" : "has_previous_page"]: cursor !== null,
          });
          if (backward) pages.unshift(page.nodes);
          else pages.push(page.nodes);
          cursor = backward ? page.page_info.start_cursor : page.page_info.end_cursor;
          if (!page.page_info[backward ? "has_previous_page" : "has_next_page"]) break;
        }
        expect(pages.flat().map((node) => node.id)).toEqual(job_results.map((run) => run.id));
      },
    ),
    { numRuns: 40 },
  );
});

test("a page stays where it was when objects come and go", async () => {
  const app = await openTestApp({});
  const database = await databaseOf(app);
  for (const name of ["a", "c", "e", "g"]) await storeRun(database, { name });
  const read = async (after?: string) =>
    (
      await app.client.query(
        `query ($after: String) { page: job_results_connection(sort: ["name"], first: 2, after: $after) { nodes { name } page_info { end_cursor } } }`,
        { after },
      )
    ).page;
  const first = await read();
  await storeRun(database, { name: "b" });
  await storeRun(database, { name: "d" });
  await database.rows.deleteFrom("job_result").where("name", "=", "c").execute();
  const second = await read(first.page_info.end_cursor);
  expect([...first.nodes, ...second.nodes].map((run) => run.name)).toEqual(["a", "c", "d", "e"]);
});

test("connections nest, filter and count for each parent", async () => {
  const app = await openTestApp({ "a.ts": `export const A = defineJob({ name: "A", taskQueues: ["q1", "q2"], run() {} });` });
  const database = await databaseOf(app);
  const { jobs } = await app.client.query(`{ jobs { id } }`);
  for (const status of ["SUCCESS", "FAILURE", "SUCCESS"] as const) {
    await storeRun(database, { jobModel: jobs[0]!.id, status }, [{ message: "1" }, { message: "2" }, { message: "3" }]);
  }
  const answer = await app.client.query(`{ jobs { job_results_connection(status: "SUCCESS", first: 1) { total_count
    nodes { status job_log_entries_connection(last: 2) { total_count nodes { message } page_info { has_previous_page } } } }
    job_queues_connection(first: 1) { total_count nodes { name } page_info { has_next_page } } } }`);
  expect(answer.jobs).toEqual([
    {
      job_results_connection: {
        total_count: 2,
        nodes: [
          {
            status: "SUCCESS",
            job_log_entries_connection: {
              total_count: 3,
              nodes: [{ message: "2" }, { message: "3" }],
              page_info: { has_previous_page: true },
            },
          },
        ],
      },
      job_queues_connection: { total_count: 2, nodes: [{ name: "q1" }], page_info: { has_next_page: true } },
    },
  ]);
  const empty = await app.client.query(`{ job_results_connection(status: "REVOKED") { ${PAGE} } }`);
  expect(empty.job_results_connection).toEqual({
    edges: [],
    nodes: [],
    total_count: 0,
    page_info: { has_next_page: false, has_previous_page: false, start_cursor: null, end_cursor: null },
  });
});

test.for([
  [`first: 1, last: 1`, "last"],
  [`first: -1`, "first"],
  [`last: 10001`, "last"],
  [`after: "nonsense"`, "after"],
  [`before: "${Buffer.from(JSON.stringify(["name,id", ["a", "b"]])).toString("base64url")}"`, "before"],
  [`before: "${Buffer.from(JSON.stringify(["-date_created,-id", [{}, "b"]])).toString("base64url")}"`, "before"],
] as const)("job_results_connection(%s) is refused by the argument's name", async ([args, field]) => {
  const { client } = await openTestApp({});
  expect(await client.refused(`{ job_results_connection(${args}) { total_count } }`)).toMatchObject({
    extensions: { code: "BAD_USER_INPUT", details: [{ field }] },
  });
});
