import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openProxy } from "../support/machines/proxy.ts";
import { spellings } from "../support/machines/spellings.ts";
import { scratchFolder, type ServerProcess, startServer } from "../support/machines/process.ts";

const KEY = "given-key-0123456789";
const JOBS = `import { existsSync } from "node:fs";
import { defineJob, z } from "jobgraph";
export const Ends = defineJob({ name: "Ends", enabled: true, supportsDryrun: true, variables: z.object({ well: z.boolean() }),
  run({ logger, data, dryRun }) { logger.info(dryRun ? "dry" : "wet"); if (!data.well) throw new Error("on purpose"); return { well: data.well }; } });
export const Tries = defineJob({ name: "Tries", enabled: true, retry: { limit: 12, backoff: 0.2 }, run({ logger }) {
  logger.info("tried"); if (!existsSync(new URL("enough", import.meta.url))) throw new Error("on purpose"); } });
export const Waits = defineJob({ name: "Waits", enabled: true, async run({ logger, signal }) {
  logger.info("waiting"); await new Promise((end) => { signal.addEventListener("abort", end); setTimeout(end, 60_000); }); } });
`;

/** A program that talks to a server. */
interface Program {
  process: ChildProcess;
  out(): string;
  err(): string;
  /** Resolves once it has printed so, on either stream. */
  printed(text: string): Promise<void>;
  exit: Promise<number>;
}

function start(args: string[], env: Record<string, string> = {}): Program {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env["PATH"], JOBGRAPH_TOKEN: KEY, ...env } as NodeJS.ProcessEnv,
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  return {
    process: child,
    out: () => out,
    err: () => err,
    async printed(text) {
      while (!(out + err).includes(text)) {
        if (child.exitCode !== null) throw new Error(`It ended, and printed:\n${out}${err}`);
        await Promise.race([once(child.stdout, "data"), once(child.stderr, "data"), once(child, "exit")]);
      }
    },
    exit: once(child, "close").then(([code]) => code as number),
  };
}

const job = (server: { url: string }, ...args: string[]) =>
  start([resolve("dist/cli/job.js"), ...args], { JOBGRAPH_URL: server.url });

async function serve(more: Record<string, string> = {}): Promise<{ server: ServerProcess; env: Record<string, string> }> {
  const folder = await scratchFolder();
  await mkdir(join(folder, "jobs"));
  await writeFile(join(folder, "jobs", "own.ts"), JOBS);
  const env = { DATABASE_URL: `sqlite:${folder}/jobgraph.db`, JOBS_ROOT: join(folder, "jobs"), ADMIN_TOKEN: KEY, ...more };
  return { server: await startServer(env), env };
}

test("the command line runs a job, prints its lines, and exits with how it ended", async () => {
  const { server } = await serve();
  const well = job(server, "run", "own.Ends", "--data", `{"well": true}`, "--dry-run");
  expect(await well.exit).toBe(0);
  expect(well.out()).toMatch(/^INFO {5}\d{4}-\d\d-\d\dT[\d:.]+Z dry\nSUCCESS {"well":true}\n$/);
  const id = /^Ends: (\S+)\n$/.exec(well.err())![1]!;

  const again = job(server, "follow", id, "--after", "1");
  expect(await again.exit).toBe(0);
  expect(again.out()).toBe(`SUCCESS {"well":true}\n`);

  const badly = job(server, "run", "own.Ends", "--data", `{"well": false}`);
  expect(await badly.exit).toBe(1);
  expect(badly.out()).toMatch(/^FAILURE Error: on purpose\n$/m);

  const canceled = job(server, "run", "own.Waits");
  await canceled.printed("waiting");
  await server.client.query(`mutation { cancel_job_results(status: "STARTED") { outcomes { canceled } } }`);
  expect(await canceled.exit).toBe(2);
});

test("the command line finds a server however its URL is written", async () => {
  const { server } = await serve();
  const programs = spellings(server.url).map((url) => job({ url }, "run", "own.Ends", "--data", `{"well": true}`));
  for (const { exit, err } of programs)
    expect({ code: await exit, said: err() }).toEqual({ code: 0, said: expect.stringMatching(/^Ends: /) });
});

