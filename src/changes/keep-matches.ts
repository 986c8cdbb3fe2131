import { type ChangedObject, isConcerned } from "../entities/constraints.ts";
import { ApprovalWorkflowDefinition, ScheduledJob } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import { isBySuperuser } from "./rules/superuser.ts";
import type { Unit } from "./unit.ts";

/*
 * An approval workflow definition selects schedules by related values, such as their job's name. A user who may change such a value could step out of a
 * definition, so only users who may change definitions may change it. A schedule's own properties belong to the request, and its requester may change them.
 */

/**
 * Lets changes through after which the same schedules need the same approvals as before, and others for superusers only.
 * @throws {@link AppError} FORBIDDEN that names the definition.
 */
export async function mustKeepMatches(unit: Unit, changed: readonly ChangedObject[]): Promise<void> {
  const others = changed.filter(({ model }) => model !== ScheduledJob);
  if (others.length === 0) return;
  const definitions: ApprovalWorkflowDefinition[] = await unit.em.find(ApprovalWorkflowDefinition, {});
  const left = definitions.find(({ modelConstraints }) =>
    others.some(
      (one) =>
        isConcerned(ScheduledJob, modelConstraints ?? {}, one) || isConcerned(ScheduledJob, ofJobs(modelConstraints ?? {}), one),
    ),
  );
  if (!left || (await isBySuperuser(unit))) return;
  const names = [...new Set(others.map(({ before }) => JSON.stringify(before["name"] ?? before["id"])))].join(", ");
  const message = `This change of ${names} decides which schedules the approval workflow definition "${left.name}" matches: only superusers may make it.`;
  throw new AppError("FORBIDDEN", message);
}

/** A queue that a request leaves to its job is the job's own. */
function ofJobs(constraints: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const queues = Object.entries(constraints).filter(([name]) => /^job_queue(__|$)/.test(name));
  return Object.fromEntries(queues.map(([name, wanted]) => [`job_model__default_${name}`, wanted]));
}
