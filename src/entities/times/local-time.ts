/*
 * Clocks of time zones. A reading is what a clock on the wall shows, as the moment at which a clock in UTC shows the same, in milliseconds
 * since the epoch: so readings are calculated with as if no clock were ever changed.
 */

const DAY_MS = 86_400_000;

const offsets = new Map<string, Intl.DateTimeFormat>();

/** Returns the milliseconds that a zone's clocks are ahead of UTC at a moment. @throws RangeError for an unknown zone. */
function offsetAt(zone: string, time: number): number {
  let format = offsets.get(zone);
  if (!format) offsets.set(zone, (format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })));
  const [, sign, hours = 0, minutes = 0, seconds = 0] =
    /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(time)) ?? [];
  return (sign === "-" ? -1000 : 1000) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/** True if the zone exists: a database may hold names of another release. */
export function isZone(zone: string): boolean {
  try {
    offsetAt(zone, 0);
    return true;
  } catch {
    return false;
  }
}

/** Returns the date and time that a zone's clocks show at a moment. */
export function readingAt(zone: string, time: number): number {
  return time + offsetAt(zone, time);
}

/** The moment at which a zone's clocks show a reading: the first where they show it twice, the end of the gap where they skip it. */
export function momentOf(zone: string, reading: number): number {
  const [before, after] = [offsetAt(zone, reading - DAY_MS), offsetAt(zone, reading + DAY_MS)];
  // Clocks that are put back show it first with the offset from before.
  for (const offset of before >= after ? [before, after] : [after, before])
    if (readingAt(zone, reading - offset) === reading) return reading - offset;
  return changeWithin(zone, reading - after, reading - before)!;
}

/** The first moment after one at which a zone's clocks show a reading that `next` names, however often they have shown it before. */
export function nextShown(zone: string, after: number, next: (reading: number) => number | null): number | null {
  for (let from = after; ;) {
    const offset = offsetAt(zone, from);
    const reading = next(from + offset);
    if (reading === null) return null;
    const change = firstChange(zone, from, reading - offset);
    if (change === undefined) return reading - offset;
    // From there on it shows other readings, of which the first counts too.
    if (next(readingAt(zone, change) - 1) === readingAt(zone, change)) return change;
    from = change;
  }
}

/** Returns the time of the next change of a zone's clocks, up to `until`. No two changes are within a day of each other. */
function firstChange(zone: string, from: number, until: number): number | undefined {
  for (let start = from; start < until; start += DAY_MS) {
    const change = changeWithin(zone, start, Math.min(start + DAY_MS, until));
    if (change !== undefined) return change;
  }
  return undefined;
}

/** The moment after `from`, and no later than `until`, from which on a zone's clocks have the offset that they have then. */
function changeWithin(zone: string, from: number, until: number): number | undefined {
  const [offset, changed] = [offsetAt(zone, from), offsetAt(zone, until)];
  if (offset === changed) return undefined;
  let [low, high] = [from, until];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === changed) high = middle;
    else low = middle;
  }
  return high;
}
