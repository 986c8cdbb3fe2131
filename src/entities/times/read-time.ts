import { momentOf } from "./local-time.ts";

/** First and last year that every database and every client can write down. */
const [FIRST_YEAR, LAST_YEAR] = [1, 9999];

const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d+))?)?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?$/i;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** Words for a text that is taken for a time. */
export const ISO_TIME = "a time of ISO 8601 with its zone, such as 2026-03-01T09:00:00Z, of the years 1 to 9999";

/** A time of ISO 8601 without a zone, as a Date: the moment at which a clock in UTC shows it. */
export class WallTime extends Date {
  /** True for a day alone: without a zone beside it, it begins in UTC. */
  readonly isDay: boolean;

  constructor(reading: number, isAlone: boolean) {
    super(reading);
    this.isDay = isAlone;
  }

  /** Returns the moment at which a zone's clocks show it. */
  momentIn(zone: string): Date {
    return new Date(momentOf(zone, this.getTime()));
  }
}

/**
 * Returns the moment that a text of ISO 8601 with a zone names, or at which a day begins in UTC; undefined for any other text, a day that its month does not have, and years before 1 or
 * after 9999.
 * @param beyond what becomes of parts of a millisecond, which no database keeps: the moment before, or the one after.
 */
export function readTime(text: string, beyond: "after" | "before" = "before"): Date | undefined {
  const time = parse(text);
  if (time?.offsetMs === undefined) return isDay(text) ? new Date(`${text}T00:00:00Z`) : undefined;
  return within(new Date(time.reading - time.offsetMs + Number(beyond === "after" && time.hasMore)));
}

/** Returns the time, or the beginning of a day, that a text of ISO 8601 without a zone names; undefined as {@link readTime}. */
export function readWallTime(text: string): WallTime | undefined {
  const isAlone = DAY.test(text);
  const time = parse(isAlone ? `${text}T00:00` : text);
  return time && time.offsetMs === undefined ? within(new WallTime(time.reading, isAlone)) : undefined;
}

/** Tells whether a text is a day of the calendar: `2026-03-01`. */
export function isDay(text: string): boolean {
  return readWallTime(text)?.isDay ?? false;
}

function within<T extends Date>(time: T): T | undefined {
  const year = time.getUTCFullYear();
  return year >= FIRST_YEAR && year <= LAST_YEAR ? time : undefined;
}

function parse(text: string): { reading: number; offsetMs: number | undefined; hasMore: boolean } | undefined {
  const [found, day, clock, seconds = "00", part = "", zulu, sign, hours = "00", minutes = "00"] = TIME.exec(text) ?? [];
  if (found === undefined || clock!.startsWith("24") || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const time = new Date(`${day}T${clock}:${seconds}.${part.slice(0, 3).padEnd(3, "0")}Z`);
  // A 30th of February is taken for a day of March.
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(day!)) return undefined;
  const offsetMs = (sign === "-" ? -60_000 : 60_000) * (Number(hours) * 60 + Number(minutes));
  return {
    reading: time.getTime(),
    offsetMs: zulu || sign ? offsetMs : undefined,
    hasMore: Number(part.slice(3)) > 0,
  };
}
