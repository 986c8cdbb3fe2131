import { access, constants, glob } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Logger } from "pino";
import { type Author, transact } from "../../changes/index.ts";
import type { Database } from "../../entities/database.ts";
import type { ObjectChange } from "../../entities/index.ts";
import { StartError, counted } from "../../errors.ts";
import { type Clock, systemClock } from "../messaging/clock.ts";
import type { Receiver } from "../../sdk/define-job.ts";
import type { JobDescription, Sandbox, SandboxTask } from "../sandbox/sandbox.ts";
import { fileVersion } from "./file-version.ts";
import { classPathOf, type FoundJob, syncJobs } from "./sync-jobs.ts";

/** The job modules under `JOBS_ROOT` and those that come with the server, and the Job rows that mirror them. */
export interface Catalog {
  /**
   * Reads every job file again and brings the Job rows in step.
   * @returns their changes.
   * @throws {@link StartError} when `JOBS_ROOT` cannot be read.
   */
  refresh(author: Author): Promise<readonly ObjectChange[]>;
  /** The place of a job's code, by the last state of its file that loaded; undefined when it is not installed. */
  source(classPath: string): InstalledSource | undefined;
  /** The reason why a job's file did not load when it was last read; undefined when it did, and when there is no such file. */
  loadError(classPath: string): string | undefined;
  /** Job files below `JOBS_ROOT` as they were last read. */
  files(): readonly ReadJobFile[];
}

/** A job file, as it was last read. */
export interface ReadJobFile {
  /** Path below `JOBS_ROOT`, with `/` between its parts. */
  path: string;
  /** Class paths of its jobs; of a file that does not load, of those that it last held. */
  jobs: readonly string[];
  /** File, line and reason, when it does not load; null when it does. */
  error: string | null;
}

/** Place of a job's code, sharing and limits of its runs, and its kind of receiver, if it is one. */
export interface InstalledSource extends Pick<SandboxTask, "exportName" | "file" | "isolation" | "memoryLimitMb"> {
  receiver: Receiver | undefined;
  /** SHA-256 of the text of its file when that was read. */
  version: string | undefined;
  /** True when other runs may wait for a run of the job. */
  isLimited: boolean;
  /** See {@link JobDescription}. */
  variablesSchema: JobDescription["variablesSchema"];
}

const JOB_FILE = /\.m?[jt]s$/;
const NO_JOB_FILE = /\.d\.m?ts$|\.(test|spec)\.m?[jt]s$|(^|[\\/])(\.|node_modules[\\/])/;

/** First part of the module names of the jobs that come with the server; no other may have it. */
const SYSTEM = "jobgraph";

/** Dependencies of {@link createCatalog}. */
interface CatalogDeps {
  database: Database;
  sandbox: Sandbox;
  /** Absolute path. */
  jobsRoot: string;
  /** Absolute path of the jobs that come with the server; undefined to do without. */
  systemJobsRoot: string | undefined;
  /** The machine's when absent. */
  clock?: Clock;
  log: Logger;
}

interface JobFile {
  /** Absolute path. */
  file: string;
  /** Path below its root. */
  path: string;
  moduleName: string;
}

