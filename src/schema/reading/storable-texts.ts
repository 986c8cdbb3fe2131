import { MapperKind, mapSchema } from "@graphql-tools/utils";
import type { GraphQLSchema } from "graphql";
import { ISO_TIME, WallTime } from "../../entities/times/read-time.ts";
import { refuse } from "./condition.ts";

/** Returns whether every database can store the text: without NUL, and without half of a surrogate pair. */
export const isStorable = (text: string) => !text.includes("\0") && text.isWellFormed();

/** Levels of lists and objects in a value of JSON. */
const MAX_LEVELS = 200;

/** Returns a path up to its field. */
const topOf = (path: string) => path.split(".").slice(0, 2).join(".");

const MESSAGE = "A text holds NUL (U+0000) or half a surrogate pair, which cannot be stored or searched for.";

/** Arguments of a field whose texts its resolver checks itself, for it has more to say of where they are. */
export interface ReadsTexts {
  readsTexts: readonly string[];
}

/**
 * The schema with every argument checked: a text that PostgreSQL would refuse, at any depth of a value, is rejected by its path before a
 * resolver sees it, on either database and for storing and searching alike.
 */
export function withStorableTexts(schema: GraphQLSchema): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field) => {
      if (Object.keys(field.args ?? {}).length === 0) return field;
      const { resolve, subscribe } = field;
      const { readsTexts = [] } = (field.extensions ?? {}) as Partial<ReadsTexts>;
      const checked = <T extends object>(args: T) => checkArguments(args, readsTexts);
      return {
        ...field,
        ...(resolve && {
          resolve: ((root, args, context, info) => resolve(root, checked(args), context, info)) as typeof resolve,
        }),
        ...(subscribe && {
          subscribe: ((root, args, context, info) => subscribe(root, checked(args), context, info)) as typeof subscribe,
        }),
      };
    },
  });
}

function checkArguments<T extends object>(args: T, others: readonly string[]): T {
  for (const [name, value] of Object.entries(args)) {
    if (others.includes(name)) continue;
    // Errors name the whole list, as a single value may stand for a list of one.
    if (Array.isArray(value)) for (const item of value) checkTexts(item, name);
    else checkIn(args, value, name);
  }
  return args;
}

/**
 * Checks every text in a value of JSON, and its depth, so that later walks through it end within the stack.
 * @throws {@link AppError} BAD_USER_INPUT that names the path of the first text that cannot be stored, or the field that is too deep.
 */
export function checkTexts(value: unknown, path: string, level = 0): void {
  if (typeof value === "string") {
    if (!isStorable(value)) refuse(path, MESSAGE);
  } else if (typeof value === "object" && value !== null) {
    if (level === MAX_LEVELS) refuse(topOf(path), `The value is nested more than ${MAX_LEVELS} levels deep.`);
    for (const [key, inner] of Object.entries(value)) {
      if (!isStorable(key)) refuse(path, MESSAGE);
      checkIn(value, inner, path ? `${path}.${key}` : key, level + 1);
    }
  }
}

/** Checks a value of an object: a time without a zone is one only in the `time_zone` beside it. */
function checkIn(beside: object, value: unknown, path: string, level = 0): void {
  const { time_zone: zone } = beside as { time_zone?: unknown };
  if (value instanceof WallTime && !value.isDay && typeof zone !== "string") refuse(path, `This is not ${ISO_TIME}.`);
  checkTexts(value, path, level);
}
