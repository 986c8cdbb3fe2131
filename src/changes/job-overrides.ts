import { cutText } from "../cut-text.ts";
import { snakeCase } from "../entities/mapping/case.ts";
import { Job, JobQueue, JobQueueAssignment } from "../entities/index.ts";
import type { JobSource } from "../entities/models/job.ts";
import { shapeOf } from "../entities/mapping/shape.ts";
import { AppError, type ErrorDetail } from "../errors.ts";
import { assign, type Data, find, isTaken } from "./assign.ts";
import { permit } from "./permit.ts";
import { wrongWith } from "./rules/index.ts";
import type { Unit } from "./unit.ts";

/*
 * A job's metadata comes from its source. A field that people set is overridden: its flag is true, and the source no longer moves it. A
 * field whose flag is false follows the source, at once when it is reverted and each time the source is read.
 */

/** A field of a job that can be overridden. */
export type OverridableField = keyof JobSource;

/** All of them, in the order of the job's fields. */
export const OVERRIDABLE: readonly OverridableField[] = [
  "grouping",
  "name",
  "description",
  "approvalRequired",
  "consoleLogDefault",
  "dryrunDefault",
  "hidden",
  "softTimeLimit",
  "timeLimit",
  "hasSensitiveVariables",
  "isSingleton",
  "jobQueues",
  "defaultJobQueue",
];

/** True while the field does not follow the job's source. */
export function isOverridden(job: Job, field: OverridableField): boolean {
  return job[`${field}Override`];
}

/** Takes the source's value for every field that is not overridden. */
export async function followSource(unit: Unit, job: Job): Promise<void> {
  await takeFromSource(
    unit,
    job,
    job.source!,
    OVERRIDABLE.filter((field) => !isOverridden(job, field)),
  );
  await setQueues(unit, job);
}

async function takeFromSource(unit: Unit, job: Job, source: JobSource, fields: readonly OverridableField[]): Promise<void> {
  for (const field of fields) {
    if (field === "name") job.name = await freeName(unit, job, source.name);
    else if (field === "defaultJobQueue") job.defaultJobQueue = (await queuesNamed(unit, [source.defaultJobQueue]))[0]!;
    else if (field !== "jobQueues") job[field] = source[field] as never;
  }
}

/**
 * Changes a job: `enabled`, `tags`, custom fields, and the fields with overrides. A value overrides its field, `…Override: true` keeps the field as it is now,
 * `…Override: false` reverts it. Besides the right to change the job, `enabled` needs the right to enable it, and a change after which it needs no approval
 * any more the right to override that.
 * @returns errors of single fields, named as the client wrote them.
 * @throws {@link AppError} FORBIDDEN that names the right; JOB_NOT_INSTALLED, with all errors, for a job that is to be enabled and has no source.
 */
export async function changeJob(unit: Unit, job: Job, data: Data): Promise<ErrorDetail[]> {
  await permit(unit, "change", Job, [job]);
  const { enabled, approvalRequired } = job;
  const orders = OVERRIDABLE.map((field) => readOrder(job, field, data));
  const details = orders.flatMap((order) => order.details);
  const told = new Set(orders.flatMap(({ field }) => spellingsOf(field).flatMap((name) => [name, `${name}Override`])));
  const values = Object.entries(data).filter(([name]) => !told.has(name));
  for (const { field, value } of orders) if (value !== undefined && field !== "jobQueues") values.push([field, value]);
  details.push(...(await assign(unit, JOB, job, Object.fromEntries(values))));
  const queues = orders.find(({ field }) => field === "jobQueues")!;
  const named = queues.value === undefined ? undefined : await find(unit, JobQueue, queues.value as string[]);
  for (const name of named?.missing ?? [])
    details.push({ field: `data.${snakeCase(queues.spelling)}`, message: `There is no queue ${JSON.stringify(name)}.` });

  const given = orders.filter(({ isOverride }) => isOverride !== undefined);
  for (const { field, isOverride } of given) job[`${field}Override`] = isOverride!;
  if (details.length === 0) {
    const reverted = given.filter(({ isOverride }) => !isOverride).map(({ field }) => field);
    if (reverted.length > 0) await takeFromSource(unit, job, job.source!, reverted);
    if (given.some(({ field }) => field === "jobQueues" || field === "defaultJobQueue"))
      await setQueues(unit, job, named?.objects as JobQueue[] | undefined);
  }
  if (job.enabled !== enabled) await permit(unit, "enable", Job, [job]);
  if (approvalRequired && !job.approvalRequired) await permit(unit, "override_approval", Job, [job]);
  const wrong = await wrongWith(job, Job, details, unit);
  if (data["enabled"] !== true || job.installed) return wrong;
  const message = `The source of the job "${job.name}" is not installed, so it cannot be enabled.`;
  throw new AppError("JOB_NOT_INSTALLED", message, [{ field: "data.enabled", message }, ...wrong]);
}

