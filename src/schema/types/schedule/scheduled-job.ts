import { Arg, Ctx, Extensions, FieldResolver, Int, Resolver, Root } from "type-graphql";
import type { ScheduledJobInterval, ScheduledJobState } from "../../../entities/choices.ts";
import { ScheduledJob } from "../../../entities/index.ts";
import { DateTime } from "../../../entities/mapping/scalars.ts";
import { cronText, nextRuns } from "../../../entities/times/schedule.ts";
import { describeSchedule } from "../../../entities/times/schedule-words.ts";
import { storedValue } from "../../../entities/told-rows.ts";
import { isoTime } from "../../../entities/times/timestamp.ts";
import { fieldError } from "../../../errors.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import { namedResolver } from "../../model/named-resolver.ts";
import type { ComputedField } from "../../reading/selection.ts";
import { sensitiveVariables } from "../run/sensitive-variables.ts";
import { WaitingReason } from "../run/waiting-reason.ts";

/** Most times that are told at once. */
const MOST_RUNS = 100;

/** Argument of fields that return times. */
export const COUNT = { defaultValue: 5, description: `Maximum number, up to ${MOST_RUNS}.` } as const;

/** @throws {@link AppError} BAD_USER_INPUT */
export function checkCount(count: number): void {
  if (count >= 0 && count <= MOST_RUNS) return;
  const message = `count must be from 0 to ${MOST_RUNS}.`;
  throw fieldError("BAD_USER_INPUT", "count", message);
}

/** Schedules, to read. */
@Resolver(() => ScheduledJob)
export class ScheduledJobResolver extends namedResolver(ScheduledJob, {
  one: "scheduled_job",
  many: "scheduled_jobs",
  display: { needs: ["name", "interval"], of: (row) => `${row["name"]}: ${String(row["interval"]).toLowerCase()}` },
}) {
  @Extensions({ needs: ["interval", "crontab", "start_time", "time_zone"] } satisfies ComputedField)
  @FieldResolver(() => String, {
    nullable: true,
    description: "The schedule in cron's notation, in its own time zone; null for a single run at `start_time`.",
  })
  schedule(@Root() row: Row): string | null {
    return cronText(times(row));
  }

  @Extensions({ needs: ["interval", "crontab", "start_time", "time_zone", "one_off", "expires"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "The schedule in words." })
  describe(@Root() row: Row): string {
    return describeSchedule({ ...times(row), oneOff: Boolean(row["one_off"]), expires: moment(row["expires"]) });
  }

  @Extensions({
    needs: ["interval", "crontab", "start_time", "time_zone", "enabled", "state", "one_off", "last_run_at", "expires"],
  } satisfies ComputedField)
  @FieldResolver(() => [DateTime], {
    description:
      "The next times of runs, soonest first; empty while the schedule is paused or waits for an approval, and once it has ended.",
  })
  nextRuns(@Root() row: Row, @Arg("count", () => Int, COUNT) count: number, @Ctx() { runner }: Context): Date[] {
    checkCount(count);
    const schedule = {
      ...times(row),
      enabled: Boolean(row["enabled"]),
      state: row["state"] as ScheduledJobState,
      oneOff: Boolean(row["one_off"]),
      lastRunAt: moment(row["last_run_at"]),
      expires: moment(row["expires"]),
    };
    return nextRuns(schedule, count, runner.now());
  }

  @Extensions({ needs: ["time_zone"] } satisfies ComputedField)
  @FieldResolver(() => String, { description: "The time zone in the IANA database: `Europe/Paris`." })
  timeZoneName(@Root() row: Row): string {
    return String(storedValue(row, "time_zone"));
  }

  @Extensions({ needs: ["celery_kwargs"] } satisfies ComputedField)
  @FieldResolver(() => [String], {
    description: "Names of sensitive inputs. They are not in `kwargs`, and wait sealed with the requested run.",
  })
  sensitiveVariables(@Root() row: Row): string[] {
    return sensitiveVariables(row);
  }

  @Extensions({ needs: ["state", "next_run_at"] } satisfies ComputedField)
  @FieldResolver(() => WaitingReason, {
    nullable: true,
    description: "The reason why the schedule waits; null when it does not.",
  })
  waitingReason(@Root() row: Row): WaitingReason | null {
    if (row["state"] === "PENDING") return "AWAITING_APPROVAL";
    return row["next_run_at"] === null ? null : "SCHEDULED_FOR";
  }
}

/** The times of a schedule as they are stored: words of an interval or a zone that there is none of say why it never runs. */
const times = (row: Row) => ({
  interval: String(storedValue(row, "interval")) as ScheduledJobInterval,
  crontab: row["crontab"] as string,
  startTime: moment(row["start_time"])!,
  timeZone: String(storedValue(row, "time_zone")),
});

const moment = (value: unknown) => (value === null ? null : new Date(isoTime(value as Date | string)));
