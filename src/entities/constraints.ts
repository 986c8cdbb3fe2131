import { isDeepStrictEqual } from "node:util";
import type { Collection } from "@mikro-orm/core";
import { type Lookup, LOOKUPS, type Value } from "./constraint-lookups.ts";
import { ISO_TIME, readTime } from "./times/read-time.ts";
import { uuidOf } from "./mapping/scalars.ts";
import { type ColumnShape, type ModelShape, shapeOf } from "./mapping/shape.ts";

/*
 * Conditions on the objects of a model, as Django's `filter` spells them: `{ "job_model__name__in": ["A", "B"] }`. A name is a path of references to a column
 * and, after two underscores, a lookup; all of them hold together. Where a path leads to several objects, a single fit is enough.
 */

/** Constraints as they are stored. */
export type Constraints = Readonly<Record<string, unknown>>;

/** A constraint that was understood. */
export interface Constraint {
  /** Properties of references on the way to the columns. */
  path: readonly string[];
  /** The references themselves: the model that each is of, and its name there. */
  steps: readonly { of: ModelShape; name: string }[];
  /** The model that the columns are of. */
  target: ModelShape;
  /** Columns that may hold the value, any one of them. A reference itself has two: its id and its natural key. */
  columns: readonly ColumnShape[];
  /** The comparison; undefined for `isnull`, whose value is then the only one of `wanted`. */
  lookup: Lookup | undefined;
  /** Values of the constraint, so that equal ones are the same. */
  wanted: readonly Value[];
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
  return understood(model, constraints).some((constraint) => {
    const { steps, target, columns } = constraint;
    if (steps.some(({ of }, n) => n > 0 && of.model === changed && isOther(steps[n]!.name))) return true;
    if (steps.length === 0 || target.model !== changed) return false;
    const fitsIn = (values: ChangedObject["after"]) =>
      fits(
        constraint,
        columns.map((column) => [column, values?.[nameOf(target, column)]] as const),
      );
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

/** Reads a constraint. @returns a sentence for one that cannot be. */
export function readConstraint(model: ModelShape, name: string, wanted: unknown): Constraint | string {
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
  const place = { path, steps, target: shape, columns };
  if (lookup === "isnull")
    return typeof wanted === "boolean" ? { ...place, lookup: undefined, wanted: [wanted] } : refuse("it wants true or false.");
  const comparison = LOOKUPS.get(lookup)!;
  const { takesList } = comparison;
  if (takesList !== undefined && Array.isArray(wanted) !== takesList)
    return refuse(takesList ? "it wants a list." : "it wants one value.");
  const given: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  const wrong = column ? unfit(column, lookup, given) : given.every(isText) ? undefined : "it wants a text.";
  if (wrong !== undefined) return refuse(wrong);
  if (column && comparison.refuse && !comparison.kinds.has(column.kind)) return refuse("it is compared with no pattern.");
  const refused = given.map((one) => comparison.refuse?.(String(one))).find((error) => error !== undefined);
  if (refused !== undefined) return refuse(refused);
  return { ...place, lookup: comparison, wanted: given.map((one) => comparable(column, one)) };
}

/** Tells whether values of an object's columns, null where there is none, fit a constraint. */
function fits({ lookup, wanted }: Constraint, values: readonly (readonly [ColumnShape, unknown])[]): boolean {
  const there = values.filter(([, value]) => value !== null && value !== undefined);
  if (!lookup) return (there.length === 0) === wanted[0];
  // A reference has a name besides its id: it is compared with the one that a value is.
  const isAny = there.some(([column, actual]) => wanted.some((one) => lookup.test(comparable(column, actual), one)));
  return isAny !== (lookup.isNegated ?? false);
}

const lower = (value: string) => value.toLowerCase();

/** Returns a reference or links of an object's own row; undefined for another name. */
function relationOf(shape: ModelShape, name = "") {
  const many = shape.many.get(name);
  if (many?.through === undefined) return shape.one.get(name);
  // A second name of links is no property of the object.
  return [...shape.many.values()].find(({ through, column }) => through === many.through && column === many.column);
}

function namesOf({ columns, naturalKey }: ModelShape): ColumnShape[] {
  return ["id", ...(naturalKey === undefined ? [] : [naturalKey])].map((name) => columns.get(name)!);
}

/** Name of a column of a model. */
export const nameOf = ({ columns }: ModelShape, wanted: ColumnShape) => [...columns].find(([, column]) => column === wanted)![0];

const isText = (value: unknown) => typeof value === "string";

/** Returns the error of a constraint's values; undefined for valid ones. A value that can never be equal to anything is an error. */
function unfit({ kind, choices }: ColumnShape, lookup: string, given: readonly unknown[]): string | undefined {
  if (kind === "boolean") return given.every((one) => typeof one === "boolean") ? undefined : "it wants true or false.";
  if (kind === "integer" || kind === "float")
    return given.every((one) => typeof one === "number") ? undefined : "it wants a number.";
  if (!given.every(isText)) return "it wants a text.";
  if (kind === "timestamp" && given.some((one) => !readTime(one as string))) return `it wants ${ISO_TIME}.`;
  if (kind !== "choice" || !["exact", "ie", "iexact", "in", "n", "nie"].includes(lookup)) return undefined;
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

function holds(constraint: Constraint, object: object): boolean {
  let objects: Record<string, unknown>[] = [object as never];
  for (const property of constraint.path) {
    objects = objects.flatMap((one) => {
      const next = one[property] as Collection<object> | object | null | undefined;
      return (next && "getItems" in next ? next.getItems() : next ? [next] : []) as Record<string, unknown>[];
    });
  }
  return fits(
    constraint,
    objects.flatMap((one) => constraint.columns.map((column) => [column, one[column.property]] as const)),
  );
}
