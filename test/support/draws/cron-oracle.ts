import { CronExpressionParser } from "cron-parser";

/*
 * When a crontab is due, found out another way than the product does: another library for the calendar, and clocks of a zone as a table of
 * the stretches between their changes.
 */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stretch without a change of the clocks, in UTC, up to `until`. */
interface Stretch {
  from: number;
  until: number;
  offset: number;
}

const tables = new Map<string, Stretch[]>();

/** Two years of a zone's clocks, and some days before and after. */
function stretchesOf(zone: string, begin: number, end: number): Stretch[] {
  const known = tables.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  const offsetAt = (time: number) => Date.parse(`${format.format(time).replace(" ", "T")}Z`) - time;
  const stretches: Stretch[] = [];
  for (let time = begin - 3 * DAY; time < end + 3 * DAY; time += 30 * MINUTE) {
    const offset = offsetAt(time);
    const last = stretches.at(-1);
    if (last?.offset === offset) last.until = time + 30 * MINUTE;
    else stretches.push({ from: time, until: time + 30 * MINUTE, offset });
  }
  tables.set(zone, stretches);
  return stretches;
}

/** Returns the readings of a clock at the due times of a crontab, as if they were UTC; undefined for more than so many. */
function readings(crontab: string, begin: number, end: number, most: number): number[] | undefined {
  const [minute, hour, day, month, weekday] = crontab.split(" ") as [string, string, string, string, string];
  const from = { tz: "UTC", currentDate: new Date(begin - 1) };
  // The library takes either of the two days, we ask for both.
  const dates = CronExpressionParser.parse(`${minute} ${hour} ${day} ${month} *`, from);
  const weekdays = CronExpressionParser.parse(`* * * * ${weekday}`, from);
  const found: number[] = [];
  for (;;) {
    const date = dates.next().toDate();
    if (date.getTime() > end) return found;
    if (!weekdays.includesDate(date)) continue;
    found.push(date.getTime());
    if (found.length > most) return undefined;
  }
}

/**
 * The moments at which a crontab is due, in order. The rule: a time of day that clocks skip is due when they go on, one that they show twice
 * the first time; a crontab for every hour is due whenever the clock shows one of its minutes, and only then.
 */
export function dueTimes(crontab: string, zone: string, begin: number, end: number, most = Infinity): number[] | undefined {
  const stretches = stretchesOf(zone, begin, end);
  const isHourly = crontab.split(" ")[1] === "*";
  const due = new Set<number>();
  for (const reading of readings(crontab, begin - DAY, end + DAY, most) ?? []) {
    const shown = stretches
      .filter(({ from, until, offset }) => from <= reading - offset && reading - offset < until)
      .map(({ offset }) => reading - offset);
    if (shown.length > 0) for (const moment of isHourly ? shown : shown.slice(0, 1)) due.add(moment);
    else if (!isHourly) {
      const after = stretches.find(({ from, offset }) => reading < from + offset);
      if (after) due.add(after.from);
    }
  }
  const times = [...due].filter((time) => begin < time && time <= end).toSorted((a, b) => a - b);
  return times.length > most || times.length === 0 ? undefined : times;
}
