import type { Database, LineRow } from "../../entities/database.ts";
import { Job, JobResult, User } from "../../entities/index.ts";
import { batches } from "./batches.ts";
import { storeCatalog } from "./catalog.ts";
import { makeLines } from "./lines.ts";
import type { SeedOptions } from "./options.ts";
import { makeRuns, type Run } from "./runs.ts";

const RUNS_AT_ONCE = 500;
const LINES_AT_ONCE = 1000;

/** Numbers of stored objects. */
export interface Filled {
  jobs: number;
  results: number;
  lines: number;
}

/** Fills a migrated database: for equal arguments with equal content, except for the ids. Nothing is later than `until`. */
export async function fill(database: Database, options: SeedOptions, until: Date): Promise<Filled> {
  const catalog = await storeCatalog(database, options.jobs);
  const filled = { jobs: catalog.jobs.length, results: 0, lines: 0 };
  for (const runs of batches(makeRuns({ ...options, until }, catalog), RUNS_AT_ONCE)) {
    await storeRuns(database, runs);
    filled.results += runs.length;
    // Storing lines also counts them on their runs, the way the server does.
    for (const lines of batches(linesOf(runs), LINES_AT_ONCE)) {
      await database.appendLines(lines);
      filled.lines += lines.length;
    }
  }
  return filled;
}

async function storeRuns(database: Database, runs: readonly Run[]): Promise<void> {
  const em = database.fork();
  for (const run of runs) {
    em.create(
      JobResult,
      {
        id: run.id,
        jobModel: em.getReference(Job, run.job.id),
        name: run.job.name,
        taskName: run.job.classPath,
        user: em.getReference(User, run.userId),
        status: run.status,
        dateCreated: new Date(run.created),
        dateStarted: new Date(run.started),
        dateDone: new Date(run.done),
        result: run.result,
        worker: "jobgraph@seed",
        taskKwargs: run.kwargs,
        celeryKwargs: { queue: run.queue, dryrun: run.dryrun },
        traceback: run.traceback,
      },
      { partial: true },
    );
  }
  await em.flush();
}

function* linesOf(runs: readonly Run[]): Generator<LineRow> {
  for (const run of runs) yield* makeLines(run);
}
