import type { GraphQLResolveInfo } from "graphql";
import {
  Arg,
  Ctx,
  Extensions,
  Field,
  FieldResolver,
  Float,
  Info,
  Mutation,
  ObjectType,
  Resolver,
  Root,
  Subscription,
} from "type-graphql";
import { type Data, updateObject } from "../../../changes/index.ts";
import { FINAL_STATUSES, type JobResultStatus } from "../../../entities/choices.ts";
import { JobQueue, JobResult } from "../../../entities/index.ts";
import { listIn, membersOf, textIn } from "../../../entities/json-members.ts";
import { DateTime, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { isoTime } from "../../../entities/times/timestamp.ts";
import { PLAIN_TIME, readStoredTime } from "../../../entities/times/stored-time.ts";
import type { Follower } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import { readOne, type Row } from "../../reading/list.ts";
import { runToFollow } from "../../subscriptions/follow-rows.ts";
import { lookup } from "../../reading/lookup.ts";
import { inputOf } from "../../model/model-input.ts";
import { namedResolver } from "../../model/named-resolver.ts";
import { type ComputedField, selectedColumns } from "../../reading/selection.ts";
import { sensitiveVariables } from "./sensitive-variables.ts";
import { readChanged } from "../../model/read-changed.ts";

type Moment = Date | string | null;

const JOB_RESULT = shapeOf(JobResult);

/** Columns that show whether a run has changed, read for every selection. */
const STATE = [...JOB_RESULT.columns.keys()].filter((name) =>
  /^(id|status|attempt|awaits_approval|waits_for_slot|date_.*|.*_log_count)$/.test(name),
);
const PROGRESS = ["progress_done", "progress_total", "progress_message"];

const queueByName = lookup(JobQueue, "name");

/** Progress of a run, as its job says. */
@ObjectType("JobResultProgressType", { description: "The progress of a run, as its job reports it.", simpleResolvers: true })
class JobResultProgress {
  @Field(() => Float, { description: "Amount done, in the job's own unit." })
  done!: number;

  @Field(() => Float, { nullable: true, description: "Total amount; null when unknown." })
  total!: number | null;

  @Field(() => String, { description: "Current activity of the job; empty when unknown." })
  message!: string;
}

/** An approval of a run. */
@ObjectType("JobResultApprovalType", { description: "An approval of a run." })
class JobResultApproval {
  @Field(() => String, { description: "Username of the approver at the time." })
  userName!: string;

  @Field(() => DateTime, { description: "Time of the approval." })
  date!: string;

  @Field(() => String, { description: "Comment of the approver; empty for none." })
  comment!: string;

  @Field(() => String, {
    nullable: true,
    description: "Name of the approved stage; null without stages.",
  })
  stage?: string | null;
}

/** Runs of jobs. */
@Resolver(() => JobResult)
export class JobResultResolver extends namedResolver(JobResult, {
  one: "job_result",
  many: "job_results",
  display: {
    needs: ["name", "date_created", "status"],
    of: (row) => `${row["name"]} started at ${isoTime(row["date_created"] as Date)} (${row["status"]})`,
  },
}) {
  @Extensions({ needs: ["date_created", "date_started", "date_done"] } satisfies ComputedField)
  @FieldResolver(() => String, { nullable: true, description: "Duration of the run, for people; null until it has ended." })
  duration(@Root() row: Row): string | null {
    const { date_created, date_started, date_done } = row as Row & Record<"date_created" | "date_done" | "date_started", Moment>;
    if (date_done === null) return null;
    const seconds = (milliseconds(date_done) - milliseconds((date_started ?? date_created)!)) / 1000;
    const minutes = Math.floor(seconds / 60);
    return `${minutes} minutes, ${(seconds - minutes * 60).toFixed(2)} seconds`;
  }

  @Extensions({ needs: ["progress_done", "progress_total", "progress_message"] } satisfies ComputedField)
  @FieldResolver(() => JobResultProgress, {
    nullable: true,
    description: "The last progress that the job reported; null before the first.",
  })
  progress(@Root() row: Row): JobResultProgress | null {
    const { progress_done: done, progress_total: total, progress_message: message } = row;
    return done === null ? null : ({ done, total, message: message ?? "" } as JobResultProgress);
  }

  @Extensions({ needs: ["celery_kwargs"] } satisfies ComputedField)
  @FieldResolver(() => [String], {
    description: "Names of sensitive inputs. They are not in `task_kwargs`, and a repeated run needs them again.",
  })
  sensitiveVariables(@Root() row: Row): string[] {
    return sensitiveVariables(row);
  }

  @Extensions({ needs: ["meta"] } satisfies ComputedField)
  @FieldResolver(() => [JobResultApproval], {
    description: "The approvals of the run; empty when none was needed.",
  })
  approvals(@Root() row: Row): JobResultApproval[] {
    return listIn(membersOf(row["meta"])["approvals"]).map((kept) => {
      const { user_name, date, comment, stage } = membersOf(kept);
      const told = { userName: textIn(user_name), date: readStoredTime(date) ?? PLAIN_TIME, comment: textIn(comment) };
      return { ...told, stage: textIn(stage) || null };
    });
  }

  @Subscription(() => JobResult, {
    description:
      "One run: its current state, then its state after each change of status, progress or line counts. Completes after the final state. Changes that are faster than the client are combined.",
    subscribe: ({ args, context, info }) => followRun(args as { id: string }, context as Context, info),
  })
  jobResult(@Root() row: Row, @Arg("id", () => ID, { description: "Primary key." }) _id: string): Row {
    return row;
  }

  @Extensions({ needs: ["celery_kwargs"] } satisfies ComputedField)
  @FieldResolver(() => JobQueue, { nullable: true, description: "The queue of the run; null once it is deleted." })
  queue(@Root() row: Row, @Ctx() context: Context, @Info() info: GraphQLResolveInfo): Promise<Row | null> | null {
    const name = textIn(membersOf(row["celery_kwargs"])["queue"]);
    return name ? queueByName(name, context, info) : null;
  }
}

const UpdateJobResultInput = inputOf(JobResult, { fields: ["_custom_field_data"], isNew: false });

/** Mutations of the records of runs. */
@Resolver()
export class JobResultMutations {
  @Mutation(() => JobResult, { description: "Updates the custom fields of a run. Its record stays as it is." })
  async updateJobResult(
    @Arg("id", () => ID, { description: "Primary key." }) id: string,
    @Arg("data", () => UpdateJobResultInput, { description: "Values to change." }) data: Data,
    @Ctx() { reader, change }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    await change((unit) => updateObject(unit, JobResult, id, data));
    return readChanged(reader, info, JOB_RESULT, id);
  }
}

async function followRun(args: { id: string }, { reader, runner }: Context, info: GraphQLResolveInfo): Promise<Follower<Row>> {
  const columns = [...new Set([...STATE, ...PROGRESS, ...selectedColumns(info, JOB_RESULT)])];
  const id = await runToFollow(reader, args.id);
  return runner.followState<Row>({
    key: `${reader.rights.key} job_result ${id} ${columns.join()}`,
    topics: [`result:${id}`, `lines:${id}`],
    async read() {
      const state = await readOne(reader, JOB_RESULT, columns, id);
      return state && { state, isFinal: FINAL_STATUSES.includes(state["status"] as JobResultStatus) };
    },
  });
}

const milliseconds = (moment: Date | string) => Date.parse(isoTime(moment));
