import { toString as wordsOf } from "cronstrue";
import { readingAt } from "./local-time.ts";
import { cronText, type Schedule, wrongCrontab } from "./schedule.ts";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A schedule in words: `Every Monday at 09:00 (Europe/Paris)`; one whose crontab cannot be read never runs. */
export function describeSchedule(
  schedule: Pick<Schedule, "crontab" | "expires" | "interval" | "oneOff" | "startTime" | "timeZone">,
): string {
  const { interval, crontab, timeZone, oneOff, expires } = schedule;
  if (interval === "CUSTOM" && wrongCrontab(crontab)) return `Never: the crontab ${JSON.stringify(crontab)} cannot be read.`;
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
      return wordsOf(crontab, { use24HourTimeFormat: true, logicalAndDayFields: true });
  }
}

/** `2026-03-28 at 09:00`, as a zone's clocks show it. */
function dayAndTime(timeZone: string, time: Date): string {
  return new Date(readingAt(timeZone, time.getTime())).toISOString().slice(0, 16).replace("T", " at ");
}
