import { sql } from "kysely";
import { expect, test } from "vitest";
import { KEY, openTestApp, writeJobs } from "../support/app.ts";
import { send } from "../support/http.ts";
import { databaseOf } from "../support/rows.ts";
import { type Answer, answerOver, TRANSPORTS } from "../support/transports.ts";

/** Traces of a stack, a statement, a file or a driver. */
const INNER =
  /\bat .*:\d+|\.(?:ts|js):\d|node_modules|\/src\/|\/dist\/|SQLITE|sqlite|postgres|\bpg\b|select .* from|insert into|no such|does not exist|relation "|constraint|column "|kysely|mikro/i;

/** All that errors say, but for their places in the document. */
const told = (errors: Answer["errors"] = []) => JSON.stringify(errors.map(({ message, extensions }) => [message, extensions]));

const headers = { authorization: `Token ${KEY}` };

test.for(TRANSPORTS)("over %s, a fault of the server is told by its id alone", async (transport) => {
  const app = await openTestApp({});
  const { rows } = await databaseOf(app);
  await sql`drop table ${sql.table("note")}`.execute(rows);
  for (const operation of [
    `{ notes { id } }`,
    `mutation { delete_note(id: "01a20d41-bf32-73c7-86b0-37568f855895") { id } }`,
    `{ notes_connection { total_count } }`,
  ]) {
    const { errors } = await answerOver(transport, app.url, headers, operation);
    expect(errors![0]).toMatchObject({
      message: expect.stringMatching(/^Internal server error\. Its id in the server's log is [\w-]+\.$/),
      extensions: { code: "INTERNAL_SERVER_ERROR" },
    });
    expect(told(errors)).not.toMatch(INNER);
    const id = (errors![0]!.extensions as { id?: string }).id;
    expect(app.logged.filter((line) => line["id"] === id)).toHaveLength(1);
  }
});

test.for(TRANSPORTS)("over %s, errors of a caller's values say nothing of the inside", async (transport) => {
  const app = await openTestApp({});
  for (const operation of [
    `{ tags(name__re: "(") { id } }`,
    `{ tags(name__re: "a{1001}") { id } }`,
    `{ tag(id: "x") { id } }`,
    `{ jobs(limit: -1) { id } }`,
    `mutation { create_tag(data: { name: "" }) { id } }`,
    `mutation { update_user(id: "x", data: { username: "y" }) { id } }`,
    `mutation { run_job(class_path: "no.Job") { id } }`,
    `{ nothing }`,
    `{`,
  ]) {
    const { errors } = await answerOver(transport, app.url, headers, operation);
    expect(told(errors)).not.toMatch(INNER);
  }
});

test("a fault while a user authenticates is told by its id alone, on every path", async () => {
  const app = await openTestApp({});
  const { rows } = await databaseOf(app);
  for (const table of ["user_session", "token"]) await sql`drop table ${sql.table(table)}`.execute(rows);
  const cookie = { cookie: `jobgraph-session=${"x".repeat(43)}` };
  for (const transport of TRANSPORTS)
    for (const given of [headers, cookie]) {
      const { status, errors, closed } = await answerOver(transport, app.url, given, "{ me { id } }");
      if (closed) expect([closed.code, closed.reason]).toEqual([4500, expect.stringMatching(/^Internal server error\./)]);
      else expect([status, errors![0]!.extensions.code]).toEqual([500, "INTERNAL_SERVER_ERROR"]);
      expect(JSON.stringify([errors, closed])).not.toMatch(INNER);
    }
  const requests = [
    send(`${app.url}/auth/session`, { headers: cookie }),
    send(`${app.url}/auth/sign-out`, { method: "POST", headers: cookie, body: {} }),
    send(`${app.url}/auth/sign-in`, { method: "POST", headers: cookie, body: "{" }),
    send(`${app.url}/auth/sign-in`, { method: "POST", body: [] }),
    send(`${app.url}/api/extras/file-proxies/01a20d41-bf32-73c7-86b0-37568f855895/download/`, { headers }),
    send(`${app.url}/nowhere/..%2f..%2fetc`),
    send(`${app.url}/graphiql/..%2f..%2fpackage.json`),
  ];
  for (const { status, text } of await Promise.all(requests)) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(INNER);
  }
});

test("a fault of a sign-in is told by its id alone", async () => {
  const app = await openTestApp({});
  await app.client.query(`mutation { create_user(data: { username: "ada", password: "correct horse battery" }) { id } }`);
  const { rows } = await databaseOf(app);
  await sql`drop table ${sql.table("user_session")}`.execute(rows);
  const { status, body, text } = await send(`${app.url}/auth/sign-in`, {
    method: "POST",
    body: { username: "ada", password: "correct horse battery" },
  });
  expect([status, body.errors[0].extensions.code]).toEqual([500, "INTERNAL_SERVER_ERROR"]);
  expect(text).not.toMatch(INNER);
});

test("a job file that does not load is told by its name, without the folders of the server", async () => {
  const job = `export const Asks = defineJob({ name: "Asks", enabled: true, variables: z.object({ n: z.int() }), run() {} });`;
  const app = await openTestApp({ "asks.ts": job });
  await writeJobs({ "asks.ts": `import "/srv/hidden/away/lib.ts";\n${job}` }, app.config.jobsRoot);
  const { message, extensions } = await app.client.refused(
    `mutation { run_job(class_path: "asks.Asks", data: { n: 1 }) { id } }`,
  );
  expect(extensions.code).toBe("JOB_NOT_INSTALLED");
  expect(message).toContain("lib.ts");
  expect(message).not.toMatch(/hidden|jobs-\d|\/tmp/);
});
