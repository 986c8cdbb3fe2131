import { mayOn, mayOnWhich, type Rights } from "../../access/rights.ts";
import { isOwnType, readOwnObjects } from "../../changes/index.ts";
import type { ButtonClass } from "../../entities/choices.ts";
import type { Database } from "../../entities/database.ts";
import { Job, JobButton } from "../../entities/index.ts";
import { DEFAULT_QUEUE } from "../../entities/models/job-queue.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { AppError, fieldError } from "../../errors.ts";
import { findRequested } from "../gate/admit.ts";
import { needApproval } from "../gate/approval-need.ts";
import { enqueue, type EnqueueDeps } from "../gate/enqueue.ts";
import type { ObjectData } from "../../sdk/define-job.ts";
import type { ButtonKwargs } from "./receivers.ts";
import type { Templates } from "./templates.ts";

/** A button that is pressed. */
export interface ButtonPress {
  buttonId: string;
  /** `app_label.model` of the object. */
  objectType: string;
  objectId: string;
  /** The object itself; one of our own is read instead. */
  object?: unknown;
  by: ButtonUser;
}

/** A user who sees buttons, and presses them. */
export interface ButtonUser {
  id: string;
  rights: Rights;
}

/** Buttons of one group, or those of none, as a page shows them. */
export interface ButtonGroup {
  /** Empty for buttons of no group. */
  groupName: string;
  /** Look of the group's menu: that of its lightest button. */
  buttonClass: ButtonClass;
  buttons: RenderedButton[];
}

/** A button with its text; `error` says why there is none. */
export interface RenderedButton {
  buttonId: string;
  text: string | null;
  error: string | null;
}

/**
 * Runs the job of a button for an object, through the gate that every launch passes.
 * @returns the id of the JobResult.
 * @throws {@link AppError} NOT_FOUND, BAD_USER_INPUT, and errors of {@link enqueue}.
 */
export async function pressButton(deps: EnqueueDeps, press: ButtonPress): Promise<string> {
  const { buttonId, objectType, objectId, by } = press;
  const where = { id: uuidOf(buttonId) ?? [] };
  const button =
    (await mayOn(deps.database, by.rights, "view", JobButton, buttonId)) &&
    (await deps.database.fork().findOne(JobButton, where, { populate: ["contentTypes"] }));
  if (!button) throw new AppError("NOT_FOUND", `There is no job button with id "${buttonId}".`);
  if (!button.enabled) refuse("id", `The button "${button.name}" is not enabled.`);
  if (!button.contentTypes.getItems().some(({ label }) => label === objectType))
    refuse("object_type", `The button "${button.name}" is not for objects of the kind ${objectType}.`);
  const object = await objectOf(deps.database, by.rights, objectType, objectId, press.object);
  const data = { object_type: objectType, object_id: objectId, object } satisfies ButtonKwargs;
  return enqueue(deps, await findRequested(deps, { job: { id: button.job.id }, data, userId: by.id, via: "button" }));
}

/**
 * The buttons that an object's page shows to a user, rendered for it: those that are enabled, that the user may view, and whose job can be run by the user,
 * in groups, by weight. A button whose text comes out empty is not shown, and none whose job needs an approval first.
 * @throws {@link AppError} NOT_FOUND, BAD_USER_INPUT.
 */
export async function buttonsFor(
  { database, templates }: { database: Database; templates: Templates },
  objectType: string,
  given: unknown,
  viewer: ButtonUser,
): Promise<ButtonGroup[]> {
  const object = await objectOf(database, viewer.rights, objectType, String((given as ObjectData | null)?.["id"] ?? ""), given);
  const enabled: JobButton[] = await database
    .fork()
    .find(
      JobButton,
      { enabled: true, contentTypes: { label: objectType }, job: { enabled: true, installed: true } },
      { orderBy: { groupName: "asc", weight: "asc", name: "asc" }, populate: ["job.defaultJobQueue"] },
    );
  const found = await pressable(database, viewer, enabled);
  const launches = found.map(({ job }) => ({
    job,
    queue: job.defaultJobQueue?.name ?? DEFAULT_QUEUE,
    userId: viewer.id,
  }));
  const needs = await needApproval(database, launches);
  const buttons = found.filter((_, n) => !needs[n]);
  const texts = await templates.render(
    buttons.map(({ text }) => text),
    object,
  );
  const groups = new Map<string, ButtonGroup>();
  for (const [n, { id: buttonId, groupName, buttonClass }] of buttons.entries()) {
    const { text = null, error = null } = texts[n]! as { text?: string; error?: string };
    if (text?.trim() === "") continue;
    if (!groups.has(groupName)) groups.set(groupName, { groupName, buttonClass, buttons: [] });
    groups.get(groupName)!.buttons.push({ buttonId, text: text?.trim() ?? null, error });
  }
  return [...groups.values()];
}

/** Returns the buttons that a user may view, and whose jobs the user may view and run. */
async function pressable(database: Database, { rights }: ButtonUser, buttons: readonly JobButton[]): Promise<JobButton[]> {
  const jobs = buttons.map(({ job }) => job.id);
  const ids = buttons.map(({ id }) => id);
  const shown = await mayOnWhich(database, rights, "view", JobButton, ids);
  const seen = await mayOnWhich(database, rights, "view", Job, jobs);
  const run = await mayOnWhich(database, rights, "run", Job, jobs);
  return buttons.filter(({ id, job }) => shown.has(id) && seen.has(job.id) && run.has(job.id));
}

async function objectOf(
  database: Database,
  rights: Rights,
  type: string,
  id: string,
  given: unknown,
): Promise<Record<string, unknown>> {
  if (isOwnType(type)) {
    const [own] = (await readOwnObjects(database, rights, type, [id])).values();
    if (!own) throw new AppError("NOT_FOUND", `There is no object of the kind ${type} with id "${id}".`);
    return own;
  }
  if (typeof given !== "object" || given === null || Array.isArray(given))
    refuse("object", `Give the object: this server has no objects of the kind ${type}.`);
  return given as Record<string, unknown>;
}

function refuse(field: string, message: string): never {
  throw fieldError("BAD_USER_INPUT", field, message);
}
