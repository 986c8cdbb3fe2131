import { execFile } from "node:child_process";
import { createServer } from "node:net";
import { once } from "node:events";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder, startServer } from "../support/machines/process.ts";
import { spellings } from "../support/machines/spellings.ts";

const KEY = "given-key-0123456789";

/** Runs the example as a user does. Returns its output and its exit code. */
function follow(env: Record<string, string>, ...words: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((settle) => {
    execFile(process.execPath, ["examples/follow.mjs", ...words], { env }, (error, stdout, stderr) =>
      settle({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}
const refused = (sentence: string) => ({ code: 1, stdout: "", stderr: expect.stringMatching(`^${sentence}.*\n$`) });

test("the example prints a run's log, and one sentence where it cannot", async () => {
  const folder = await scratchFolder();
  const server = await startServer({
    DATABASE_URL: `sqlite:${folder}/jobgraph.db`,
    JOBS_ROOT: resolve("jobs"),
    ADMIN_TOKEN: KEY,
  });
  const env = { KEY, JOBGRAPH_URL: server.url };
  for (const JOBGRAPH_URL of spellings(server.url))
    expect(await follow({ KEY, JOBGRAPH_URL }, "hello_jobs.HelloJobs", '{"name": "Ada"}')).toEqual({
      code: 0,
      stdout: `1 INFO Greeting Ada\n2 DEBUG A\n3 DEBUG d\n4 DEBUG a\n5 SUCCESS Hello, Ada!\nSUCCESS {"greeting":"Hello, Ada!"}\n`,
      stderr: "",
    });
  expect(await follow(env, "verify_hostname_pattern.VerifyHostnamePattern", '{"site": "nowhere"}')).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^FAILURE Error: There is no site "nowhere"; .*\n$/),
    stderr: "",
  });
  const usage = "KEY=… node examples/follow.mjs CLASS_PATH";
  expect(await follow({ ...env, KEY: "" }, "hello_jobs.HelloJobs")).toEqual(refused(usage));
  expect(await follow(env)).toEqual(refused(usage));
  expect(await follow({ ...env, KEY: "wrong" }, "hello_jobs.HelloJobs")).toEqual(refused("ws:.* closed with 4403 "));
  expect(await follow(env, "hello_jobs.Nobody")).toEqual(refused("There is no job"));
  expect(await follow(env, "hello_jobs.HelloJobs", '{"name": 5}')).toEqual(refused("The inputs of the job"));
  expect(await follow(env, "hello_jobs.HelloJobs", "{name}")).toEqual(refused("Expected property name"));

  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as { port: number };
  free.close();
  const at = (JOBGRAPH_URL: string) => follow({ KEY, JOBGRAPH_URL }, "hello_jobs.HelloJobs");
  for (const url of spellings(`http://127.0.0.1:${port}`))
    expect(await at(url)).toEqual(refused("ws://127.0.0.1:.* cannot be reached: connect ECONNREFUSED"));
  expect(await at(`http://localhost:${port}`)).toEqual(refused("ws://localhost:.* cannot be reached: connect ECONNREFUSED"));
  expect(await at(server.url.replace("http", "https"))).toEqual(refused("wss:.* cannot be reached: "));
  expect(await at(`${server.url}/nowhere`)).toEqual(refused("ws:.*/nowhere cannot be reached: Unexpected server response: 404"));
  expect(await at("127.0.0.1:4000")).toEqual(refused('JOBGRAPH_URL: "127.0.0.1:4000" is not the URL of a server'));
});
