import { type RawBuilder, sql, type SqlBool } from "kysely";
import type { Value } from "./constraint-lookups.ts";
import { type Constraint, type Constraints, nameOf, readConstraint } from "./constraints.ts";
import type { Database } from "./database.ts";
import { NOBODY } from "./new-id.ts";
import { uuidOf } from "./mapping/scalars.ts";
import { type ColumnShape, type ModelShape, shapeOf, tableOf } from "./mapping/shape.ts";

/** A condition on the rows of a model. */
export interface RowCondition {
  /**
   * Makes it for the database that runs it.
   * @param table name of the model's table in the statement, where it has another.
   * @param owner name, in the statement, of the table that {@link RowCondition.only} leads to: the condition is then one on its rows.
   */
  (database: Database, table?: string, owner?: string): RawBuilder<SqlBool>;
  /** The reference that alone decides, by its column: rows with the same one fulfil the condition all or not at all. */
  only?: string | undefined;
}

/** Text that stands for the user in the constraints of a permission. */
const USER = "$user";

/**
 * Returns the errors of a permission's constraints for objects of a model, a sentence each: an object, or a list of objects of which one has to fit.
 */
export function rowConstraintErrors(model: object, constraints: unknown): string[] {
  const alternatives = alternativesOf(constraints);
  if (!alternatives) return ["Constraints are an object, or a list of objects."];
  return alternatives.flatMap((one) => {
    const read = readAll(model, withUser(one, NOBODY));
    return read.filter((error) => typeof error === "string");
  });
}

/**
 * Returns the condition of a permission's constraints on the rows of a model. Constraints that are not valid fit no row.
 * @param userId the user that `$user` stands for.
 */
export function rowCondition(model: object, constraints: unknown, userId: string): RowCondition {
  const alternatives = (alternativesOf(constraints) ?? []).map((one) => readAll(model, withUser(one, userId)));
  const valid = alternatives.filter((read): read is Constraint[] => read.every((one) => typeof one !== "string"));
  const shape = shapeOf(model);
  const firsts = new Set(valid.flat().map(({ steps: [first] }) => (first && shape.one.get(first.name)?.column) ?? ""));
  const only = firsts.size === 1 ? [...firsts][0] || undefined : undefined;
  const condition: RowCondition = (database, table = shape.table, owner = undefined) => {
    if (valid.length === 0) return sql<SqlBool>`(false)`;
    const conditions = valid.map((all) =>
      all.length === 0
        ? sql<SqlBool>`(true)`
        : sql<SqlBool>`(${sql.join(
            all.map((one) => conditionOf(database, { shape, table, owner }, one)),
            sql` and `,
          )})`,
    );
    return anyOf(database, conditions);
  };
  return Object.assign(condition, { only });
}

/** Returns a condition: one of several holds. */
export const anyOf = (database: Database, conditions: readonly RawBuilder<SqlBool>[]): RawBuilder<SqlBool> =>
  conditions.length === 1 ? conditions[0]! : database.ofMany(sql<SqlBool>`${sql.join(conditions, sql` or `)}`);

/** Tells whether constraints name the user who asks. */
export const namesUser = (constraints: unknown): boolean => JSON.stringify(constraints ?? null).includes(`"${USER}"`);

function alternativesOf(constraints: unknown): Constraints[] | undefined {
  const all: unknown[] = Array.isArray(constraints) ? constraints : [constraints];
  const isObject = (one: unknown) => typeof one === "object" && one !== null && !Array.isArray(one);
  return all.length > 0 && all.every(isObject) ? (all as Constraints[]) : undefined;
}

/** Users are compared by their ids: nobody chooses an id. */
function withUser(constraints: Constraints, userId: string): Constraints {
  const replace = (value: unknown): unknown =>
    value === USER ? userId : Array.isArray(value) ? value.map((one) => replace(one)) : value;
  return Object.fromEntries(Object.entries(constraints).map(([name, value]) => [name, replace(value)]));
}

function readAll(model: object, constraints: Constraints): (Constraint | string)[] {
  return Object.entries(constraints).map(([name, wanted]) => {
    const read = readConstraint(shapeOf(model), name, wanted);
    if (typeof read === "string") return read;
    const { lookup, columns } = read;
    const isKnown = !lookup || columns.every(({ kind }) => lookup.kinds.has(kind));
    return isKnown ? read : `${JSON.stringify(name)}: a field of this type is not compared so.`;
  });
}

