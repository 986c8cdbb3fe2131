import { NOBODY } from "../../entities/new-id.ts";
import type { Job } from "../../entities/index.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { AppError } from "../../errors.ts";

/** Reference to a job, by exactly one of the three. */
export interface JobReference {
  id?: string | undefined;
  /** `module_name.job_class_name`. */
  classPath?: string | undefined;
  name?: string | undefined;
}

/** @throws {@link AppError} BAD_USER_INPUT unless exactly one way to name the job is used. */
export function jobCondition({
  id,
  classPath,
  name,
}: JobReference): Partial<Pick<Job, "id" | "jobClassName" | "moduleName" | "name">> {
  if ([id, classPath, name].filter((value) => value !== undefined).length !== 1) {
    const message = "Give exactly one of id, class_path and name.";
    throw new AppError(
      "BAD_USER_INPUT",
      message,
      ["id", "class_path", "name"].map((field) => ({ field, message })),
    );
  }
  if (id !== undefined) return { id: uuidOf(id) ?? NOBODY };
  if (name !== undefined) return { name };
  const dot = classPath!.lastIndexOf(".");
  return { moduleName: classPath!.slice(0, Math.max(0, dot)), jobClassName: classPath!.slice(dot + 1) };
}

/** `class_path "hello_jobs.HelloJobs"`, for messages. */
export function describeReference({ id, classPath, name }: JobReference): string {
  return id !== undefined ? `id "${id}"` : classPath !== undefined ? `class_path "${classPath}"` : `name "${name}"`;
}
