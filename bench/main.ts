import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DATABASE_KINDS, type DatabaseKind, type DatabaseServer, openDatabaseServer } from "./databases.ts";
import { openBench } from "./open-bench.ts";
import { formatTable } from "./table.ts";
import type { Row } from "./workload.ts";
import { WORKLOADS } from "./workloads/index.ts";

const USAGE = `npm run bench -- [--only NAME,…] [--database NAME,…] [--quick]

  --only      what to measure: ${WORKLOADS.map(({ name }) => name).join(", ")}; everything when absent
  --database  ${DATABASE_KINDS.join(", ")}; when absent, both, without PostgreSQL where it cannot be reached
              (TEST_POSTGRESQL_URL; postgresql://postgres@127.0.0.1:5432/postgres when not set)
  --quick     a few seconds, to see that everything works: the figures are of little worth`;

class UsageError extends Error {}

/** Options of the command line. */
interface Options {
  only: readonly string[];
  databases: readonly DatabaseKind[];
  /** True if a database that cannot be reached may be left out. */
  lenient: boolean;
  quick: boolean;
}

/** @throws UsageError for an unknown option or value. */
function readOptions(): Options | undefined {
  const options = {
    only: { type: "string" },
    database: { type: "string" },
    quick: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return undefined;
  return {
    only: oneOf(
      "only",
      values.only,
      WORKLOADS.map(({ name }) => name),
    ),
    databases: oneOf("database", values.database, DATABASE_KINDS),
    lenient: values.database === undefined,
    quick: values.quick ?? false,
  };
}

function oneOf<T extends string>(flag: string, given: string | undefined, known: readonly T[]): readonly T[] {
  if (given === undefined) return known;
  return given.split(",").map((name) => {
    const found = known.find((one) => one === name);
    if (!found) throw new UsageError(`--${flag}: "${name}" is none of ${known.join(", ")}.`);
    return found;
  });
}

function machine(): string {
  const [cpu] = cpus();
  const memory = `${(totalmem() / 1e9).toFixed(1)} GB`;
  const load = loadavg()[0]!.toFixed(2);
  return `Node ${process.version}, ${availableParallelism()} cores (${cpu?.model.trim()}), ${memory}, ${process.platform}; load before ${load}`;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

async function open(kind: DatabaseKind, scratch: string, lenient: boolean): Promise<DatabaseServer | undefined> {
  try {
    return await openDatabaseServer(kind, scratch);
  } catch (error) {
    if (!lenient || kind === "sqlite") throw error;
    console.log(`\n${kind} is left out: ${(error as Error).message || (error as { code?: string }).code}`);
    return undefined;
  }
}

/** Measures on one kind of database; everything it started is over when it returns, and when `signal` aborts. */
async function measure(kind: DatabaseKind, { only, lenient, quick }: Options, signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), "jobgraph-bench-"));
  stack.defer(() => rm(scratch, { recursive: true, force: true }));
  const databases = await open(kind, scratch, lenient);
  if (!databases) return;
  stack.defer(() => databases.close());

  const work = async () => {
    const bench = await openBench({ databases, scratch, stack, signal, quick });
    const rows: Row[] = [];
    for (const { name, run } of WORKLOADS.filter((workload) => only.includes(workload.name))) {
      progress(`${databases.version}: ${name} …`);
      rows.push(...(await run(bench)));
    }
    progress("");
    console.log(`\n${formatTable(databases.version, rows)}`);
  };
  const working = work();
  // Work that an interrupt cuts short fails for want of a server, which is no news.
  working.catch(() => undefined);
  await Promise.race([working, aborted(signal)]);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
  });
}

const interrupt = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(name, () => interrupt.abort(new Error(`${name}: stopped.`)));

try {
  const options = readOptions();
  if (!options) console.log(USAGE);
  else {
    console.log(machine());
    for (const kind of options.databases) await measure(kind, options, interrupt.signal);
  }
} catch (error) {
  progress("");
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else console.error(interrupt.signal.aborted ? (error as Error).message : error);
  process.exitCode = interrupt.signal.aborted ? 130 : 1;
}
