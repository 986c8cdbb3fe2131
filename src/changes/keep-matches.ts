import { rightName } from "../access/rights.ts";
import { type ChangedObject, isConcerned } from "../entities/constraints.ts";
import { ApprovalWorkflowDefinition, ScheduledJob } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import type { Unit } from "./unit.ts";

/*
 * An approval workflow definition selects schedules by related values, such as their job's name. A user who may change such a value could step out of a
 * definition, so only users who may change definitions may change it. A schedule's own properties belong to the request, and its requester may change them.
 */

/**
 * Lets changes through after which the same schedules need the same approvals as before, and others for authors who may change the definitions.
 * @throws {@link AppError} FORBIDDEN that names the definition.
 */
export async function mustKeepMatches(unit: Unit, changed: readonly ChangedObject[]): Promise<void> {
  const others = changed.filter(({ model }) => model !== ScheduledJob);
  if (others.length === 0) return;
  const definitions: ApprovalWorkflowDefinition[] = await unit.em.find(ApprovalWorkflowDefinition, {});
  const left = definitions.filter(({ modelConstraints }) =>
    others.some(
      (one) =>
        isConcerned(ScheduledJob, modelConstraints ?? {}, one) || isConcerned(ScheduledJob, ofJobs(modelConstraints ?? {}), one),
    ),
  );
  if (left.length === 0) return;
  const ids = left.map(({ id }) => id);
  const changeable = await unit.may("change", ApprovalWorkflowDefinition, ids);
  const kept = left.find(({ id }) => !changeable.has(id));
  if (!kept) return;
  const names = [...new Set(others.map(({ before }) => JSON.stringify(before["name"] ?? before["id"])))].join(", ");
  const message = `This change of ${names} decides which schedules the approval workflow definition "${kept.name}" matches: you need the permission ${rightName("change", ApprovalWorkflowDefinition)}.`;
  throw new AppError("FORBIDDEN", message);
}

/** A queue that a request leaves to its job is the job's own. */
function ofJobs(constraints: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const queues = Object.entries(constraints).filter(([name]) => /^job_queue(__|$)/.test(name));
  return Object.fromEntries(queues.map(([name, wanted]) => [`job_model__default_${name}`, wanted]));
}
