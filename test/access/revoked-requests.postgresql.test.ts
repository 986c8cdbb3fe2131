import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { openTestApp } from "../support/app.ts";
import { createTestClock } from "../support/clock.ts";
import { answerOver, TRANSPORTS } from "../support/transports.ts";

test.for(TRANSPORTS)("a request over %s that is under way ends within 5 s of the end of its key", async (transport) => {
  const clock = createTestClock();
  const app = await openTestApp({}, {}, clock);
  const { create_token } = (await app.client.query(`mutation { create_token { id key } }`)) as any;
  const blocker = new Client({ connectionString: app.config.databaseUrl });
  await blocker.connect();
  onTestFinished(() => blocker.end());
  await blocker.query("begin; lock table tag in access exclusive mode");
  const answered = answerOver(transport, app.url, { authorization: `Token ${create_token.key}` }, "{ tags { name } }");
  await expect
    .poll(async () => (await blocker.query("select 1 from pg_locks where not granted and relation = 'tag'::regclass")).rowCount)
    .toBe(1);
  await clock.waitedFor(2000);
  await app.client.query(`mutation ($id: ID!) { delete_token(id: $id) { id } }`, { id: create_token.id });
  clock.advance(5000);
  const { status, errors, closed } = await answered;
  if (closed) expect(closed.code).toBe(4403);
  else expect([errors![0]!.extensions.code, status === undefined || status === 401]).toEqual(["UNAUTHENTICATED", true]);
  await blocker.query("rollback");
});
