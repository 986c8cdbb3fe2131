import { access, constants, glob } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Logger } from "pino";
import { type Author, transact } from "../changes/index.ts";
import type { Database } from "../entities/database.ts";
import type { ObjectChange } from "../entities/index.ts";
import { StartError } from "../errors.ts";
import type { Receiver } from "./define-job.ts";
import type { JobDescription, Sandbox, SandboxTask } from "./sandbox.ts";
import { fileVersion } from "./source-version.ts";
import { type FoundJob, syncJobs } from "./sync-jobs.ts";

/** The job modules under `JOBS_ROOT` and those that come with the server, and the Job rows that mirror them. */
export interface Catalog {
  /**
   * Reads every job file anew and brings the Job rows in step.
   * @returns what changed of them.
   * @throws {@link StartError} when `JOBS_ROOT` cannot be read.
   */
  refresh(author: Author): Promise<readonly ObjectChange[]>;
  /** Where the code of a job is; undefined when it is not installed. */
  source(classPath: string): InstalledSource | undefined;
}

/** Where the code of a job is, what its runs may share and take, and what sets it off if not people. */
export interface InstalledSource extends Pick<SandboxTask, "exportName" | "file" | "isolation" | "memoryLimitMb"> {
  receiver: Receiver | undefined;
  /** SHA-256 of the text of its file when that was read. */
  version: string | undefined;
  /** Whether others may have to wait for a run of it. */
  isLimited: boolean;
  /** See {@link JobDescription}. */
  variablesSchema: JobDescription["variablesSchema"];
}

const JOB_FILE = /\.m?[jt]s$/;
const NO_JOB_FILE = /\.d\.m?ts$|\.(test|spec)\.m?[jt]s$|(^|[\\/])(\.|node_modules[\\/])/;

/** First part of the module names of the jobs that come with the server; no other may have it. */
const SYSTEM = "jobgraph";

/** What {@link createCatalog} needs. */
interface CatalogDeps {
  database: Database;
  sandbox: Sandbox;
  /** Absolute path. */
  jobsRoot: string;
  /** Absolute path of the jobs that come with the server; undefined to do without. */
  systemJobsRoot: string | undefined;
  log: Logger;
}

interface JobFile {
  /** Absolute path. */
  file: string;
  moduleName: string;
}

/** A file that does not load is reported in the log by name with its error; its jobs count as not installed. */
export function createCatalog({ database, sandbox, jobsRoot, systemJobsRoot, log }: CatalogDeps): Catalog {
  let sources = new Map<string, InstalledSource>();
  let last: Promise<unknown> = Promise.resolve();

  async function read(author: Author): Promise<readonly ObjectChange[]> {
    const found: FoundJob[] = [];
    const system = systemJobsRoot === undefined ? [] : await jobFiles(systemJobsRoot, `${SYSTEM}.`);
    const files = [...system, ...(await jobFiles(jobsRoot)).filter(isNotSystem)];
    // Before they are loaded: what changes meanwhile is another version than this one.
    const versions = await Promise.all(files.map(({ file }) => fileVersion(file)));
    const descriptions = await sandbox.describe(files.map(({ file }) => file));
    for (const [index, { file, moduleName }] of files.entries()) {
      const described = descriptions[index]!;
      if ("error" in described)
        log.error(
          { file, error: described.error },
          `job file ${relative(jobsRoot, file)} does not load: ${described.error.split("\n")[0]}`,
        );
      else found.push(...described.jobs.map((job) => ({ ...job, moduleName, file, version: versions[index] })));
    }
    const { changes } = await database.alone(() => transact(database, author, (unit) => syncJobs(unit, found)));
    sources = new Map(found.map((job) => [`${job.moduleName}.${job.exportName}`, sourceOf(job)]));
    log.info({ jobs: found.length, jobs_root: jobsRoot }, `${found.length} jobs found`);
    return changes;
  }

  function isNotSystem({ file, moduleName }: JobFile): boolean {
    const isOurs = moduleName === SYSTEM || moduleName.startsWith(`${SYSTEM}.`);
    if (isOurs) log.error({ file }, `job file ${relative(jobsRoot, file)} is left out: "${SYSTEM}" is the server's own name`);
    return !isOurs;
  }

  return {
    source: (classPath) => sources.get(classPath),
    refresh(author) {
      // One after the other: what was read first must not be written last, and no two may make the same new job.
      const refreshed = last.then(() => read(author));
      last = refreshed.catch(() => undefined);
      return refreshed;
    },
  };
}

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
    moduleName: prefix + path.replace(JOB_FILE, "").split(sep).join("."),
  }));
}
