import { ArgsType, Field, InputType } from "type-graphql";
import { ScheduledJobCatchUp, ScheduledJobInterval } from "../../../entities/choices.ts";
import { DateTime, GenericScalar } from "../../../entities/mapping/scalars.ts";
import type { GivenTimes, ScheduleWishes } from "../../../runner/index.ts";
import { dataOf } from "../job/job-mutations.ts";

/** When a job is to be run. */
@InputType()
@ArgsType()
class TimesInput {
  @Field(() => String, {
    nullable: true,
    description: "For the interval `CUSTOM`: minute, hour, day of month, month and day of week, as cron spells them.",
  })
  crontab?: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      "From when on it is run; for `FUTURE` when. Without a zone of its own it is meant in the `time_zone` that is given. Needed for `FUTURE`, `HOURLY`, `DAILY` and `WEEKLY`, of which it says the minute, the time and the day; not in the past.",
  })
  startTime?: Date | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Time zone that its hours and days are meant in: `Europe/Paris`, or `EUROPE_PARIS`, in any case. `UTC` unless given.",
  })
  timeZone?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether it is run a single time: the first that `crontab` or the interval names.",
  })
  oneOff?: boolean | null;

  @Field(() => DateTime, { nullable: true, description: "From when on it is no longer run; null for never." })
  expires?: Date | null;
}

/** What a schedule is besides. */
@InputType()
class OptionsInput extends TimesInput {
  @Field(() => ScheduledJobCatchUp, {
    nullable: true,
    description: "What becomes of times at which no server was there. `ONE` unless given.",
  })
  catchUp?: ScheduledJobCatchUp | null;

  @Field(() => String, { nullable: true, description: "What it is for." })
  description?: string | null;

  @Field(() => Boolean, { nullable: true, description: "False for a schedule that is off." })
  enabled?: boolean | null;
}

/** The times of a schedule that is not made yet. */
@ArgsType()
export class PreviewArgs extends TimesInput {
  @Field(() => ScheduledJobInterval, { nullable: true, description: "How often it is run; needed in the end." })
  interval?: ScheduledJobInterval | null;
}

/** What a schedule is, besides what `schedule_job` says of its runs. */
@InputType({ description: "When and how often a job is to be run." })
export class ScheduleInput extends OptionsInput {
  @Field(() => String, { description: "Unique name of the schedule." })
  name!: string;

  @Field(() => ScheduledJobInterval, { description: "How often it is run." })
  interval!: ScheduledJobInterval;
}

/** What is run. */
@InputType()
class ContentInput extends OptionsInput {
  @Field(() => GenericScalar, {
    nullable: true,
    description: "The inputs of each run: an object that fits the job's `variables_schema`.",
  })
  kwargs?: unknown;

  @Field(() => String, {
    nullable: true,
    description: "Name or id of the queue that its runs wait in, one of the job's; null for its default.",
  })
  jobQueue?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether its runs change nothing; the job's `dryrun_default` when never given.",
  })
  dryrun?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether to keep what its runs print; the job's `console_log_default` when never given.",
  })
  consoleLog?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: "Whether to run a singleton although a run of it is under way." })
  ignoreSingletonLock?: boolean | null;
}

/** What a new schedule is. */
@InputType({ description: "What a new schedule is." })
export class CreateScheduledJobInput extends ContentInput {
  @Field(() => String, { description: "Unique name of the schedule." })
  name!: string;

  @Field(() => String, { description: "The job that is run, by id, `class_path` or name." })
  jobModel!: string;

  @Field(() => ScheduledJobInterval, { description: "How often it is run." })
  interval!: ScheduledJobInterval;
}

/** What to change of a schedule. */
@InputType({ description: "What to change of a schedule. A field that is not given stays as it is." })
export class UpdateScheduledJobInput extends ContentInput {
  @Field(() => String, { nullable: true, description: "Unique name of the schedule." })
  name?: string | null;

  @Field(() => String, { nullable: true, description: "The job that is run, by id, `class_path` or name." })
  jobModel?: string | null;

  @Field(() => ScheduledJobInterval, { nullable: true, description: "How often it is run." })
  interval?: ScheduledJobInterval | null;
}

/** What is given of when. Null, where it means nothing of its own, is nothing given. */
export function timesOf({
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

/** What is given of a schedule, but for what it runs. */
export function optionsOf(input: OptionsInput & { name?: string | null }): ScheduleWishes {
  const { name, description, enabled, catchUp } = input;
  return {
    ...timesOf(input),
    name: name ?? undefined,
    description: description ?? undefined,
    enabled: enabled ?? undefined,
    catchUp: catchUp ?? undefined,
  };
}

/** What is given of what a schedule runs, its job apart. @throws {@link AppError} BAD_USER_INPUT for inputs that are no object. */
export function contentOf({ kwargs, jobQueue, dryrun, consoleLog, ignoreSingletonLock }: ContentInput): ScheduleWishes {
  return {
    data: kwargs === undefined || kwargs === null ? undefined : dataOf(kwargs, "data.kwargs"),
    jobQueue,
    dryRun: dryrun ?? undefined,
    consoleLog: consoleLog ?? undefined,
    ignoreSingletonLock: ignoreSingletonLock ?? undefined,
  };
}
