import { Ctx, Extensions, Field, ObjectType, Query, Resolver } from "type-graphql";
import type { ReadJobFile } from "../../../runner/index.ts";
import { Job } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { Context } from "../../context.ts";
import { readRows } from "../../reading/list.ts";
import { visible } from "../../reading/reader.ts";
import type { SizedField } from "../../reading/list-arguments.ts";

const JOB = shapeOf(Job);

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
    description:
      "The files below `JOBS_ROOT`, as this server last read them: at its start, or with `refresh_jobs`. A user who may not view all jobs gets the files of those that the user may view.",
  })
  async jobFiles(@Ctx() { reader, runner }: Context): Promise<readonly ReadJobFile[]> {
    const files = runner.jobFiles();
    if (!visible(reader, JOB)) return files;
    const seen = await readRows(reader, JOB, ["id", "module_name", "job_class_name"]);
    const paths = new Set(seen.map((row) => `${row["module_name"]}.${row["job_class_name"]}`));
    return files
      .map((file) => ({ ...file, jobs: file.jobs.filter((path) => paths.has(path)) }))
      .filter(({ jobs }) => jobs.length > 0);
  }
}
