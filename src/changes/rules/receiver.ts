import { wrap } from "@mikro-orm/core";
import type { JobButton, JobHook } from "../../entities/index.ts";
import type { ErrorDetail } from "../../errors.ts";

/** What a hook and a button ask of their job, and of the kinds of objects they are for. */
export async function receiverFits(
  { job, enabled, contentTypes }: JobButton | JobHook,
  kind: "button" | "hook",
): Promise<ErrorDetail[]> {
  const details: ErrorDetail[] = [];
  // A hook or a button that was held knows no more of its job than the id.
  if (!wrap(job).isInitialized()) await wrap(job).init();
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
