import { isDeepStrictEqual } from "node:util";
import type { Collection } from "@mikro-orm/core";
import { holdsInAnyCase, type Place } from "./any-case.ts";
import { ISO_TIME, readTime } from "./times/read-time.ts";
import { uuidOf } from "./mapping/scalars.ts";
import { type ColumnShape, type ModelShape, shapeOf } from "./mapping/shape.ts";

/*
 * Conditions on the objects of a model, as Django's `filter` spells them: `{ "job_model__name__in": ["A", "B"] }`. A name is a path of references to a column
 * and, after two underscores, a lookup; all of them hold together. Where a path leads to several objects, a single fit is enough.
 */

/** Constraints as they are stored. */
export type Constraints = Readonly<Record<string, unknown>>;

type Value = boolean | number | string;
/** Compares a value of an object with one of a constraint, neither of them null. */
type Test = (actual: Value, wanted: Value) => boolean;

const text =
  (test: (actual: string, wanted: string) => boolean): Test =>
  (actual, wanted) =>
    test(String(actual), String(wanted));
const inAnyCase = (place: Place) => text((actual, wanted) => holdsInAnyCase(actual, wanted, place));
const lower = (value: string) => value.toLowerCase();

/** Tests of a value against the values of a constraint, by lookup. `in` holds for any value of a list. */
const LOOKUPS: ReadonlyMap<string, Test> = new Map(
  Object.entries({
    exact: (actual, wanted) => actual === wanted,
    in: (actual, wanted) => actual === wanted,
    iexact: inAnyCase("whole"),
    contains: text((actual, wanted) => actual.includes(wanted)),
    icontains: inAnyCase("anywhere"),
    startswith: text((actual, wanted) => actual.startsWith(wanted)),
    istartswith: inAnyCase("start"),
    endswith: text((actual, wanted) => actual.endsWith(wanted)),
    iendswith: inAnyCase("end"),
    gt: (actual, wanted) => actual > wanted,
    gte: (actual, wanted) => actual >= wanted,
    lt: (actual, wanted) => actual < wanted,
    lte: (actual, wanted) => actual <= wanted,
  } satisfies Record<string, Test>),
);

/** A constraint that was understood. */
interface Constraint {
  /** Properties of references on the way to the columns. */
  path: readonly string[];
  /** The references themselves: the model that each is of, and its name there. */
  steps: readonly { of: ModelShape; name: string }[];
  /** The model that the columns are of. */
  target: ModelShape;
  /** Columns that may hold the value, any one of them. A reference itself has two: its id and its natural key. */
  columns: readonly ColumnShape[];
  /** Tests an object's value, which is not null, against the values of a constraint. */
  holds(values: readonly unknown[]): boolean;
}

/** Returns the errors of constraints for objects of a model, a sentence each. */
export function constraintErrors(model: object, constraints: Constraints): string[] {
  return Object.entries(constraints).flatMap(([name, wanted]) => {
    const read = readConstraint(shapeOf(model), name, wanted);
    return typeof read === "string" ? [read] : [];
  });
}

/** An object before and after a change, by wire names; without an after where it is deleted. */
export interface ChangedObject {
  model: object;
  before: Readonly<Record<string, unknown>>;
  after: Readonly<Record<string, unknown>> | null;
}

/**
 * Tells whether a change of an object that others lead to can have the constraints mean other objects than before: it changes a value from one that
 * fits to one that does not, or back, or a reference on the way.
 */
export function isConcerned(model: object, constraints: Constraints, { model: changed, before, after }: ChangedObject): boolean {
  const isOther = (name: string) => !isDeepStrictEqual(before[name], after?.[name]);
  return understood(model, constraints).some(({ steps, target, columns, holds: fits }) => {
    if (steps.some(({ of }, n) => n > 0 && of.model === changed && isOther(steps[n]!.name))) return true;
    if (steps.length === 0 || target.model !== changed) return false;
    const fitsIn = (values: ChangedObject["after"]) =>
      fits(columns.map((column) => values?.[nameOf(target, column)]).filter((value) => value !== null && value !== undefined));
    return fitsIn(before) !== fitsIn(after);
  });
}

/** The references that have to be loaded of an object before {@link fulfils} can look at it, as `populate` names them. */
export function constrainedPaths(model: object, constraints: Constraints): string[] {
  return understood(model, constraints).flatMap(({ path }) => (path.length > 0 ? [path.join(".")] : []));
}

/** Returns whether an object fulfils the constraints. Invalid constraints match nothing: see {@link constraintErrors}. */
export function fulfils(model: object, object: object, constraints: Constraints): boolean {
  const all = understood(model, constraints);
  return all.length === Object.keys(constraints).length && all.every((constraint) => holds(constraint, object));
}

