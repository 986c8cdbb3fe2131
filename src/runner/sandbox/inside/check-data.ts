import type { z } from "zod";
import type { ErrorDetail } from "../../../errors.ts";
import type { DefinedJob } from "../../../sdk/define-job.ts";
import { readThrown } from "../wire/thrown.ts";

/**
 * Returns inputs as the job gets them, or the errors of each. An empty field name stands for all of them together. Names that the job does not declare are
 * rejected.
 */
export async function checkData(
  job: DefinedJob,
  data: Record<string, unknown>,
): Promise<{ data: Record<string, unknown> } | { details: ErrorDetail[] }> {
  // The inputs of a receiver come from the server, and are no variables.
  if (job.receiver) return { data };
  const unknown = Object.keys(data)
    .filter((name) => !Object.hasOwn(job.variables?.shape ?? {}, name))
    .map((name) => ({ field: name, message: `${job.name} has no variable of this name.` }));
  if (!job.variables) return unknown.length > 0 ? { details: unknown } : { data };
  // Without a prototype: zod would read an inherited `constructor` as the input of a variable that is named so.
  const own: Record<string, unknown> = Object.assign(Object.create(null), data);
  const parsed = await job.variables.safeParseAsync(own).catch((error: unknown) => {
    const { name, message } = readThrown(error);
    return `${name}: ${message}`;
  });
  if (typeof parsed === "string") return { details: [{ field: "", message: `The job's check of its inputs failed: ${parsed}` }] };
  if (parsed.success && unknown.length === 0) return { data: parsed.data };
  // A strict object tells of unknown names too; we have told it already, a name at a time.
  const wrong = parsed.success ? [] : parsed.error.issues.filter((issue) => issue.code !== "unrecognized_keys").map(detail);
  return { details: [...unknown, ...wrong] };
}

const detail = (issue: z.core.$ZodIssue): ErrorDetail => ({ field: issue.path.join("."), message: issue.message });
