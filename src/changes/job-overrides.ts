import { snakeCase } from "../entities/case.ts";
import { Job, JobQueue, JobQueueAssignment } from "../entities/index.ts";
import type { JobSource } from "../entities/job.ts";
import { shapeOf } from "../entities/shape.ts";
import { AppError, type ErrorDetail } from "../errors.ts";
import { assign, type Data, find } from "./assign.ts";
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

/** Takes what the source says for every field that is not overridden. */
export async function followSource(unit: Unit, job: Job, isTaken: (name: string) => boolean | Promise<boolean>): Promise<void> {
  const source = job.source!;
  const followed = OVERRIDABLE.filter((field) => !isOverridden(job, field));
  for (const field of followed) {
    if (field === "name") job.name = await freeName(source.name, isTaken);
    else if (field !== "jobQueues" && field !== "defaultJobQueue") job[field] = source[field] as never;
  }
  const queues = await queuesNamed(unit, [...source.jobQueues, source.defaultJobQueue]);
  if (followed.includes("defaultJobQueue")) job.defaultJobQueue = queues.at(-1)!;
  await setQueues(unit, job, followed.includes("jobQueues") ? queues.slice(0, -1) : undefined);
}

/**
 * Changes a job: `enabled`, `tags`, custom fields, and what can be overridden. A value overrides its field, `…Override: true` keeps the
 * field as it is now, `…Override: false` reverts it.
 * @returns what does not fit, named as the client wrote it.
 * @throws {@link AppError} JOB_NOT_INSTALLED for a job that is to be enabled and has no source.
 */
export async function changeJob(unit: Unit, job: Job, data: Data): Promise<ErrorDetail[]> {
  if (data["enabled"] === true && !job.installed) {
    const message = `The source of the job "${job.name}" is not installed, so it cannot be enabled.`;
    throw new AppError("JOB_NOT_INSTALLED", message, [{ field: "data.enabled", message }]);
  }
  const orders = OVERRIDABLE.map((field) => readOrder(job, field, data));
  const details = orders.flatMap((order) => order.details);
  const told = new Set(orders.flatMap(({ field }) => spellingsOf(field).flatMap((name) => [name, `${name}Override`])));
  const values = Object.entries(data).filter(([name]) => !told.has(name));
  for (const { field, value } of orders) if (value !== undefined && field !== "jobQueues") values.push([field, value]);
  details.push(...(await assign(unit, shapeOf(Job), job, Object.fromEntries(values))));
  const queues = orders.find(({ field }) => field === "jobQueues")!;
  const named = queues.value === undefined ? undefined : await find(unit, JobQueue, queues.value as string[]);
  for (const name of named?.missing ?? [])
    details.push({ field: `data.${snakeCase(queues.spelling)}`, message: `There is no queue ${JSON.stringify(name)}.` });
  if (details.length > 0) return details;

  for (const { field, isOverride } of orders) if (isOverride !== undefined) job[`${field}Override`] = isOverride;
  if (orders.some(({ isOverride }) => isOverride === false))
    await followSource(unit, job, (name) => isNameOfAnother(unit, job, name));
  if (named || orders.some(({ field, value }) => field === "defaultJobQueue" && value !== undefined))
    await setQueues(unit, job, named?.objects as JobQueue[] | undefined);
  return [];
}

/** Reverts fields to what the source says: all of them, or those that are named. */
export function revertJob(unit: Unit, job: Job, fields: readonly OverridableField[] = OVERRIDABLE): Promise<ErrorDetail[]> {
  const overridden = fields.filter((field) => isOverridden(job, field));
  return changeJob(unit, job, Object.fromEntries(overridden.map((field) => [`${field}Override`, false])));
}

/** What a client wants of one field. */
interface Order {
  field: OverridableField;
  /** The field's name as the client wrote it. */
  spelling: string;
  value: unknown;
  /** What its flag becomes; undefined to leave it. */
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
    const mind = (message: string) => details.push({ field: `data.${snakeCase(spelling)}`, message });
    if (second) mind(`This is the same as ${snakeCase(`${second}${suffix}`)}: give one of the two.`);
    if (data[spelling] === null) mind("This field cannot be null.");
    return { spelling, value: data[spelling] ?? undefined, mind };
  };
  const { spelling, value } = given("");
  const flag = given("Override");
  const isOverride = (flag.value as boolean | undefined) ?? (value === undefined ? undefined : true);
  if (isOverride === false && value !== undefined) flag.mind(`Give a value for ${snakeCase(spelling)}, or revert it, not both.`);
  if (isOverride === false && job.source === null)
    flag.mind("No source of the job has been found yet, so there is nothing to revert to.");
  return { field, spelling, value, isOverride, details };
}

/** Names are unique: a second job of a name gets a number, as in Nautobot. */
async function freeName(name: string, isTaken: (name: string) => boolean | Promise<boolean>): Promise<string> {
  let candidate = name;
  for (let n = 2; await isTaken(candidate); n++) {
    const number = ` (${n})`;
    candidate = name.slice(0, MAX_NAME - number.length) + number;
  }
  return candidate;
}

const MAX_NAME = shapeOf(Job).columns.get("name")!.length!;

async function isNameOfAnother({ em }: Unit, job: Job, name: string): Promise<boolean> {
  return (await em.count(Job, { name, id: { $ne: job.id } })) > 0;
}

/** Queues of these names, in their order; a source may name queues that nobody has made. */
async function queuesNamed(unit: Unit, names: readonly string[]): Promise<JobQueue[]> {
  const known = new Map((await unit.em.find(JobQueue, { name: [...names] })).map((queue) => [queue.name, queue]));
  for (const name of names) if (!known.has(name)) known.set(name, unit.create(JobQueue, { name }));
  return names.map((name) => known.get(name)!);
}

/** Makes the queues of a job these, or leaves them; its default queue is always one of them. */
async function setQueues({ em }: Unit, job: Job, queues?: readonly JobQueue[]): Promise<void> {
  const assignments = await em.find(JobQueueAssignment, { job });
  const wanted = new Set(queues ?? assignments.map(({ jobQueue }) => jobQueue));
  if (job.defaultJobQueue) wanted.add(job.defaultJobQueue);
  for (const assignment of assignments) if (!wanted.delete(assignment.jobQueue)) em.remove(assignment);
  for (const jobQueue of wanted) em.create(JobQueueAssignment, { job, jobQueue }, { partial: true });
}