function understood(model: object, constraints: Constraints): Constraint[] {
  return Object.entries(constraints).flatMap(([name, wanted]) => {
    const read = readConstraint(shapeOf(model), name, wanted);
    return typeof read === "string" ? [] : [read];
  });
}

/** @returns a sentence for one that cannot be. */
function readConstraint(model: ModelShape, name: string, wanted: unknown): Constraint | string {
  const path: string[] = [];
  const steps: { of: ModelShape; name: string }[] = [];
  const parts = name.split("__");
  let shape = model;
  for (let relation = relationOf(shape, parts[0]); relation; relation = relationOf(shape, parts[0])) {
    path.push(relation.property);
    steps.push({ of: shape, name: parts[0]! });
    shape = shapeOf(relation.target());
    parts.shift();
  }
  const column = shape.columns.get(parts[0] === "pk" ? "id" : (parts[0] ?? ""));
  if (column) parts.shift();
  const columns = column ? [column] : path.length > 0 ? namesOf(shape) : [];
  const [lookup = "exact", ...rest] = parts;
  const refuse = (message: string) => `${JSON.stringify(name)}: ${message}`;
  if (columns.length === 0 || rest.length > 0 || (lookup !== "isnull" && !LOOKUPS.has(lookup))) {
    const known = column ? [...LOOKUPS.keys(), "isnull"] : [...shape.one.keys(), ...shape.columns.keys()];
    return refuse(`"${parts.join("__")}" is none of ${known.toSorted().join(", ")}.`);
  }
  if (column?.kind === "json") return refuse("what is in JSON cannot be compared.");
  if (lookup === "isnull")
    return typeof wanted === "boolean"
      ? { path, steps, target: shape, columns, holds: (values) => (values.length === 0) === wanted }
      : refuse("it wants true or false.");
  if (Array.isArray(wanted) !== (lookup === "in")) return refuse(lookup === "in" ? "it wants a list." : "it wants one value.");
  const given: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const wrong = column ? unfit(column, lookup, given) : given.every(isText) ? undefined : "it wants a text.";
  if (wrong !== undefined) return refuse(wrong);
  const test = LOOKUPS.get(lookup)!;
  return {
    path,
    steps,
    target: shape,
    columns,
    holds: (values) => values.some((actual) => given.some((one) => test(comparable(column, actual), comparable(column, one)))),
  };
}

/** Returns a reference or links of an object's own row; undefined for another name. */
function relationOf(shape: ModelShape, name = "") {
  const many = shape.many.get(name);
  return shape.one.get(name) ?? (many?.through === undefined ? undefined : many);
}

function namesOf({ columns, naturalKey }: ModelShape): ColumnShape[] {
  return ["id", ...(naturalKey === undefined ? [] : [naturalKey])].map((name) => columns.get(name)!);
}

const nameOf = ({ columns }: ModelShape, wanted: ColumnShape) => [...columns].find(([, column]) => column === wanted)![0];

const isText = (value: unknown) => typeof value === "string";

/** Returns the error of a constraint's values; undefined for valid ones. A value that can never be equal to anything is an error. */
function unfit({ kind, choices }: ColumnShape, lookup: string, given: readonly unknown[]): string | undefined {
  if (kind === "boolean") return given.every((one) => typeof one === "boolean") ? undefined : "it wants true or false.";
  if (kind === "integer" || kind === "float")
    return given.every((one) => typeof one === "number") ? undefined : "it wants a number.";
  if (!given.every(isText)) return "it wants a text.";
  if (kind === "timestamp" && given.some((one) => !readTime(one as string))) return `it wants ${ISO_TIME}.`;
  if (kind !== "choice" || !["exact", "in", "iexact"].includes(lookup)) return undefined;
  const unknown = given.find((one) => !choices!.has(lower(one as string)));
  const known = [...new Set(choices!.values())];
  return unknown === undefined ? undefined : `"${unknown as string}" is none of ${known.join(", ")}.`;
}

/** A value so that equal ones are the same: a time in any spelling, a choice in any spelling, an id in any case. */
function comparable(column: ColumnShape | undefined, value: unknown): Value {
  if (column?.kind === "timestamp") return (value instanceof Date ? value : readTime(String(value)))?.getTime() ?? Number.NaN;
  if (column?.kind === "choice") return lower(column.choices!.get(lower(String(value))) ?? String(value));
  return uuidOf(value) ?? (value as Value);
}

function holds({ path, columns, holds: fits }: Constraint, object: object): boolean {
  let objects: Record<string, unknown>[] = [object as never];
  for (const property of path) {
    objects = objects.flatMap((one) => {
      const next = one[property] as Collection<object> | object | null | undefined;
      return (next && "getItems" in next ? next.getItems() : next ? [next] : []) as Record<string, unknown>[];
    });
  }
  return fits(
    objects
      .flatMap((one) => columns.map(({ property }) => one[property]))
      .filter((value) => value !== null && value !== undefined),
  );
}
