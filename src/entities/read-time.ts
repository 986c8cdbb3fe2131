/** First and last year that every database and every client can write down. */
const [FIRST_YEAR, LAST_YEAR] = [1, 9999];

/** Returns the moment that a text of ISO 8601 names; undefined for a day that its month does not have, and outside the years 1 to 9999. */
export function readTime(text: string): Date | undefined {
  const time = new Date(text);
  const year = time.getUTCFullYear();
  // Not true of NaN, the year of a text that names no moment.
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return undefined;
  return isDay(/^\d{4}-\d\d-\d\d(?=T|$)/.exec(text)?.[0]) ? time : undefined;
}

/** A 30th of February is taken for a day of March. */
function isDay(day: string | undefined): boolean {
  return day === undefined || new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
