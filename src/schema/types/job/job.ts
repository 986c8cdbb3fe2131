import type { GraphQLResolveInfo } from "graphql";
import { Ctx, Extensions, FieldResolver, Info, Resolver, Root } from "type-graphql";
import { GitRepository, Job, JobQueue, JobResult } from "../../../entities/index.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { Context } from "../../context.ts";
import "./job-filters.ts";
import { readLists, type Row } from "../../reading/list.ts";
import { lookup } from "../../reading/lookup.ts";
import { namedResolver } from "../../model/named-resolver.ts";
import type { ComputedField } from "../../reading/selection.ts";

const JOB = shapeOf(Job);
const JOB_QUEUE = shapeOf(JobQueue);
const RUNS = JOB.many.get("job_results")!;
const QUEUES = JOB.many.get("job_queues")!;

const NAME = ["name"];

const repositoryBySlug = lookup(GitRepository, "slug");

/** Jobs, to read; their mutations are in `job-mutations.ts`. */
@Resolver(() => Job)
export class JobResolver extends namedResolver(Job, {
  one: "job",
  many: "jobs",
  key: ["module_name", "job_class_name"],
  display: { needs: ["name"], of: (row) => row["name"] as string },
}) {
  @Extensions({ needs: ["module_name", "job_class_name"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "Name of the job's code: `module_name.job_class_name`." })
  classPath(@Root() row: Row): string {
    return `${row["module_name"]}.${row["job_class_name"]}`;
  }

  @Extensions({ needs: ["description"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "First line of `description`, for lists." })
  descriptionFirstLine(@Root() row: Row): string {
    return (row["description"] as string).trim().split(/\r?\n/, 1)[0]!.trimEnd();
  }

  @Extensions({
    needs: ["enabled", "installed", "load_error", "has_sensitive_variables", "approval_required"],
  } satisfies ComputedField)
  @FieldResolver(() => Boolean, {
    description:
      "True when the job can be requested: it is installed and enabled, its file loads, and an approval is not ruled out by sensitive inputs.",
  })
  runnable(@Root() row: Row): boolean {
    if (row["load_error"] !== null) return false;
    return Boolean(row["enabled"] && row["installed"] && !(row["has_sensitive_variables"] && row["approval_required"]));
  }

  @FieldResolver(() => JobResult, { nullable: true, description: "The job's newest run; null before the first." })
  async latestResult(@Root() row: Row, @Ctx() { relations }: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> {
    const [newest] = await relations.many(RUNS, row, { limit: 1 }, info);
    return newest ?? null;
  }

  @Extensions({ needs: ["module_name"] } satisfies ComputedField)
  @FieldResolver(() => GitRepository, {
    nullable: true,
    description: "The Git repository of the job; null for none.",
  })
  gitRepository(@Root() row: Row, @Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> {
    return repositoryBySlug((row["module_name"] as string).split(".", 1)[0]!, context, info);
  }

  @FieldResolver(() => [String], { nullable: true, description: "Names of `job_queues`, for older clients." })
  taskQueues(@Root() row: Row, @Ctx() { reader, relations }: Context, @Info() info: GraphQLResolveInfo): Promise<string[]> {
    return relations.batch<string[]>(row.id, info, () => ({
      async load(ids) {
        const lists = await readLists(reader, JOB_QUEUE, NAME, {}, { relation: QUEUES, ids });
        return lists.map((queues) => queues.map((queue) => queue["name"] as string));
      },
      weigh: (names) => names.reduce((sum, name) => sum + name.length, 0),
    }));
  }

  @Extensions({ needs: ["job_queues_override"] } satisfies ComputedField)
  @FieldResolver(() => Boolean, { description: "The same as `job_queues_override`, for older clients." })
  taskQueuesOverride(@Root() row: Row): boolean {
    return Boolean(row["job_queues_override"]);
  }
}
