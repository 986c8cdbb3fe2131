import { print } from "graphql";
import { expect, expectTypeOf, test } from "vitest";
import type { JobContext } from "../../src/sdk/define-job.ts";
import {
  FollowLogDocument,
  type FollowLogSubscription,
  type JobsQuery,
  type RunQuery,
  JobsDocument,
  RunDocument,
  RunJobDocument,
} from "../generated/graphql.ts";
import { openTestApp } from "../support/app.ts";

test("operations that codegen typed work as typed", async () => {
  const { client } = await openTestApp({
    "a.ts": `export const A = defineJob({ name: "A", enabled: true, run: ({ logger }) => { logger.warning("careful"); return [1]; } });`,
  });
  const { jobs } = await client.query(JobsDocument, {});
  expect(jobs?.map((job) => [job.class_path, job.enabled])).toEqual([["a.A", true]]);

  const { run_job } = await client.query(RunJobDocument, { class_path: "a.A", data: {} });
  const lines: FollowLogSubscription["job_log_entries"] = [];
  const events = client.ws.iterate<FollowLogSubscription>({
    query: print(FollowLogDocument),
    variables: { job_result_id: run_job.id },
  });
  for await (const { data } of events) lines.push(...data!.job_log_entries);
  expect(lines.map(({ sequence, log_level, message }) => [sequence, log_level, message])).toEqual([[1, "WARNING", "careful"]]);

  const { job_result } = await client.query(RunDocument, { id: run_job.id });
  expect(job_result).toEqual({ id: run_job.id, status: "SUCCESS", result: [1], job_model: { name: "A" } });
});

test("a job is given the data that its typed document says, for the variables that it asks for", () => {
  const job = ({ graphql }: Pick<JobContext, "graphql">) => {
    expectTypeOf(graphql(JobsDocument)).resolves.toEqualTypeOf<JobsQuery>();
    expectTypeOf(graphql(RunDocument, { id: "a" })).resolves.toEqualTypeOf<RunQuery>();
    // @ts-expect-error -- the variable is an id
    void graphql(RunDocument, { id: 7 });
    expectTypeOf(graphql("{ jobs { id } }")).resolves.toEqualTypeOf<Record<string, unknown>>();
    expectTypeOf(graphql<{ n: number }>("{ n }", { any: "thing" })).resolves.toEqualTypeOf<{ n: number }>();
  };
  expectTypeOf(job).toBeFunction();
});