/** A file that does not load is reported in the log by name with its error, and its jobs stay as they were when it last did. */
export function createCatalog({ database, sandbox, jobsRoot, systemJobsRoot, clock = systemClock, log }: CatalogDeps): Catalog {
  let sources = new Map<string, InstalledSource>();
  let broken = new Map<string, string>();
  let read: readonly ReadJobFile[] = [];
  let last: Promise<unknown> = Promise.resolve();

  async function readAll(author: Author): Promise<readonly ObjectChange[]> {
    const system = systemJobsRoot === undefined ? [] : await jobFiles(systemJobsRoot, `${SYSTEM}.`);
    const own = await jobFiles(jobsRoot);
    const files = [...system, ...own];
    // Read before the files are loaded: a file that changes meanwhile has another version than this one.
    const versions = await Promise.all(files.map(({ file }) => fileVersion(file)));
    const mayLoad = files.filter((one) => system.includes(one) || !isNameOfSystem(one));
    const described = await sandbox.describe(mayLoad.map(({ file }) => file));
    const descriptions = new Map(mayLoad.map((one, n) => [one, described[n]!]));
    const found: FoundJob[] = [];
    const errors = new Map<JobFile, string>();
    for (const [n, one] of files.entries()) {
      const { file, path, moduleName } = one;
      const description = descriptions.get(one);
      if (description && "jobs" in description)
        found.push(...description.jobs.map((job) => ({ ...job, moduleName, file, version: versions[n] })));
      else if (description) {
        errors.set(one, tellError(one, description.error));
        log.error({ file, error: errors.get(one) }, `job file ${path} does not load: ${errors.get(one)!.split("\n")[0]}`);
      } else {
        errors.set(one, `${path}: "${SYSTEM}" is the server's own name: give the file another.`);
        log.error({ file }, `job file ${path} is left out: "${SYSTEM}" is the server's own name`);
      }
    }
    const modules = new Map([...errors].filter(([one]) => descriptions.has(one)).map(([one, error]) => [one.moduleName, error]));
    const { value: kept, changes } = await database.alone(() =>
      transact(database, author, (unit) => syncJobs(unit, found, modules, new Date(clock.now()))),
    );
    const classPaths = new Map<string, string[]>();
    for (const { moduleName, classPath } of [...found.map((job) => ({ ...job, classPath: classPathOf(job) })), ...kept])
      classPaths.set(moduleName, [...(classPaths.get(moduleName) ?? []), classPath]);
    const before = sources;
    sources = new Map(found.map((job) => [classPathOf(job), sourceOf(job)]));
    broken = new Map();
    for (const { moduleName, classPath } of kept) {
      broken.set(classPath, modules.get(moduleName)!);
      const source = before.get(classPath);
      if (source) sources.set(classPath, source);
    }
    read = own.map((one) => ({
      path: one.path,
      jobs: descriptions.has(one) ? (classPaths.get(one.moduleName) ?? []) : [],
      error: errors.get(one) ?? null,
    }));
    log.info({ jobs: found.length, jobs_root: jobsRoot }, `${counted(found.length, "job")} found`);
    return changes;
  }

  /** Names files by their paths below the root, as people know them; an error without a place is one of the whole file. */
  function tellError({ path }: JobFile, error: string): string {
    const told = error.startsWith(sep) ? error : `${path}: ${error}`;
    return told.replaceAll(jobsRoot + sep, "");
  }

  return {
    source: (classPath) => sources.get(classPath),
    loadError: (classPath) => broken.get(classPath),
    files: () => read,
    refresh(author) {
      // One reading after the other: an older state must not be written last, and no two may create the same job.
      const refreshed = last.then(() => readAll(author));
      last = refreshed.catch(() => undefined);
      return refreshed;
    },
  };
}

const isNameOfSystem = ({ moduleName }: JobFile) => moduleName === SYSTEM || moduleName.startsWith(`${SYSTEM}.`);

const sourceOf = ({ file, version, exportName, meta, variablesSchema }: FoundJob): InstalledSource => ({
  file,
  version,
  exportName,
  isolation: meta.isolation ?? "run",
  memoryLimitMb: meta.memoryLimitMb,
  receiver: meta.receiver,
  isLimited: meta.maxConcurrent !== undefined,
  variablesSchema,
});

/** Files below the root, sorted, so that jobs that claim the same name do so in the same order each time. */
async function jobFiles(root: string, prefix = ""): Promise<JobFile[]> {
  try {
    await access(root, constants.R_OK | constants.X_OK);
  } catch {
    throw new StartError(`JOBS_ROOT: cannot read the folder ${root}.`);
  }
  const paths: string[] = [];
  for await (const path of glob("**/*.{ts,mts,js,mjs}", { cwd: root })) if (!NO_JOB_FILE.test(path)) paths.push(path);
  return paths.toSorted().map((path) => ({
    file: join(root, path),
    path: path.split(sep).join("/"),
    moduleName: prefix + path.replace(JOB_FILE, "").split(sep).join("."),
  }));
}
