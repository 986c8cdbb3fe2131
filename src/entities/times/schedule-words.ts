import { toString as wordsOf } from "cronstrue";
import { readingAt } from "./local-time.ts";
import { cronText, neverRuns, type Schedule } from "./schedule.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A schedule in words: `Every Monday at 09:00 (Europe/Paris)`; one that {@link neverRuns} says why. */
export function describeSchedule(
  schedule: Pick<Schedule, "crontab" | "expires" | "interval" | "oneOff" | "startTime" | "timeZone">,
): string {
  const { interval, timeZone, oneOff, expires } = schedule;
  const reason = neverRuns(schedule);
  if (reason !== undefined) return `Never: ${reason}`;
  const isOnce = oneOff || cronText(schedule) === null;
  const zone = interval === "IMMEDIATELY" ? "" : ` (${timeZone})`;
  const end = expires && !isOnce ? `, until ${dayAndTime(timeZone, expires)}` : "";
  const words = regular(schedule);
  const again = cronText(schedule) !== null;
  return `${oneOff && again ? `Once: ${words[0]!.toLowerCase()}${words.slice(1)}` : words}${zone}${end}`;
}

function regular({
  interval,
  crontab,
  startTime,
  timeZone,
}: Pick<Schedule, "crontab" | "interval" | "startTime" | "timeZone">): string {
  const [, time] = dayAndTime(timeZone, startTime).split(" at ") as [string, string];
  switch (interval) {
    case "IMMEDIATELY":
      return "Once, at once";
    case "FUTURE":
      return `Once, on ${dayAndTime(timeZone, startTime)}`;
    case "HOURLY":
      return `Every hour at minute ${Number(time.slice(3, 5))}`;
    case "DAILY":
      return `Every day at ${time}`;
    case "WEEKLY":
      return `Every ${DAYS[new Date(readingAt(timeZone, startTime.getTime())).getUTCDay()]} at ${time}`;
    case "CUSTOM":
      return wordsOfCrontab(crontab);
  }
}

/** Spellings that only the reader of crontabs knows: it joins days by `+`, and has `*` in a list with others. */
const UNCOMMON = /\+|,\*|\*[^\s/]/;

/** The crontab in words; in its own where there are none: another library reads it than carries it out. */
function wordsOfCrontab(crontab: string): string {
  const itself = `By the crontab ${crontab.trim().replaceAll(/\s+/g, " ")}`;
  if (UNCOMMON.test(crontab)) return itself;
  try {
    const words = wordsOf(crontab, { use24HourTimeFormat: true, logicalAndDayFields: true });
    return /undefined|null|NaN/.test(words) ? itself : words;
  } catch {
    return itself;
  }
}

/** `2026-03-28 at 09:00`, as a zone's clocks show it. */
function dayAndTime(timeZone: string, time: Date): string {
  return new Date(readingAt(timeZone, time.getTime())).toISOString().slice(0, 16).replace("T", " at ");
}
