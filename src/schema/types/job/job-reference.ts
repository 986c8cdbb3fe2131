import { ArgsType, Field } from "type-graphql";
import { ID } from "../../../entities/mapping/scalars.ts";
import type { JobReference } from "../../../runner/index.ts";

/** Exactly one of the three names a job. */
@ArgsType()
export class JobReferenceArgs {
  @Field(() => ID, { nullable: true, description: "Primary key of the job. Give this, `class_path` or `name`." })
  id?: string;

  @Field(() => String, { nullable: true, description: "`module_name.job_class_name` of the job." })
  classPath?: string;

  @Field(() => String, { nullable: true, description: "Name of the job." })
  name?: string;
}

/** GraphQL knows null; the code knows only absence. */
export function referenceOf({ id, classPath, name }: JobReferenceArgs): JobReference {
  return { id: id ?? undefined, classPath: classPath ?? undefined, name: name ?? undefined };
}
