import { Cron } from "croner";
import { ScheduledJobInterval, type ScheduledJobState } from "../choices.ts";
import { isZone, momentOf, nextShown, readingAt } from "./local-time.ts";

/** Columns that decide when a schedule runs its job. */
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

/** The times of a schedule, without its history. */
export type Times = Pick<Schedule, "crontab" | "interval" | "startTime" | "timeZone">;

const INTERVALS: ReadonlySet<string> = new Set(Object.values(ScheduledJobInterval));

/** Returns why a schedule that is stored never runs its job, as a sentence: a database may hold other words than were checked. Undefined for any other. */
export function neverRuns({ interval, crontab, timeZone }: Times): string | undefined {
  if (!isZone(timeZone)) return `there is no time zone ${JSON.stringify(timeZone)}.`;
  if (!INTERVALS.has(interval)) return `there is no interval ${JSON.stringify(interval)}.`;
  if (interval === "CUSTOM" && wrongCrontab(crontab)) return `the crontab ${JSON.stringify(crontab)} cannot be read.`;
  return undefined;
}

/** A schedule as cron spells it, in its own time zone; null for one that is run once, at its start, and where there is no such zone or interval. */
export function cronText(times: Times): string | null {
  if (!isZone(times.timeZone) || !INTERVALS.has(times.interval)) return null;
  const text = cronWithSeconds(times);
  return text === null || times.interval === "CUSTOM" ? text : text.slice(text.indexOf(" ") + 1);
}

/** Returns the crontab with the second of the start time before it. A crontab of the user stays as it is. */
function cronWithSeconds({ interval, crontab, startTime, timeZone }: Times): string | null {
  if (interval === "CUSTOM") return crontab;
  if (interval === "IMMEDIATELY" || interval === "FUTURE") return null;
  const start = new Date(readingAt(timeZone, wholeSecond(startTime)));
  const time = `${start.getUTCSeconds()} ${start.getUTCMinutes()}`;
  if (interval === "HOURLY") return `${time} * * * *`;
  return `${time} ${start.getUTCHours()} * * ${interval === "DAILY" ? "*" : start.getUTCDay()}`;
}

/** Returns a time in milliseconds, rounded up to a second: cron knows no parts of a second. */
const wholeSecond = (time: Date) => Math.ceil(time.getTime() / 1000) * 1000;

/** Syntax that croner takes, and other readers of crontabs do not. */
const UNUSUAL = /\?|#(?![1-5])/;

/** Returns the error of a crontab, as a sentence; undefined for a valid one. */
export function wrongCrontab(crontab: string): string | undefined {
  const fields = crontab.trim().split(/\s+/);
  if (fields.length !== 5 || UNUSUAL.test(crontab))
    return "A crontab has five fields: minute, hour, day of month, month and day of week, with `*` for any, e.g. `30 2 * * 1-5`.";
  try {
    readCron(crontab);
    return undefined;
  } catch (error) {
    return `${(error as Error).message.replace(/^CronPattern: /, "")}.`.replace(/\.+$/, ".");
  }
}

/** Days of the month and of the week must both fit, as with Nautobot's Celery; cron itself would take either. */
const readCron = (text: string) => new Cron(text, { timezone: "UTC", domAndDow: true });

/** An hour that is any hour. */
const EVERY_HOUR = /^(\*(\/1)?|0-23)$/;

/**
 * The first time after a moment at which a schedule runs its job, whether it is on or off; null for never. Where clocks are changed:
 *
 * - A time of day that the clocks skip is run at the first moment after the gap, one that they show twice is run the first time.
 * - A schedule for every hour goes by each reading of the clock: it goes on through an hour that comes twice, and makes up for none that is
 *   skipped. So quarters stay quarters of an hour.
 */
export function nextTime(schedule: Omit<Schedule, "enabled" | "state">, after: Date): Date | null {
  const { startTime, timeZone, oneOff, lastRunAt, expires } = schedule;
  const text = cronWithSeconds(schedule);
  const isOnce = text === null || oneOff;
  if (isOnce && lastRunAt && lastRunAt >= startTime) return null;
  const time = text === null ? (startTime > after ? startTime : null) : nextOf(text, timeZone, start(startTime, after));
  return time && (!expires || time < expires) ? time : null;
}

const start = (startTime: Date, after: Date) => Math.max(after.getTime(), startTime.getTime() - 1);

function nextOf(text: string, timeZone: string, after: number): Date | null {
  const cron = readCron(text);
  const next = (reading: number) => cron.nextRun(new Date(reading))?.getTime() ?? null;
  if (EVERY_HOUR.test(text.trim().split(/\s+/).at(-4)!)) return asDate(nextShown(timeZone, after, next));
  for (let reading = next(readingAt(timeZone, after)); reading !== null; reading = next(reading)) {
    const moment = momentOf(timeZone, reading);
    // All readings of a gap are the same moment, and the second of two equal readings has passed.
    if (moment > after) return new Date(moment);
  }
  return null;
}

const asDate = (time: number | null) => (time === null ? null : new Date(time));

/** Returns the next time of a schedule that becomes active now. A schedule that runs immediately, and has not run, is due now. Null without a next time. */
export function firstTime(schedule: Omit<Schedule, "enabled" | "state">, now: Date): Date | null {
  const { interval, lastRunAt, expires } = schedule;
  if (interval !== "IMMEDIATELY" || lastRunAt) return nextTime(schedule, now);
  return !expires || now < expires ? now : null;
}

/** The next times at which a schedule runs its job, at most `count`, none before its start; a single time that was missed is still to come. */
export function nextRuns(schedule: Schedule, count: number, now: Date): Date[] {
  if (!schedule.enabled || schedule.state !== "ACTIVE") return [];
  if (neverRuns(schedule) !== undefined) return [];
  const cron = cronText(schedule);
  const wanted = cron === null || schedule.oneOff ? Math.min(count, 1) : count;
  const times: Date[] = [];
  let time = cron === null ? new Date(schedule.startTime.getTime() - 1) : now;
  while (times.length < wanted) {
    const next = nextTime(schedule, time);
    if (!next) break;
    times.push(next);
    time = next;
  }
  return times;
}
