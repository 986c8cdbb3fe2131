import { Ctx, Extensions, Field, ObjectType, Query, Resolver } from "type-graphql";
import type { ReadJobFile } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import type { SizedField } from "../../reading/list-arguments.ts";

/** A file below the jobs folder, as the server last read it. */
@ObjectType("JobFileType", { description: "A file below the jobs folder, as the server last read it." })
class JobFile implements ReadJobFile {
  @Field(() => String, { description: "Path below the jobs folder." })
  path!: string;

  @Extensions({ sizedBy: 10 } satisfies SizedField)
  @Field(() => [String], {
    description: "Class paths of the jobs in the file; of a file that does not load, those of the jobs that it last held.",
  })
  jobs!: string[];

  @Field(() => String, { nullable: true, description: "File, line and reason, when the file does not load; null when it does." })
  error!: string | null;
}

/** The files that jobs come from. */
@Resolver()
export class JobFilesResolver {
  @Extensions({ sizedBy: 1000 } satisfies SizedField)
  @Query(() => [JobFile], {
    description:
      "The files below the jobs folder, as the server that answers last read them: at its start, or with `refresh_jobs`.",
  })
  jobFiles(@Ctx() { runner }: Context): readonly ReadJobFile[] {
    return runner.jobFiles();
  }
}
