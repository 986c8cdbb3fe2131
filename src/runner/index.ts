import { hostname } from "node:os";
import type { Logger } from "pino";
import { ALL_RIGHTS } from "../access/rights.ts";
import type { Author } from "../changes/index.ts";
import { contentTypeLabel } from "../entities/content-types.ts";
import type { Database } from "../entities/database.ts";
import { Job, JobQueue, JobResult, type ObjectChange, ScheduledJob } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import type { SanitizerPattern } from "../sanitizer-patterns.ts";
import { commentOn, decide, type Decision, type Said } from "./approvals/approvals.ts";
import type { Broker } from "./messaging/broker.ts";
import { type ButtonGroup, type ButtonPress, buttonsFor, type ButtonUser, pressButton } from "./triggers/buttons.ts";
import { cancel, type CancelRequest } from "./runs/cancel.ts";
import { createCatalog, type ReadJobFile } from "./catalog/catalog.ts";
import type { Clock } from "./messaging/clock.ts";
import type { RunRequest } from "./gate/admit.ts";
import type { ScheduleChange } from "./gate/fire-deps.ts";
import { createFileStore, type FileStoreOptions, type OpenFile } from "./outputs/files.ts";
import { createHooks } from "./triggers/hooks.ts";
import { createFeedFollowers } from "./live/follow-feed.ts";
import { createRowFollowers } from "./live/follow-rows.ts";
import { createStateFollowers } from "./live/follow-state.ts";
import { createRowWriter } from "./outputs/row-writer.ts";
import type { Family } from "./messaging/notifier.ts";
import type { ExecuteOperation } from "./sandbox/operation.ts";
import { prune, type Pruned, type PruneRequest } from "./runs/prune.ts";
import { openReaper } from "./worker/reaper.ts";
import { createRecorder } from "./outputs/recorder.ts";
import { rerun, type RerunRequest } from "./gate/rerun.ts";
import { createRetries } from "./worker/retries.ts";
import { runOrRequest } from "./approvals/run-requests.ts";
import { createRunStops } from "./worker/run-stops.ts";
import { runOfToken } from "./runs/run-token.ts";
import type { PrintedText, SaidLine, Sandbox, TimeLimits } from "./sandbox/sandbox.ts";
import { createScheduler } from "./schedules/scheduler.ts";
import { createSchedule, dryRunSchedule, runScheduleNow, type ScheduleWishes, updateSchedule } from "./schedules/schedules.ts";
import { sendWaiting } from "./worker/send-waiting.ts";
import type { Templates } from "./triggers/templates.ts";
import type { Vault } from "./secrets/vault.ts";
import { createWorker } from "./worker/worker.ts";

/* The runner's only door. `docs/glossary.md` defines its words. */

export type { CancelRequest } from "./runs/cancel.ts";
export { type Clock, systemClock } from "./messaging/clock.ts";
export type { RunRequest } from "./gate/admit.ts";
export { createVault, type Vault } from "./secrets/vault.ts";
export { type GivenTimes, planTimes } from "./schedules/plan-times.ts";
export type { ScheduleWishes } from "./schedules/schedules.ts";
export type { RerunRequest } from "./gate/rerun.ts";
export { SHUTDOWN_ABORT_MS } from "./worker/run-stops.ts";
export { describeReference, jobCondition, type JobReference } from "./catalog/job-reference.ts";
export type { ButtonGroup, ButtonPress, RenderedButton } from "./triggers/buttons.ts";
export type { OpenFile } from "./outputs/files.ts";
export type { FeedObject, FeedRequest } from "./live/follow-feed.ts";
export type { FollowRequest } from "./live/follow-rows.ts";
export type { StateRequest } from "./live/follow-state.ts";
export type { Follower } from "./live/follower.ts";
export type { FollowedRow } from "./live/row-pages.ts";
export type { ReadJobFile } from "./catalog/catalog.ts";
export type { Family } from "./messaging/notifier.ts";
export type { RunOperation } from "./sandbox/operation.ts";
export type { Pruned, PruneRequest } from "./runs/prune.ts";
export type { OperationAnswer } from "./sandbox/sandbox.ts";