/** A model's rows in a statement. */
interface Place {
  shape: ModelShape;
  /** Name of the table in the statement. */
  table: string;
  /** The table that the first reference of all constraints leads to, where the statement has it. */
  owner?: string | undefined;
}

function conditionOf(database: Database, place: Place, constraint: Constraint): RawBuilder<SqlBool> {
  const { lookup, wanted } = constraint;
  const found = leadsTo(database, place, constraint, 0);
  const isNegated = lookup ? lookup.isNegated : wanted[0] === true;
  // The condition may be null, where there is no value: then nothing fits.
  if (isNegated) return sql<SqlBool>`(not coalesce(${found}, false))`;
  return hasManyKeys(constraint) ? database.ofMany(found) : found;
}

/** Tells whether rows fit by one of several values of a column of their own that other rows may have too. */
function hasManyKeys(constraint: Constraint): boolean {
  const { steps, target, columns, wanted } = constraint;
  const isOwnId = steps.length === 0 && columns.every((column) => nameOf(target, column) === "id");
  return wanted.length > 1 && !isOwnId && (steps.length === 0 || (steps.length === 1 && isByIdOnly(constraint)));
}

/**
 * Returns a condition: the path of a constraint leads from a row to a value that fits. It looks from the row on, so that it takes the same time in a table of
 * any size.
 */
function leadsTo(database: Database, { shape, table, owner }: Place, constraint: Constraint, step: number): RawBuilder<SqlBool> {
  const next = constraint.steps[step];
  if (!next) return fits(database, { shape, table }, constraint);
  const relation = shape.one.get(next.name) ?? shape.many.get(next.name)!;
  const target = shapeOf(relation.target());
  const isLast = step === constraint.steps.length - 1;
  const { through } = relation as { through?: string };
  if (owner !== undefined) return leadsTo(database, { shape: target, table: owner }, constraint, step + 1);
  const own = sql.ref(`${table}.${through === undefined ? relation.column : "id"}`);
  // An id is in the row itself.
  if (through === undefined && isLast && isByIdOnly(constraint)) return compare(database, constraint, own, "uuid");
  const [alias, link] = [`there_${step}`, `link_${step}`];
  const inner = leadsTo(database, { shape: target, table: alias }, constraint, step + 1);
  const there = sql`${sql.table(target.table)} as ${sql.ref(alias)}`;
  const id = sql.ref(`${alias}.id`);
  if (through === undefined) return sql<SqlBool>`(exists (select 1 from ${there} where ${id} = ${own} and ${inner}))`;
  const links = sql`${sql.table(through)} as ${sql.ref(link)}`;
  const joined = sql`${id} = ${sql.ref(`${link}.${tableOf(target.model)}_id`)}`;
  return sql<SqlBool>`(exists (select 1 from ${links} join ${there} on ${joined} where ${sql.ref(`${link}.${relation.column}`)} = ${own} and ${inner}))`;
}

const isByIdOnly = ({ target, columns, lookup, wanted }: Constraint) =>
  columns.every((column) => nameOf(target, column) === "id") ||
  (columns.length > 1 && lookup?.kinds.has("boolean") === true && wanted.every((one) => uuidOf(one) !== undefined));

/** Returns a condition: one of a row's own columns fits. */
function fits(database: Database, { shape, table }: Place, constraint: Constraint): RawBuilder<SqlBool> {
  const each = constraint.columns.flatMap((column) => {
    const name = nameOf(shape, column);
    return compare(database, constraint, sql.ref(`${table}.${name}`), column.kind, column) ?? [];
  });
  return each.length === 1 ? each[0]! : sql<SqlBool>`(${sql.join(each, sql` or `)})`;
}

function compare(
  database: Database,
  { lookup, wanted, columns }: Constraint,
  ref: RawBuilder<unknown>,
  kind: ColumnShape["kind"],
  { choices }: Partial<ColumnShape> = {},
): RawBuilder<SqlBool> {
  if (!lookup) return sql<SqlBool>`(${ref} is not null)`;
  const stored = (one: Value): Value => {
    if (kind === "timestamp") return new Date(one as number).toISOString();
    return choices?.get(String(one)) ?? one;
  };
  // Of a reference, texts that are no ids are names.
  const isId = kind === "uuid" && lookup.kinds.has("boolean");
  const comparable = isId ? wanted.flatMap((one) => uuidOf(one) ?? []) : wanted.map(stored);
  const mine = columns.length > 1 && !isId ? comparable.filter((one) => uuidOf(one) === undefined) : comparable;
  return mine.length === 0 ? sql<SqlBool>`(false)` : lookup.where(database, { ref, kind }, mine);
}
