import { Job, type JobButton, type JobHook } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import type { Unit } from "../unit.ts";

/** What a hook and a button ask of their job, and of the kinds of objects they are for. */
export async function receiverFits(
  { job: { id }, enabled, contentTypes }: JobButton | JobHook,
  kind: "button" | "hook",
  { em }: Unit,
): Promise<ErrorDetail[]> {
  const details: ErrorDetail[] = [];
  // Of an object that was there before, only its job's id is known.
  const job = await em.findOneOrFail(Job, { id });
  const isReceiver = kind === "hook" ? job.isJobHookReceiver : job.isJobButtonReceiver;
  if (!isReceiver) details.push({ field: "data.job", message: `The job "${job.name}" is not a job ${kind} receiver.` });
  else if (enabled && !(job.installed && job.enabled))
    details.push({
      field: "data.job",
      message: `The job "${job.name}" is not ${job.installed ? "enabled" : "installed"}: enable it first, or leave the ${kind} disabled.`,
    });
  await contentTypes.loadItems();
  if (contentTypes.length === 0)
    details.push({ field: "data.content_types", message: "Name at least one kind of object, e.g. `dcim.device`." });
  return details;
}