/** Runs jobs and tells their output. */
export interface Runner {
  /** Launches a run, or requests its approval. @see {@link runOrRequest} for errors. */
  run(author: Author, request: RunRequest): Promise<string>;
  /** Launches a run again. @see {@link rerun} for the values that it takes over, and for errors. */
  rerun(request: RerunRequest): Promise<string>;
  /** Creates a schedule. @returns its id. @see {@link createSchedule} for errors. */
  createSchedule(author: Author, wishes: ScheduleWishes): Promise<string>;
  /** Changes a schedule. @see {@link updateSchedule} for the values that it keeps, and for errors. */
  updateSchedule(author: Author, id: string, wishes: ScheduleWishes, unmodifiedSince?: Date): Promise<void>;
  /** Runs the job of a schedule by hand. @returns the id of the JobResult. @see {@link runScheduleNow} */
  runScheduleNow(author: Author, id: string): Promise<string>;
  /** Decides on a schedule that waits for an approval. @see {@link decide} for errors. */
  decideSchedule(author: Author, id: string, decision: Decision): Promise<void>;
  /** Comments on a schedule that waits for an approval. @see {@link commentOn} for errors. */
  commentOnSchedule(author: Author, id: string, said: Said): Promise<void>;
  /** Runs the job of a schedule as a dry run. @returns the id of the JobResult. @see {@link dryRunSchedule} */
  dryRunSchedule(author: Author, id: string): Promise<string>;
  /** Workers that serve each of these queues. */
  countWorkers(queues: readonly string[]): Promise<number[]>;
  /** Current time, for statements about the future. */
  now(): Date;
  /** Returns the id of the run that sends an operation with this token. @throws errors of {@link runOfToken}. */
  runOfToken(token: string): Promise<string>;
  /** Ends a run, at once or as soon as its worker has. @see {@link cancel} for errors. */
  cancel(request: CancelRequest): Promise<void>;
  /** Reads every job file again, and brings the jobs in step with them. @returns their changes. */
  refreshJobs(author: Author): Promise<readonly ObjectChange[]>;
  /** Job files below `JOBS_ROOT` as this server last read them. */
  jobFiles(): readonly ReadJobFile[];
  /** To be told of every change of the log once it is committed: hooks run, and queues are served. */
  changed(changes: readonly ObjectChange[]): Promise<void>;
  /** Runs the job of a button for an object. @see {@link pressButton} for errors. */
  pressButton(press: ButtonPress): Promise<string>;
  /** The buttons of an object's page, with their texts. @see {@link buttonsFor} */
  buttonsFor(objectType: string, object: unknown, viewer: ButtonUser): Promise<ButtonGroup[]>;
  /** Rows that a run leaves: stored ones, then those that come, until it has settled. @see {@link createRowFollowers} */
  follow: ReturnType<typeof createRowFollowers>;
  /** The state of an object, now and after each change. @see {@link createStateFollowers} */
  followState: ReturnType<typeof createStateFollowers>;
  /** Objects that are made or changed. @see {@link createFeedFollowers} */
  followFeed: ReturnType<typeof createFeedFollowers>;
  /** Deletes a batch of old records. @see {@link prune} */
  prune(request: PruneRequest): Promise<Pruned>;
  /** A file that a run left; undefined when there is none of that id. */
  openFile(id: string): Promise<OpenFile | undefined>;
  /** Takes no new runs, gives running ones the grace, ends and records the rest. */
  close(graceMs: number): Promise<void>;
}

/** Dependencies of a runner. It closes sandbox and templates; the caller closes the others. */
export interface RunnerDeps {
  database: Database;
  broker: Broker;
  sandbox: Sandbox;
  templates: Templates;
  jobsRoot: string;
  /** Folder of the jobs that come with the server; undefined to do without. */
  systemJobsRoot: string | undefined;
  concurrency: number;
  /** Limits of jobs that name none. */
  timeLimits: TimeLimits;
  /** Milliseconds that the job of a canceled run has to end by itself. */
  cancelGraceMs: number;
  /** Milliseconds that an idempotency key stands for its run. */
  idempotencyTtlMs: number;
  /** Seals sensitive inputs; all servers on a database need the same vault. */
  vault: Vault;
  /** Patterns of texts that are hidden in all output of runs. */
  sanitizerPatterns: readonly SanitizerPattern[];
  /** Is told of every change of the log once it is committed. */
  onChanged?: (changes: readonly ObjectChange[]) => void;
  clock: Clock;
  /** Folder and limits of files. */
  fileStore: Omit<FileStoreOptions, "database" | "recorder">;
  /** Milliseconds without a sign of life after which other workers settle a worker's runs. */
  leaseMs: number;
  /** Answers the operations that runs send to the API. */
  executeOperation: ExecuteOperation;
  log: Logger;
}

const QUEUES = contentTypeLabel(JobQueue);
const JOBS = contentTypeLabel(Job);
const SCHEDULES = contentTypeLabel(ScheduledJob);

/** Topics of objects that users change. */
const FAMILIES: Readonly<Record<string, Family>> = {
  [JOBS]: "job",
  [contentTypeLabel(JobResult)]: "result",
  [SCHEDULES]: "schedule",
};

/** Signs of life within a lease, and looks at those of others. */
const BEATS = 3;

