import { type RawBuilder, sql } from "kysely";

const TABLE = ["(select key as place, value from json_each(", ")) as owner"] as const;

/** The table of the ids that a parameter holds as JSON: `value` is an id, `place` where it stands. */
export const owners = (parameter: unknown): RawBuilder<unknown> => sql`${sql.raw(TABLE[0])}${parameter}${sql.raw(TABLE[1])}`;

/** The table of owners in the text of a statement. */
export const OWNERS_TEXT: string = TABLE.join("?");

/** Returns about how many ids a parameter holds: they are UUIDs, in quotes, with commas between. */
export const countOwners = (parameter: unknown): number => Math.ceil(String(parameter).length / 39);
