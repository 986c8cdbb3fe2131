import { Job, type JobButton, type JobHook } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";
import { goneMeanwhile } from "../transact.ts";
import type { Unit } from "../unit.ts";

/** Rules that hooks and buttons have for their job and their kinds of objects. */
export async function receiverFits(receiver: JobButton | JobHook, kind: "button" | "hook", unit: Unit): Promise<ErrorDetail[]> {
  const { enabled, contentTypes } = receiver;
  const details = receiver.job ? await jobFits(receiver.job, enabled, kind, unit) : [];
  await contentTypes.loadItems();
  if (contentTypes.length === 0)
    details.push({ field: "data.content_types", message: "Name at least one kind of object, e.g. `dcim.device`." });
  return details;
}

async function jobFits({ id }: Job, enabled: boolean, kind: "button" | "hook", unit: Unit): Promise<ErrorDetail[]> {
  // Held, so that it stays as it is found, and two hooks of it come one after the other.
  const [job] = await unit.hold(Job, { id });
  if (!job) throw goneMeanwhile();
  const isReceiver = kind === "hook" ? job.isJobHookReceiver : job.isJobButtonReceiver;
  if (!isReceiver) return [{ field: "data.job", message: `The job "${job.name}" is not a job ${kind} receiver.` }];
  if (!enabled || (job.installed && job.enabled)) return [];
  const message = `The job "${job.name}" is not ${job.installed ? "enabled" : "installed"}: enable it first, or leave the ${kind} disabled.`;
  return [{ field: "data.job", message }];
}