/** Brings the catalog in step, picks up the runs of an earlier process, and starts to work. */
export async function openRunner(deps: RunnerDeps): Promise<Runner> {
  const { database, broker, sandbox, templates, concurrency, clock, leaseMs, log } = deps;
  const workerId = newId();
  const recorder = createRecorder(log);
  const recording = { ...deps, recorder };
  const logWriter = createRowWriter<SaidLine>(database.appendLines, "lines", recording);
  const catalog = createCatalog(deps);
  const files = createFileStore({ database, recorder, ...deps.fileStore });
  const consoleWriter = createRowWriter<PrintedText>(database.appendConsoleEntries, "console", recording);
  const retries = createRetries({ database, broker, clock, log });
  const stops = createRunStops({ database, broker, cancelGraceMs: deps.cancelGraceMs, workerId, log });
  const worker = createWorker({
    ...recording,
    catalog,
    logWriter,
    consoleWriter,
    files,
    stops,
    retries,
    name: `jobgraph@${hostname()}`,
    workerId,
  });
  const gate = { ...deps, catalog };
  const hooks = createHooks(gate);
  const firing = { ...gate, changed };
  const scheduler = createScheduler(firing);
  const server = { userId: null, username: "", rights: ALL_RIGHTS } as const;
  await catalog.refresh({ ...server, requestId: newId(), context: "ORM", detail: "the server started" });
  const lookMs = Math.ceil(leaseMs / BEATS);
  const heartbeat = await database.keepAlive(workerId, lookMs);
  const reaper = openReaper({
    ...recording,
    logWriter,
    workerId,
    leaseMs,
    lookMs,
    isRunning: stops.has,
    onSettled: retries.wake,
  });
  await sendWaiting(deps);
  // Nobody waits for it; the database is closed only after it.
  const swept = files.sweep().catch((error: unknown) => log.error({ err: error }, "files without a row could not be deleted"));

  async function serveQueues(): Promise<void> {
    const queues = await database.rows.selectFrom("job_queue").select("name").execute();
    await broker.consume(
      queues.map(({ name }) => name),
      (delivery) => worker.handle(delivery),
      { concurrency },
    );
  }
  await serveQueues();
  hooks.wake();
  retries.wake();
  scheduler.wake();

  async function changed(changes: readonly ObjectChange[]): Promise<void> {
    if (changes.length === 0) return;
    deps.onChanged?.(changes);
    for (const { id, changedObjectType, changedObjectId } of changes) {
      broker.notify(`change:${id}`);
      const family = FAMILIES[changedObjectType.label];
      if (family) broker.notify(`${family}:${changedObjectId}`);
    }
    if (changes.some((change) => change.changedObjectType.label === QUEUES)) await serveQueues();
    if (changes.some((change) => change.changedObjectType.label === SCHEDULES)) scheduler.wake();
    // A limit that is higher, or gone with its job, lets others in.
    if (changes.some((change) => change.changedObjectType.label === JOBS)) retries.wake();
    hooks.wake();
  }

  async function announce({ id, changes }: ScheduleChange): Promise<string> {
    await changed(changes);
    return id;
  }

  return {
    run: (author, request) => runOrRequest(firing, author, request),
    rerun: (request) => rerun(gate, request),
    createSchedule: async (author, wishes) => announce(await createSchedule(firing, author, wishes)),
    async updateSchedule(author, id, wishes, unmodifiedSince) {
      await announce(await updateSchedule(firing, author, id, wishes, unmodifiedSince));
    },
    runScheduleNow: (author, id) => runScheduleNow(firing, author, id),
    async decideSchedule(author, id, decision) {
      await announce(await decide(firing, author, id, decision));
    },
    async commentOnSchedule(author, id, said) {
      await announce(await commentOn(firing, author, id, said));
    },
    dryRunSchedule: (author, id) => dryRunSchedule(firing, author, id),
    countWorkers: (queues) => broker.countWorkers(queues),
    now: () => new Date(clock.now()),
    runOfToken: (token) => runOfToken(deps, token),
    cancel: (request) => cancel(deps, request),
    pressButton: (press) => pressButton(gate, press),
    buttonsFor: (objectType, object, viewer) => buttonsFor({ database, templates }, objectType, object, viewer),
    async refreshJobs(author) {
      const changes = await catalog.refresh(author);
      await changed(changes);
      return changes;
    },
    jobFiles: () => catalog.files(),
    changed,
    prune: (request) => prune({ database, files }, request),
    openFile: (id) => files.read(id),
    follow: createRowFollowers(deps),
    followState: createStateFollowers(deps),
    followFeed: createFeedFollowers(deps),
    async close(graceMs) {
      await broker.stopConsuming();
      await scheduler.close();
      await hooks.close();
      await swept;
      await worker.close(graceMs);
      await reaper.close();
      await stops.close();
      await retries.close();
      await heartbeat.close();
      await sandbox.close();
      await templates.close();
    },
  };
}
