import { snakeCase } from "../../entities/mapping/case.ts";
import type { Database } from "../../entities/database.ts";
import { ofAnyTable } from "../../entities/tables.ts";
import { Job } from "../../entities/index.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";
import { shapeOf } from "../../entities/mapping/shape.ts";
import { jobCondition, type JobReference } from "./job-reference.ts";

const FIELDS = [
  "id",
  "moduleName",
  "jobClassName",
  "name",
  "installed",
  "enabled",
  "approvalRequired",
  "isSingleton",
  "consoleLogDefault",
  "dryrunDefault",
  "supportsDryrun",
  "softTimeLimit",
  "timeLimit",
  "maxConcurrent",
  "onLimit",
  "retryLimit",
  "retryBackoff",
  "hasSensitiveVariables",
  "variablesSchema",
] as const satisfies (keyof Job)[];

/** Columns of a job that its launch needs. */
export type LaunchedJob = Pick<Job, (typeof FIELDS)[number]>;

const COLUMNS = FIELDS.map((field) => ({
  field,
  name: snakeCase(field),
  kind: shapeOf(Job).columns.get(snakeCase(field))!.kind,
}));
const SELECTED = COLUMNS.map(({ name }) => `job.${name}`);

/**
 * Reads a job, and the name of the queue that its runs wait in unless asked otherwise; undefined for one that is not there.
 * @throws AppError BAD_USER_INPUT.
 */
export async function findJob(
  database: Database,
  reference: JobReference,
): Promise<{ job: LaunchedJob; queue: string } | undefined> {
  let found = ofAnyTable(database.rows)
    .selectFrom("job")
    .leftJoin("job_queue", "job_queue.id", "job.default_job_queue_id")
    .select([...SELECTED, "job_queue.name as queue"]);
  for (const [field, value] of Object.entries(jobCondition(reference)))
    found = found.where(`job.${snakeCase(field)}`, "=", value);
  const [row] = await database.read(found.compile());
  if (!row) return undefined;
  const valueOf = ({ name, kind }: (typeof COLUMNS)[number]) =>
    kind === "json" ? database.readJson(row[name]) : kind === "boolean" ? Boolean(row[name]) : row[name];
  const job = Object.fromEntries(COLUMNS.map((column) => [column.field, valueOf(column)])) as unknown as LaunchedJob;
  return { job, queue: (row["queue"] as string | null) ?? DEFAULT_QUEUE };
}

/** `module_name.job_class_name`. */
export function classPathOf({ moduleName, jobClassName }: LaunchedJob): string {
  return `${moduleName}.${jobClassName}`;
}
