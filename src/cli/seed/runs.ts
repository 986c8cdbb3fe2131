import type { JobResultStatus } from "../../entities/choices.ts";
import { failureResult } from "../../entities/failure.ts";
import { newId } from "../../entities/new-id.ts";
import type { Catalog, SeededJob } from "./catalog.ts";
import { pickDevice, SITES } from "./devices.ts";
import { createRandom, type Random } from "./random.ts";

/** A run that is over: all that its row and its lines are made of. Times are milliseconds since the epoch. */
export interface Run {
  id: string;
  job: SeededJob;
  userId: string;
  status: JobResultStatus;
  created: number;
  started: number;
  done: number;
  kwargs: Record<string, unknown>;
  queue: string;
  dryrun: boolean;
  result: unknown;
  traceback: string | null;
  /** Message of the error that ended the run; absent when it succeeded. */
  errorMessage: string | undefined;
  lines: number;
  /** Seed of the random numbers of the lines, so that the number of lines changes no other run. */
  linesSeed: number;
}

/** Result of {@link makeRuns}. */
export interface RunPlan {
  results: number;
  lines: number;
  longResult: number;
  seed: number;
  /** Nothing is later than this. */
  until: Date;
}

const DAYS = 30;
const LONGEST_MS = 8 * 60_000;

// None that is still waiting or under way: the next start of a server would take it up.
const STATUSES = { SUCCESS: 85, FAILURE: 12, REVOKED: 3 } as const;

/** Runs of the catalogue's jobs, oldest first, so that the order of their ids is that of their times, as it is for real ones. */
export function* makeRuns({ results, lines, longResult, seed, until }: RunPlan, catalog: Catalog): Generator<Run> {
  const random = createRandom(seed);
  const end = until.getTime() - 2 * LONGEST_MS;
  const step = (DAYS * 24 * 3_600_000) / Math.max(1, results);
  for (let index = 0; index < results; index++) {
    const created = Math.floor(end - (results - index - random.fraction()) * step);
    yield makeRun(random, catalog, random.weighted(STATUSES), created, lines);
  }
  if (longResult > 0) yield makeRun(random, catalog, "SUCCESS", end + LONGEST_MS, longResult);
}

function makeRun(random: Random, { jobs, userIds }: Catalog, status: keyof typeof STATUSES, created: number, lines: number): Run {
  const job = random.pick(jobs);
  const started = created + random.integer(8, 400);
  // Most are short, a few take minutes.
  const done = started + Math.round(1500 + random.fraction() ** 4 * (LONGEST_MS - 2000));
  const devices = random.integer(1, 48);
  const dryrun = !job.sketch.readOnly && random.fraction() < 0.2;
  const error = makeError(random, job, status);
  return {
    id: newId(),
    job,
    userId: random.pick(userIds),
    status,
    created,
    started,
    done,
    kwargs: { site: random.pick(SITES), devices, verbose: random.fraction() < 0.3 },
    queue: random.pick(job.queues),
    dryrun,
    result: error ? failureResult(error.type, error.message) : { devices, changed: dryrun ? 0 : random.integer(0, devices) },
    traceback: error?.traceback ?? null,
    errorMessage: error?.message,
    lines,
    linesSeed: random.integer(0, 2 ** 32 - 1),
  };
}

function makeError(random: Random, { classPath, sketch }: SeededJob, status: keyof typeof STATUSES) {
  if (status === "SUCCESS") return undefined;
  if (status === "REVOKED") return { type: "JobCanceled", message: "Canceled.", traceback: null };
  const { name, address } = pickDevice(random);
  const [type, message] = random.pick([
    ["TimeoutError", `${name} (${address}) did not answer within ${random.integer(5, 60)} s`],
    ["AuthenticationError", `${name} refused the credentials of the automation account`],
    ["Error", `${random.integer(2, 9)} checks of ${sketch.subject} did not hold`],
  ] as const);
  const [file, method] = classPath.split(".");
  const at = `at ${method}.run (/srv/jobs/${file}.ts:${random.integer(20, 180)}:${random.integer(5, 40)})`;
  return { type, message, traceback: `${type}: ${message}\n    ${at}` };
}
