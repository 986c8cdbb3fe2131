import { Cron } from "croner";
import type { ScheduledJobInterval, ScheduledJobState } from "./choices.ts";

/** What decides when a schedule runs its job. */
export interface Schedule {
  interval: ScheduledJobInterval;
  crontab: string;
  startTime: Date;
  /** Name in the IANA database. */
  timeZone: string;
  enabled: boolean;
  state: ScheduledJobState;
  oneOff: boolean;
  lastRunAt: Date | null;
  expires: Date | null;
}

/** A schedule as cron spells it, in its own time zone; null for one that is run once, at its start. */
export function cronText({
  interval,
  crontab,
  startTime,
  timeZone,
}: Pick<Schedule, "crontab" | "interval" | "startTime" | "timeZone">): string | null {
  if (interval === "CUSTOM") return crontab;
  if (interval === "IMMEDIATELY" || interval === "FUTURE") return null;
  const { minute, hour, weekday } = localTime(startTime, timeZone);
  if (interval === "HOURLY") return `${minute} * * * *`;
  return `${minute} ${hour} * * ${interval === "DAILY" ? "*" : weekday}`;
}

/** The next times at which a schedule runs its job, at most `count`, none before its start; a time that was missed is still to come. */
export function nextRuns(schedule: Schedule, count: number, now: Date): Date[] {
  const { enabled, state, startTime, timeZone, expires, lastRunAt } = schedule;
  if (!enabled || state !== "ACTIVE") return [];
  const cron = cronText(schedule);
  const isOnce = cron === null || schedule.oneOff;
  if (isOnce && lastRunAt) return [];
  const wanted = isOnce ? Math.min(count, 1) : count;
  const times =
    cron === null
      ? [startTime].slice(0, wanted)
      : cronTimes(cron, timeZone, wanted, new Date(Math.max(now.getTime(), startTime.getTime() - 1)));
  return expires ? times.filter((time) => time < expires) : times;
}

/** Days of the month and of the week must both fit, as with Nautobot's Celery; cron itself would take either. */
function cronTimes(cron: string, timezone: string, count: number, after: Date): Date[] {
  return count === 0 ? [] : new Cron(cron, { timezone, domAndDow: true, mode: "5-part" }).nextRuns(count, after);
}

function localTime(time: Date, timeZone: string): { minute: number; hour: number; weekday: number } {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  });
  const part = new Map(parts.formatToParts(time).map(({ type, value }) => [type, value]));
  return {
    minute: Number(part.get("minute")),
    hour: Number(part.get("hour")),
    weekday: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"].indexOf(part.get("weekday")!),
  };
}