/** Reverts fields to the source's values: all of them, or the named ones. @returns errors, as {@link changeJob} does. */
export async function revertJob(unit: Unit, job: Job, fields: readonly OverridableField[] = OVERRIDABLE): Promise<ErrorDetail[]> {
  const overridden = fields.filter((field) => isOverridden(job, field));
  if (job.source === null && overridden.length > 0)
    return [{ field: "fields", message: `${NO_SOURCE} ${overridden.map(snakeCase).join(", ")} to.` }];
  return changeJob(unit, job, Object.fromEntries(overridden.map((field) => [`${field}Override`, false])));
}

const NO_SOURCE = "No source of the job has been found yet, so there is nothing to revert";

/** The wish of a client for one field. */
interface Order {
  field: OverridableField;
  /** The field's name as the client wrote it. */
  spelling: string;
  value: unknown;
  /** New value of the flag; undefined keeps it. */
  isOverride: boolean | undefined;
  details: ErrorDetail[];
}

/** `taskQueues` is the older name of `jobQueues`. */
const spellingsOf = (field: OverridableField) => (field === "jobQueues" ? [field, "taskQueues"] : [field]);

function readOrder(job: Job, field: OverridableField, data: Data): Order {
  const details: ErrorDetail[] = [];
  const given = (suffix: string) => {
    const [first, second] = spellingsOf(field).filter((name) => `${name}${suffix}` in data);
    const spelling = `${first ?? field}${suffix}`;
    const report = (message: string) => details.push({ field: `data.${snakeCase(spelling)}`, message });
    if (second) report(`This is the same as ${snakeCase(`${second}${suffix}`)}: give one of the two.`);
    if (data[spelling] === null) report("This field cannot be null.");
    return { spelling, value: data[spelling] ?? undefined, report };
  };
  const { spelling, value } = given("");
  const flag = given("Override");
  const isOverride = (flag.value as boolean | undefined) ?? (value === undefined ? undefined : true);
  if (isOverride === false && value !== undefined)
    flag.report(`Give a value for ${snakeCase(spelling)}, or revert it, not both.`);
  if (isOverride === false && job.source === null) flag.report(`${NO_SOURCE} to.`);
  return { field, spelling, value, isOverride, details };
}

/** Names are unique: a second job of a name gets a number, as in Nautobot. */
async function freeName(unit: Unit, job: Job, name: string): Promise<string> {
  let candidate = name;
  for (let n = 2; candidate !== job.name && (await isTaken(unit, JOB, "name", job, candidate)); n++) {
    const number = ` (${n})`;
    candidate = cutText(name, MAX_NAME - number.length) + number;
  }
  return candidate;
}

const JOB = shapeOf(Job);
const MAX_NAME = JOB.columns.get("name")!.length!;

/** Queues of these names, in their order; a source may name queues that nobody has made. */
async function queuesNamed(unit: Unit, names: readonly string[]): Promise<JobQueue[]> {
  const stored = await unit.em.find(JobQueue, { name: [...names] });
  const known = new Map([...stored, ...unit.held(JobQueue)].map((queue) => [queue.name, queue]));
  for (const name of names) if (!known.has(name)) known.set(name, unit.create(JobQueue, { name }));
  return names.map((name) => known.get(name)!);
}

/**
 * Sets the queues of a job to the given ones, or else to those of its source, or leaves them where they are overridden. Its default queue is always one of
 * them. Once a unit: it does not see its own changes.
 */
async function setQueues(unit: Unit, job: Job, given?: readonly JobQueue[]): Promise<void> {
  const { em } = unit;
  const assignments = await em.find(JobQueueAssignment, { job });
  const follows = job.source !== null && !isOverridden(job, "jobQueues");
  const left = follows ? await queuesNamed(unit, job.source!.jobQueues) : assignments.map(({ jobQueue }) => jobQueue);
  const wanted = new Set(given ?? left);
  if (job.defaultJobQueue) wanted.add(job.defaultJobQueue);
  for (const assignment of assignments) if (!wanted.delete(assignment.jobQueue)) em.remove(assignment);
  for (const jobQueue of wanted) em.create(JobQueueAssignment, { job, jobQueue }, { partial: true });
}
