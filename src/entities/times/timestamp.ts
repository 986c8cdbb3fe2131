import { type Platform, Type } from "@mikro-orm/core";
import { SqlitePlatform } from "@mikro-orm/sql";
import { PLAIN_TIME, readStoredTime } from "./stored-time.ts";

/**
 * A moment in UTC with milliseconds. PostgreSQL keeps `timestamptz`, SQLite ISO 8601 text: there it sorts as it reads, and a row that was read without
 * hydration already holds the API's value.
 */
export class Timestamp extends Type<Date, string> {
  override convertToDatabaseValue(value: Date | string): string {
    // Null passes through: MikroORM converts it too.
    return value ? isoTime(value) : (value as never);
  }

  override convertToJSValue(value: Date | string): Date {
    if (value === null || value === undefined) return value;
    // A row with an odd value is an entity all the same, beside others that have nothing to do with it.
    return value instanceof Date ? value : new Date(readStoredTime(value) ?? PLAIN_TIME);
  }

  override compareAsType(): string {
    return "string";
  }

  override getColumnType(_property: unknown, platform: Platform): string {
    return platform instanceof SqlitePlatform ? "text" : "timestamptz(3)";
  }
}

/** ISO 8601 with milliseconds and `Z`, from a Date, from ISO text, or from PostgreSQL's text in UTC (`2026-11-24 08:24:11.3+00`). */
export function isoTime(value: Date | string): string {
  if (value instanceof Date) return value.toISOString();
  if (value.length === 24 && value.endsWith("Z")) return value;
  const text = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?\+00$/.exec(value);
  return text ? `${text[1]}T${text[2]}.${(text[3] ?? "").padEnd(3, "0")}Z` : new Date(value).toISOString();
}
