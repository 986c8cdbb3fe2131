import { type ScheduledJobInterval } from "../../entities/choices.ts";
import { nextTime, type Schedule, wrongCrontab } from "../../entities/times/schedule.ts";
import { WallTime } from "../../entities/times/read-time.ts";
import { zoneNamed } from "../../entities/times/time-zones.ts";
import { AppError, type ErrorDetail } from "../../errors.ts";

/** Wishes for the times of a schedule. Absent fields keep their values. */
export interface GivenTimes {
  interval?: ScheduledJobInterval | undefined;
  crontab?: string | undefined;
  /** A {@link WallTime} is meant in the time zone; so is that of `expires`. */
  startTime?: Date | undefined;
  /** Name in the IANA database, or as the wire spells it. */
  timeZone?: string | undefined;
  oneOff?: boolean | undefined;
  /** Null for never. */
  expires?: Date | null | undefined;
}

/** The times of a schedule. */
export type PlannedTimes = Omit<Schedule, "enabled" | "lastRunAt" | "state">;

const FIELDS = { startTime: "start_time", timeZone: "time_zone" } as const;

/** Returns whether the wishes name any time. */
export function saysWhen({ interval, crontab, startTime, timeZone, oneOff, expires }: GivenTimes): boolean {
  return [interval, crontab, startTime, timeZone, oneOff, expires].some((value) => value !== undefined);
}

/**
 * Plans the given times over the earlier ones.
 * @param before absent for a new schedule.
 * @returns it, with the first time that is still to come.
 * @throws {@link AppError} INVALID_SCHEDULE that names every field that is wrong.
 */
export function planTimes(
  wished: GivenTimes,
  before: (PlannedTimes & Pick<Schedule, "lastRunAt">) | undefined,
  now: Date,
): { times: PlannedTimes; next: Date } {
  const details: ErrorDetail[] = [];
  const report = (message: string | undefined, field: string) => message !== undefined && details.push({ field, message });
  const interval = wished.interval ?? before?.interval;
  if (!interval) return refuse([{ field: "interval", message: "Give an interval: how often the job runs." }]);
  const timeZone = wished.timeZone === undefined ? (before?.timeZone ?? "UTC") : zoneNamed(wished.timeZone);
  const given = { ...wished, startTime: momentOf(wished.startTime, timeZone), expires: momentOf(wished.expires, timeZone) };
  const startTime = startOf(interval, given, before, now);
  const crontab = crontabOf(interval, given, before);
  report(wrongZone(interval, given, before, timeZone), FIELDS.timeZone);
  report(wrongStart(interval, given, startTime, now), FIELDS.startTime);
  report(wrongCron(interval, given, crontab), "crontab");
  const expires = given.expires === undefined ? (before?.expires ?? null) : given.expires;
  if (given.expires && given.expires <= now) report("This time is in the past: give a later one.", "expires");
  if (details.length > 0) refuse(details);
  const isSingle = interval === "IMMEDIATELY" || interval === "FUTURE";
  const oneOff = isSingle || (given.oneOff ?? (isSingleBefore(before) ? false : (before?.oneOff ?? false)));
  const times = { interval, crontab, startTime: startTime!, timeZone: timeZone!, oneOff, expires };
  // A schedule that starts at once may do so in this very moment.
  const after = interval === "IMMEDIATELY" ? new Date(now.getTime() - 1) : now;
  const next = nextTime({ ...times, lastRunAt: before?.lastRunAt ?? null }, after);
  return next ? { times, next } : refuse([neverRuns(times, now)]);
}

/** The moment of a time that may be one of the zone's clocks. */
function momentOf<T extends Date | null | undefined>(time: T, zone: string | undefined): Date | T {
  return time instanceof WallTime && zone !== undefined ? time.momentIn(zone) : time;
}

type Before = PlannedTimes | undefined;

const isSingleBefore = (before: Before) => before?.interval === "IMMEDIATELY" || before?.interval === "FUTURE";

function wrongZone(
  interval: ScheduledJobInterval,
  given: GivenTimes,
  before: Before,
  timeZone: string | undefined,
): string | undefined {
  if (!timeZone)
    return `There is no time zone ${JSON.stringify(given.timeZone)}: give a name of the IANA database, e.g. Europe/Paris.`;
  const goesByStart = interval === "HOURLY" || interval === "DAILY" || interval === "WEEKLY";
  if (!before || !goesByStart || given.startTime || timeZone === before.timeZone) return undefined;
  return `Give start_time too: the schedule could keep its time of day, or its moment in ${before.timeZone}.`;
}

/** From when on; undefined where that has to be said. */
function startOf(interval: ScheduledJobInterval, { startTime }: GivenTimes, before: Before, now: Date): Date | undefined {
  if (interval === "IMMEDIATELY") return now;
  if (startTime) return startTime;
  if (interval === "CUSTOM") return before?.interval === "CUSTOM" && before.startTime > now ? before.startTime : now;
  return before?.interval === "CUSTOM" || before?.interval === "IMMEDIATELY" ? undefined : before?.startTime;
}

function wrongStart(
  interval: ScheduledJobInterval,
  given: GivenTimes,
  startTime: Date | undefined,
  now: Date,
): string | undefined {
  if (interval === "IMMEDIATELY")
    return given.startTime && "The interval IMMEDIATELY has no start_time: remove it, or use the interval FUTURE.";
  if (!startTime) return `The interval ${interval} needs a start_time: give the time at which the job runs.`;
  if (given.startTime && given.startTime < now) return `This time is in the past: give one after ${now.toISOString()}.`;
  return undefined;
}

function crontabOf(interval: ScheduledJobInterval, { crontab }: GivenTimes, before: Before): string {
  return interval === "CUSTOM" ? (crontab ?? before?.crontab ?? "").trim() : "";
}

function wrongCron(interval: ScheduledJobInterval, given: GivenTimes, crontab: string): string | undefined {
  if (interval === "CUSTOM") return wrongCrontab(crontab);
  return given.crontab ? `Only the interval CUSTOM has a crontab, and this one is ${interval}.` : undefined;
}

function neverRuns(times: PlannedTimes, now: Date): ErrorDetail {
  if (times.expires && nextTime({ ...times, expires: null, lastRunAt: null }, now))
    return { field: "expires", message: "The schedule would expire before its first run: give a later time." };
  if (times.interval === "CUSTOM")
    return { field: "crontab", message: "No day matches the crontab, so the job would never run: give another one." };
  return { field: FIELDS.startTime, message: `This time has passed: give one after ${now.toISOString()}.` };
}

function refuse(details: readonly ErrorDetail[]): never {
  throw new AppError("INVALID_SCHEDULE", details.map(({ field, message }) => `${field}: ${message}`).join(" "), details);
}
