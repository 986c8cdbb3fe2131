import { Arg, Args, Ctx, Field, Int, ObjectType, Query, Resolver } from "type-graphql";
import { DateTime } from "../../../entities/mapping/scalars.ts";
import { cronText, nextRuns } from "../../../entities/times/schedule.ts";
import { describeSchedule } from "../../../entities/times/schedule-words.ts";
import { AppError } from "../../../errors.ts";
import { planTimes } from "../../../runner/index.ts";
import type { Context } from "../../context.ts";
import { PreviewArgs, givenTimesOf } from "./schedule-input.ts";
import { checkCount, COUNT } from "./scheduled-job.ts";

@ObjectType({ description: "An error of one argument." })
class SchedulePreviewError {
  @Field(() => String, { description: "Name of the argument." })
  field!: string;

  @Field(() => String, { description: "The error, as a sentence." })
  message!: string;
}

@ObjectType({ description: "A preview of a schedule, or its errors." })
class SchedulePreview {
  @Field(() => String, { nullable: true, description: "The schedule in words; null after errors." })
  describe!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The schedule in cron's notation, in its own time zone; null for a single run, and after errors.",
  })
  schedule!: string | null;

  @Field(() => [DateTime], { description: "The next times of runs, soonest first." })
  nextRuns!: Date[];

  @Field(() => [SchedulePreviewError], { description: "The errors, by argument; empty for none." })
  errors!: SchedulePreviewError[];
}

/** Preview of a schedule's times, for forms. */
@Resolver()
export class SchedulePreviewResolver {
  @Query(() => SchedulePreview, {
    description: "Previews a schedule, for a form while it is filled in. Nothing is stored.",
  })
  previewSchedule(
    @Args(() => PreviewArgs) args: PreviewArgs,
    @Arg("count", () => Int, COUNT) count: number,
    @Ctx() { runner }: Context,
  ): SchedulePreview {
    checkCount(count);
    const now = runner.now();
    try {
      const { times } = planTimes(givenTimesOf(args), undefined, now);
      const schedule = { ...times, enabled: true, state: "ACTIVE", lastRunAt: null } as const;
      return {
        describe: describeSchedule(times),
        schedule: cronText(times),
        nextRuns: nextRuns(schedule, count, now),
        errors: [],
      };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { describe: null, schedule: null, nextRuns: [], errors: [...error.details] };
    }
  }
}
