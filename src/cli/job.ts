import { createClient, UrlError } from "../client/index.ts";
import { StartError } from "../errors.ts";
import { followRun } from "./job/follow-run.ts";
import { type JobCommand, readCommand, USAGE } from "./job/options.ts";

/** Milliseconds that a server may be away while a run is followed. */
const GIVE_UP_MS = 300_000;

// `npm run job` runs a job, or follows a run, on a server that may be anywhere.
async function job(command: JobCommand): Promise<number> {
  const { JOBGRAPH_URL: url, JOBGRAPH_TOKEN: token } = process.env;
  if (!token) throw new StartError("Set JOBGRAPH_TOKEN to the key of a user.");
  const client = createClient({ url: url || "http://127.0.0.1:4000", token, retry: { giveUpMs: GIVE_UP_MS } });
  const stop = new AbortController();
  // The second one finds nobody listening and ends the process.
  process.once("SIGINT", () => stop.abort());
  return followRun(client, command, stop.signal, {
    run: (text) => void process.stdout.write(text),
    us: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
  });
}

try {
  const command = readCommand(process.argv.slice(2));
  if (command) {
    const code = await job(command);
    // Not by itself: a link that is dead at its other end would keep the process until the operating system has noticed.
    process.stdout.write("", () => process.exit(code));
  } else console.log(USAGE);
} catch (error) {
  if (error instanceof UrlError) console.error(`JOBGRAPH_URL: ${error.message}`);
  else console.error(error instanceof StartError ? error.message : error);
  process.exitCode = 3;
}
