import { Ctx, Extensions, Field, ObjectType, Query, Resolver } from "type-graphql";
import type { ReadJobFile } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import type { SizedField } from "../../reading/list-arguments.ts";

/** A file below the jobs folder, as the server last read it. */
@ObjectType("JobFileType", { description: "A file below `JOBS_ROOT`, as the server last read it." })
class JobFile implements ReadJobFile {
  @Field(() => String, { description: "Path below `JOBS_ROOT`." })
  path!: string;

  @Extensions({ sizedBy: 10 } satisfies SizedField)
  @Field(() => [String], {
    description: "Class paths of the jobs in the file. A file that does not load has the jobs of its last state that loaded.",
  })
  jobs!: string[];

  @Field(() => String, { nullable: true, description: "File, line and reason when the file does not load; otherwise null." })
  error!: string | null;
}

/** The files that jobs come from. */
@Resolver()
export class JobFilesResolver {
  @Extensions({ sizedBy: 1000 } satisfies SizedField)
  @Query(() => [JobFile], {
    description: "The files below `JOBS_ROOT`, as this server last read them: at its start, or with `refresh_jobs`.",
  })
  jobFiles(@Ctx() { runner }: Context): readonly ReadJobFile[] {
    return runner.jobFiles();
  }
}
