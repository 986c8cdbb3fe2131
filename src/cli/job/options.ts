import { parseArgs } from "node:util";
import type { RunOptions } from "../../client/index.ts";
import { StartError } from "../../errors.ts";

/** The command to execute. */
export type JobCommand =
  | { act: "run"; classPath: string; data: unknown; options: RunOptions }
  | { act: "follow"; jobResultId: string; after: number };

/** Help text, printed on request and after wrong arguments. */
export const USAGE = `npm run job -- run CLASS_PATH [--data JSON] [--dry-run] [--queue NAME] [--console-log] [--ignore-singleton-lock] [--idempotency-key TEXT]
npm run job -- follow ID [--after N]

Runs a job, or takes up a run that was made before, and prints the lines of its log as they come, then how it ended. Lines go on where they were when the
connection is cut or the server restarted. Ctrl-C stops following, not the run.

  --data                   inputs of the job, as JSON
  --dry-run                change nothing; --no-dry-run for the opposite of a job's default
  --queue                  queue to wait in; the job's default when absent
  --console-log            keep what the run prints; --no-console-log for the opposite of a job's default
  --ignore-singleton-lock  run a singleton although a run of it is under way
  --idempotency-key        the same request under the same key is the same run, however often it is sent
  --after                  leave out lines up to this one

JOBGRAPH_URL says where the server is, with http, https, ws or wss and with or without /graphql, http://127.0.0.1:4000 when it is not set;
JOBGRAPH_TOKEN is the key.
Exit codes: 0 success, 1 failure, 2 canceled, 3 not understood, refused or not reached, 130 stopped by Ctrl-C.`;

const OPTIONS = {
  run: {
    data: { type: "string" },
    "dry-run": { type: "boolean" },
    queue: { type: "string" },
    "console-log": { type: "boolean" },
    "ignore-singleton-lock": { type: "boolean" },
    "idempotency-key": { type: "string" },
    help: { type: "boolean" },
  },
  follow: { after: { type: "string" }, help: { type: "boolean" } },
} as const;

/**
 * Reads a command line; undefined when it asks for help.
 * @throws {@link StartError} for an unknown or invalid argument.
 */
export function readCommand([act, ...args]: readonly string[]): JobCommand | undefined {
  if (act === "run") return readRun(args);
  if (act === "follow") return readFollow(args);
  if (act === "--help") return undefined;
  throw new StartError(`${act === undefined ? "Say what to do" : `"${act}" is not known`}: run or follow.\n\n${USAGE}`);
}

function readRun(args: string[]): JobCommand | undefined {
  const { values, positionals } = parse(() =>
    parseArgs({ args, options: OPTIONS.run, allowPositionals: true, allowNegative: true }),
  );
  if (values.help) return undefined;
  const options = {
    dryrun: values["dry-run"],
    console_log: values["console-log"],
    job_queue: values.queue,
    ignore_singleton_lock: values["ignore-singleton-lock"],
    // An absent key must not take the place of the client's own.
    ...(values["idempotency-key"] !== undefined && { idempotency_key: values["idempotency-key"] }),
  };
  return { act: "run", classPath: only(positionals, "CLASS_PATH"), data: json(values.data), options };
}

function readFollow(args: string[]): JobCommand | undefined {
  const { values, positionals } = parse(() => parseArgs({ args, options: OPTIONS.follow, allowPositionals: true }));
  if (values.help) return undefined;
  const { after = "0" } = values;
  if (!/^\d{1,9}$/.test(after)) throw new StartError(`--after must be the number of a line, and is "${after}".\n\n${USAGE}`);
  return { act: "follow", jobResultId: only(positionals, "ID"), after: Number(after) };
}

function parse<Parsed>(read: () => Parsed): Parsed {
  try {
    return read();
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function only(positionals: readonly string[], name: string): string {
  if (positionals.length === 1) return positionals[0]!;
  throw new StartError(`Give one ${name}, and not ${positionals.length}.\n\n${USAGE}`);
}

function json(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new StartError(`--data is not JSON: ${(error as Error).message}.\n\n${USAGE}`);
  }
}
