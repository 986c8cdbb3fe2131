import type { Reader } from "./reader.ts";
import { GraphQLBoolean, type GraphQLInputType, GraphQLList, GraphQLString } from "graphql";
import { type Expression, type RawBuilder, sql, type SqlBool } from "kysely";
import type { ListType } from "../../entities/database.ts";
import { AppError } from "../../errors.ts";

/** A part of a `where`; made for the database that will run it. */
export interface Condition {
  (reader: Reader): Expression<SqlBool>;
  /** Tells it from all others of its model; only for one of few, without values of the client's, so that its statements can be kept. */
  key?: string;
  /** Looks for the objects that its values name. @throws {@link AppError} BAD_USER_INPUT for a value that names none. */
  check?: (reader: Reader) => Promise<void>;
}

interface Argument {
  type: GraphQLInputType;
  description: string;
  /** True where its values name objects, as ids do: a list with it has no default filters. */
  isName?: boolean;
}

/** A filter that finds the same for everybody. */
export interface PlainFilter extends Argument {
  isPersonal?: false;
  /** @throws {@link AppError} BAD_USER_INPUT that names the argument, for a value that cannot be. */
  condition(argument: string, given: unknown): Condition;
}

interface PersonalFilter extends Argument {
  /** Declares that it finds other objects for other users: no answer with it is given to several. */
  isPersonal: true;
  /** @see PlainFilter.condition; `viewerId` is the id of the user who asks. */
  condition(argument: string, given: unknown, viewerId: string): Condition;
}

/** An argument of a list. Only a personal one knows its viewer. */
export type Filter = PersonalFilter | PlainFilter;

/** Type of a filter that takes any number of texts. */
export const STRINGS = new GraphQLList(GraphQLString);

/** Values as given, without those that say nothing, as Nautobot has it: nulls and empty texts. A filter without a value filters nothing. */
export const valuesOf = (given: unknown): unknown[] =>
  (Array.isArray(given) ? (given as unknown[]) : [given]).filter(
    (value) => value !== null && value !== undefined && value !== "",
  );

/** Refuses a value of an argument, in a sentence. @throws {@link AppError} BAD_USER_INPUT. */
export function refuse(argument: string, message: string): never {
  throw new AppError("BAD_USER_INPUT", `${argument}: ${message}`, [{ field: argument, message }]);
}

/** True if one of the conditions holds; false without any. */
export function anyOf(conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> {
  if (conditions.length === 0) return sql`(false)`;
  return conditions.length === 1 ? conditions[0]! : sql`(${sql.join(conditions, sql` or `)})`;
}

/** Negates a condition. It then holds for null too, as Django's `exclude`. */
export const not = (condition: RawBuilder<SqlBool>, ref: RawBuilder<unknown>, nullable: boolean): RawBuilder<SqlBool> =>
  nullable ? sql`(${ref} is null or not ${condition})` : sql`not ${condition}`;

/** Values with a parameter each; of more, a database has not as many as a list may hold. */
const MOST_PARAMETERS = 50;

/** The value is one of these: nothing is where there are none. */
export function within(
  reader: Reader,
  ref: RawBuilder<unknown>,
  values: readonly unknown[],
  type: ListType,
): RawBuilder<SqlBool> {
  if (values.length === 0) return sql`(false)`;
  if (values.length > MOST_PARAMETERS) return reader.database.isOneOf(ref, values, type);
  return values.length === 1 ? sql`(${ref} = ${values[0]})` : sql`(${ref} in (${sql.join(values)}))`;
}

/** Returns a filter for the presence of a value. */
export function isNullFilter(name: string, ref: RawBuilder<unknown>): PlainFilter {
  return {
    type: GraphQLBoolean,
    description: `True for objects without \`${name}\`, false for objects with it.`,
    condition: (_, given) => () => (given ? sql<SqlBool>`${ref} is null` : sql<SqlBool>`${ref} is not null`),
  };
}