test("the command line names the error, and exits with 3", async () => {
  const { server } = await serve();
  const missing = server.url.replace("http://", "");
  for (const [program, sentence] of [
    [job(server), "Say what to do: run or follow."],
    [job(server, "run", "own.Ends", "--data", "{"), "--data is not JSON"],
    [job(server, "run"), "Give one CLASS_PATH, and not 0."],
    [job(server, "run", "own.Ends", "--loud"), "Unknown option '--loud'"],
    [job(server, "follow", "x", "--after", "-1"), "--after"],
    [job(server, "run", "own.Nothing"), "own.Nothing"],
    [job(server, "run", "own.Ends"), `The inputs of the job "Ends" are not valid. data.well`],
    [job(server, "follow", "01a20d41-bf32-73c7-86b0-37568f855895"), "There is no job result with id"],
    [job({ url: "http://127.0.0.1:1" }, "run", "own.Ends"), /^The server cannot be reached: .+\.\n$/],
    [job({ url: "ws://localhost:9/graphql" }, "run", "own.Ends"), /^The server cannot be reached: .+\.\n$/],
    [job({ url: server.url.replace("http", "https") }, "run", "own.Ends"), /^The server cannot be reached: .+\.\n$/],
    [
      job({ url: `${server.url}/nowhere` }, "run", "own.Ends"),
      /^http:.* answers with HTTP 404: Nothing is served at \/nowhere\.\n$/,
    ],
    [job({ url: missing }, "run", "own.Ends"), /^JOBGRAPH_URL: ".*" is not the URL of a server, such as .*\.\n$/],
    [start([resolve("dist/cli/job.js"), "run", "own.Ends"], { JOBGRAPH_TOKEN: "" }), "Set JOBGRAPH_TOKEN"],
    [
      start([resolve("dist/cli/job.js"), "run", "own.Ends"], { JOBGRAPH_URL: server.url, JOBGRAPH_TOKEN: "x" }),
      "The key is unknown",
    ],
  ] as const) {
    const exitCode = await program.exit;
    expect({ exitCode, printed: program.err() }).toEqual({ exitCode: 3, printed: expect.stringMatching(sentence) });
  }
});

test("the command line goes on when the server has been restarted", async () => {
  const { server, env } = await serve();
  const proxy = await openProxy(server.url);
  const program = job(proxy, "run", "own.Tries");
  await program.printed("tried");
  await server.stop();
  await writeFile(join(env["JOBS_ROOT"]!, "enough"), "");
  proxy.leadTo((await startServer(env)).url);
  expect(await program.exit).toBe(0);
  expect(program.err()).toContain("The WebSocket was closed with 1001. The server is stopping. Trying again.\n");
  // Each attempt says so once: before the restart, and after it.
  expect(program.out().match(/Z tried$/gm)!.length).toBeGreaterThan(1);
});

test("Ctrl-C stops the command line, and the run goes on", async () => {
  const { server } = await serve();
  const program = job(server, "run", "own.Waits");
  await program.printed("waiting");
  program.process.kill("SIGINT");
  expect(await program.exit).toBe(130);
  const id = /^Waits: (\S+)\n/.exec(program.err())![1]!;
  expect(program.err()).toContain(`No longer following; the run goes on: npm run job -- follow ${id}\n`);
  const { job_result } = await server.client.query(`query ($id: ID!) { job_result(id: $id) { status } }`, { id });
  expect(job_result.status).toBe("STARTED");
});

test.each(["undefined", "null"])(
  "a process ends by itself once it has stopped following, with WebSocket: %s",
  async (socketClass) => {
    const { server } = await serve();
    const { run_job } = await server.client.query(`mutation { run_job(class_path: "own.Waits") { id } }`);
    const program = start([
      "--input-type=module",
      "--eval",
      `import { createClient } from "jobgraph/client";
     const stop = new AbortController();
     const client = createClient({ url: "${server.url}", token: "${KEY}", WebSocket: ${socketClass} });
     const onLine = ({ message }) => { console.log(message); setTimeout(() => stop.abort(), 50); };
     await client.follow("${run_job.id}", { onLine, signal: stop.signal }).catch((error) => console.log(error.name));
     process.on("exit", () => console.log("exit after " + Math.round(performance.now() - stopped) + " ms"));
     const stopped = performance.now();`,
    ]);
    expect(await program.exit).toBe(0);
    expect(program.out()).toMatch(/^waiting\nAbortError\nexit after \d+ ms\n$/);
    // Any timer of the client that was left would be longer.
    expect(Number(/after (\d+)/.exec(program.out())![1])).toBeLessThan(2000);
  },
);
