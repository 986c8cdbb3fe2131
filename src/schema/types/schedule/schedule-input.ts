import { ArgsType, Field, InputType } from "type-graphql";
import { ScheduledJobCatchUp, ScheduledJobInterval } from "../../../entities/choices.ts";
import { DateTime, GenericScalar } from "../../../entities/mapping/scalars.ts";
import type { GivenTimes, ScheduleWishes } from "../../../runner/index.ts";
import { dataOf } from "../job/job-mutations.ts";

/** Times of a schedule. */
@InputType()
@ArgsType()
class TimesInput {
  @Field(() => String, {
    nullable: true,
    description: "For the interval `CUSTOM`: minute, hour, day of month, month and day of week, as in cron.",
  })
  crontab?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      "Time of the first run; for `FUTURE`, of the only run. A time without a zone is one of the given `time_zone`. `FUTURE`, `HOURLY`, `DAILY` and `WEEKLY` need it: it has their minute, time and day. It may not be in the past.",
  })
  startTime?: Date | null;

  @Field(() => String, {
    nullable: true,
    description: "Time zone of hours and days: `Europe/Paris` or `EUROPE_PARIS`, in any case. `UTC` when absent.",
  })
  timeZone?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True to run the job only once, at the first time of `crontab` or the interval.",
  })
  oneOff?: boolean | null;

  @Field(() => DateTime, { nullable: true, description: "Time after which the job no longer runs; null for none." })
  expires?: Date | null;
}

/** Further fields of a schedule. */
@InputType()
class OptionsInput extends TimesInput {
  @Field(() => ScheduledJobCatchUp, {
    nullable: true,
    description: "What happens to times that passed while no server was running. `ONE` when absent.",
  })
  catchUp?: ScheduledJobCatchUp | null;

  @Field(() => String, { nullable: true, description: "Purpose of the schedule." })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: "False for a paused schedule." })
  enabled?: boolean | null;
}

/** The times of a schedule that is not made yet. */
@ArgsType()
export class PreviewArgs extends TimesInput {
  @Field(() => ScheduledJobInterval, { nullable: true, description: "How often the job runs. Required when the form is sent." })
  interval?: ScheduledJobInterval | null;
}

/** Fields of a schedule besides the arguments of `schedule_job` for its runs. */
@InputType({ description: "The times at which a job runs." })
export class ScheduleInput extends OptionsInput {
  @Field(() => String, { description: "Unique name of the schedule." })
  name!: string;

  @Field(() => ScheduledJobInterval, { description: "How often the job runs." })
  interval!: ScheduledJobInterval;
}

/** Content of a schedule's runs. */
@InputType()
class ContentInput extends OptionsInput {
  @Field(() => GenericScalar, {
    nullable: true,
    description: "Inputs of each run: an object that matches the job's `variables_schema`.",
  })
  kwargs?: unknown;

  @Field(() => String, {
    nullable: true,
    description: "One of the job's queues, by name or id; null for its default.",
  })
  jobQueue?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True for dry runs; the job's `dryrun_default` when never given.",
  })
  dryrun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True to keep printed texts; the job's `console_log_default` when never given.",
  })
  consoleLog?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "True to run a singleton although another run is under way." })
  ignoreSingletonLock?: boolean | null;
}

/** Values of a new schedule. */
@InputType({ description: "Values of a new schedule." })
export class CreateScheduledJobInput extends ContentInput {
  @Field(() => String, { description: "Unique name of the schedule." })
  name!: string;

  @Field(() => String, { description: "The job, by id, `class_path` or name." })
  jobModel!: string;

  @Field(() => ScheduledJobInterval, { description: "How often the job runs." })
  interval!: ScheduledJobInterval;
}

/** Values to change in a schedule. */
@InputType({ description: "Values to change in a schedule. Absent fields stay as they are." })
export class UpdateScheduledJobInput extends ContentInput {
  @Field(() => String, { nullable: true, description: "Unique name of the schedule." })
  name?: string | null;

  @Field(() => String, { nullable: true, description: "The job, by id, `class_path` or name." })
  jobModel?: string | null;

  @Field(() => ScheduledJobInterval, { nullable: true, description: "How often the job runs." })
  interval?: ScheduledJobInterval | null;
}

/** Returns the given times. Null counts as absent where it has no meaning. */
export function givenTimesOf({
  interval,
  crontab,
  startTime,
  timeZone,
  oneOff,
  expires,
}: TimesInput & { interval?: ScheduledJobInterval | null }): GivenTimes {
  return {
    interval: interval ?? undefined,
    crontab: crontab ?? undefined,
    startTime: startTime ?? undefined,
    timeZone: timeZone ?? undefined,
    oneOff: oneOff ?? undefined,
    expires,
  };
}

/** Returns the given fields of a schedule, without the content of its runs. */
export function optionsOf(input: OptionsInput & { name?: string | null }): ScheduleWishes {
  const { name, description, enabled, catchUp } = input;
  return {
    ...givenTimesOf(input),
    name: name ?? undefined,
    description: description ?? undefined,
    enabled: enabled ?? undefined,
    catchUp: catchUp ?? undefined,
  };
}

/** Returns the given content of a schedule's runs, without the job. @throws {@link AppError} BAD_USER_INPUT for inputs that are no object. */
export function contentOf({ kwargs, jobQueue, dryrun, consoleLog, ignoreSingletonLock }: ContentInput): ScheduleWishes {
  return {
    data: kwargs === undefined || kwargs === null ? undefined : dataOf(kwargs, "data.kwargs"),
    jobQueue,
    dryRun: dryrun ?? undefined,
    consoleLog: consoleLog ?? undefined,
    ignoreSingletonLock: ignoreSingletonLock ?? undefined,
  };
}
