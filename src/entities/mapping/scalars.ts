import { GraphQLError, GraphQLID, GraphQLScalarType, Kind, type ValueNode, valueFromASTUntyped } from "graphql";
import { isDay, ISO_TIME, readTime, readWallTime } from "../times/read-time.ts";
import { shown } from "./shown.ts";
import { isoTime } from "../times/timestamp.ts";

const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Returns the id that a text of a UUID means, of any version and in either case, as it is stored: in lower case. Undefined for any other value. */
export function uuidOf(value: unknown): string | undefined {
  return typeof value === "string" && UUID_PATTERN.test(value) ? value.toLowerCase() : undefined;
}

// Errors of GraphQL's own kind are told to the client as they are; any other would be taken for a fault of the server.
function parseUuid(value: unknown): string {
  const id = uuidOf(value);
  if (id === undefined) throw new GraphQLError(`UUID cannot represent ${shown(value)}.`);
  return id;
}

function parseDateTime(value: unknown): Date {
  const time = typeof value === "string" ? (readWallTime(value) ?? readTime(value)) : undefined;
  if (!time) throw new GraphQLError(`DateTime cannot represent ${shown(value)}: give ${ISO_TIME}.`);
  return time;
}

function parseDay(value: unknown): string {
  if (typeof value !== "string" || !isDay(value))
    throw new GraphQLError(`Date cannot represent ${shown(value)}: give a day as YYYY-MM-DD.`);
  return value;
}

/** Text of the literal, so that a wrong kind is rejected by the same sentence as a wrong value. */
const literal = (node: ValueNode): unknown => (node.kind === Kind.STRING ? node.value : valueFromASTUntyped(node));

/** A UUID; rows hold its text, so reading costs nothing. */
export const UUID = new GraphQLScalarType<string, string>({
  name: "UUID",
  description: "A UUID in its usual text form, e.g. `018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f`.",
  specifiedByURL: "https://datatracker.ietf.org/doc/html/rfc9562",
  serialize: String,
  parseValue: parseUuid,
  parseLiteral: (node) => parseUuid(literal(node)),
});

const idOf = (value: string) => uuidOf(value) ?? value;

/** GraphQL's own `ID`, but that a UUID arrives as it is stored, however it is spelled. */
export const ID = new GraphQLScalarType<string, string>({
  ...GraphQLID.toConfig(),
  parseValue: (value) => idOf(GraphQLID.parseValue(value)),
  parseLiteral: (node, variables) => idOf(GraphQLID.parseLiteral(node, variables)),
});

/** A moment; accepts the value of a row of either database. A text without a zone arrives as a `WallTime`: only a `time_zone` beside it tells the moment. */
export const DateTime = new GraphQLScalarType<Date, string>({
  name: "DateTime",
  description: "A moment in UTC as ISO 8601 text with milliseconds, e.g. `2026-11-24T08:24:11.300Z`.",
  specifiedByURL: "https://datatracker.ietf.org/doc/html/rfc3339",
  serialize: (value) => isoTime(value as Date | string),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(literal(node)),
});

/** A day of the calendar; rows hold its text. */
export const Day = new GraphQLScalarType<string, string>({
  name: "Date",
  description: "A day as ISO 8601 text, e.g. `2026-11-24`.",
  specifiedByURL: "https://datatracker.ietf.org/doc/html/rfc3339",
  serialize: String,
  parseValue: parseDay,
  parseLiteral: (node) => parseDay(literal(node)),
});

function parseSafeInt(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw new GraphQLError(`SafeInt cannot represent ${shown(value)}: give a whole number.`);
  return value as number;
}

/** A whole number that JavaScript holds exactly, as a number of JSON; 32 bits are too few for the number of an autonomous system. */
export const SafeInt = new GraphQLScalarType<number, number>({
  name: "SafeInt",
  description: "A whole number from -9007199254740991 to 9007199254740991.",
  serialize: parseSafeInt,
  parseValue: parseSafeInt,
  parseLiteral: (node) => parseSafeInt(node.kind === Kind.INT ? Number(node.value) : literal(node)),
});

/** Any JSON value, under the name Nautobot gives it. */
export const GenericScalar = new GraphQLScalarType({
  name: "GenericScalar",
  description: "Any JSON value: object, list, string, number, boolean or null.",
  serialize: (value) => value,
  parseValue: (value) => value,
  parseLiteral: (node, variables) => valueFromASTUntyped(node, variables),
});
