import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openTestApp, type TestApp } from "../../support/app.ts";
import { HAS_REDIS, openRedis } from "../../support/machines/own-redis.ts";

const JOBS = {
  "own.ts": `export const Waits = defineJob({ name: "Waits", enabled: true, async run({ logger, signal }) {
    logger.info("begun");
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    logger.info("told");
  } });`,
};

/** Two servers on one database. */
async function two(redisUrl?: string): Promise<{ here: TestApp; there: TestApp }> {
  const here = await openTestApp(JOBS, { redisUrl });
  const { databaseUrl, jobsRoot } = here.config;
  return { here, there: await openTestApp({}, { databaseUrl, jobsRoot, redisUrl }) };
}

const CHANGE = `mutation ($id: ID!, $text: String!) { update_job(id: $id, data: { description: $text }) { id } }`;

/** Changes the job, again and again, until somebody is told: a feed tells nothing of the time before it was open. */
async function changeUntil<T>({ client }: TestApp, told: Promise<T>): Promise<T> {
  const { jobs } = await client.query(`{ jobs { id } }`);
  let isTold = false;
  void told.then(() => (isTold = true));
  for (let n = 0; !isTold; n++) await client.query(CHANGE, { id: jobs![0]!.id, text: `text ${n}` });
  return told;
}

const events = ({ client }: TestApp, query: string, variables = {}) => client.ws.iterate<any>({ query, variables });

test.each(["PostgreSQL", ...(HAS_REDIS ? ["Redis"] : [])])(
  "over %s, a server follows the runs of another, and cancels them",
  async (way) => {
    const { here, there } = await two(way === "Redis" ? (await openRedis()).url : undefined);
    const feed = events(there, `subscription { job_results { id status } }`);
    const jobs = events(there, `subscription { jobs { name description } }`);
    const firstRun = feed.next();
    const { value } = await changeUntil(here, jobs.next());
    expect(value).toMatchObject({ data: { jobs: [{ name: "Waits" }] } });

    const { run_job: run } = await here.client.query(`mutation { run_job(class_path: "own.Waits") { id } }`);
    expect((await firstRun).value.data.job_results).toMatchObject([{ id: run!.id }]);
    await there.client.followLog(run!.id, {
      limit: 2,
      onLines: (lines) => {
        if (lines.some(({ message }) => message === "begun"))
          void there.client.query(`mutation ($id: ID!) { cancel_job_result(id: $id) { id } }`, { id: run!.id });
      },
    });
    const statuses: string[] = [];
    for await (const { data } of feed) {
      statuses.push(data.job_results[0].status);
      if (statuses.at(-1) === "REVOKED") break;
    }
    expect(statuses).toContain("REVOKED");
  },
);

test("a feed of a server that was cut off ends with a sentence, and can be opened again", async () => {
  const { here, there } = await two();
  const observer = new Client(here.config.databaseUrl);
  await observer.connect();
  onTestFinished(() => observer.end());
  const feed = events(there, `subscription { jobs { name } }`);
  await changeUntil(here, feed.next());
  await observer.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'jobgraph channel'",
  );
  let told: any;
  for await (const event of feed) if ((told = event).errors) break;
  expect(told.errors[0]).toMatchObject({
    message: "The server was cut off from others, and may have missed changes: subscribe again.",
    extensions: { code: "UNAVAILABLE" },
  });
  const again = await changeUntil(here, events(there, `subscription { jobs { name } }`).next());
  expect(again.value).toMatchObject({ data: { jobs: [{ name: "Waits" }] } });
});
