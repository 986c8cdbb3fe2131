import type { Database } from "./database.ts";
import { type ModelShape, shapeOf, type ValueShape } from "./mapping/shape.ts";
import { isTooDeep } from "./stored-json.ts";
import { PLAIN_TIME, readStoredTime } from "./times/stored-time.ts";

/*
 * A row may hold a value that the server never wrote, and that has no place in an answer: from an import, another program, or an older release. It is put
 * right once, as soon as the row is read, so that all readers find values of the kinds that the models name.
 */

/** A row as it was read. */
type Row = Record<string, unknown>;

/** The part of a database that reads the values of rows. */
export type RowsOf = Pick<Database, "checksTypes" | "passJson" | "readJson">;

// Rows are ordinary, nearly all of them.
const stored = new WeakMap<Row, Row>();

/** Returns the value that the database holds, also where the row tells another one. */
export function storedValue(row: Row, column: string): unknown {
  const values = stored.get(row);
  return values && Object.hasOwn(values, column) ? values[column] : row[column];
}

/** Tells whether a row tells another value than the database holds. */
export const isOdd = (row: Row, column: string): boolean => Object.hasOwn(stored.get(row) ?? {}, column);

/** Puts right one row. */
type Tell = (row: Row) => void;

// One array for each shape: the functions that put rows right are kept by it.
const all = new WeakMap<ModelShape, readonly string[]>();

/** Puts rows of a model right that were read with all its columns, as {@link tellRows}. */
export function tellWholeRows<R extends Row>(database: RowsOf, model: object, rows: R[]): R[] {
  const shape = shapeOf(model);
  let columns = all.get(shape);
  if (!columns) all.set(shape, (columns = [...shape.columns.keys()]));
  return tellRows(database, shape, columns, rows);
}

// The columns of a selection are one array for as long as its document is kept.
const tellers = new WeakMap<readonly string[], { shape: ModelShape; checksTypes: boolean; tell: Tell | undefined }>();

/**
 * Puts rows right that were read: a value that its column's kind has no room for is null, or the plainest of the kind where it may not be null; and JSON is
 * read.
 * @param isPassedOn tells whether a column's values only become part of an answer.
 */
export function tellRows<R extends Row>(
  database: RowsOf,
  shape: ModelShape,
  columns: readonly string[],
  rows: R[],
  isPassedOn: (column: string) => boolean = () => false,
): R[] {
  if (rows.length === 0) return rows;
  for (const column of columns) {
    const value = valueShapeOf(shape, column);
    if (value?.kind === "json") tellJson(isPassedOn(column) ? database.passJson : database.readJson, column, value, rows);
  }
  const { checksTypes } = database;
  let teller = tellers.get(columns);
  if (teller?.shape !== shape || teller.checksTypes !== checksTypes) {
    teller = { shape, checksTypes, tell: createTell(shape, columns, checksTypes) };
    tellers.set(columns, teller);
  }
  const { tell } = teller;
  if (tell) for (const row of rows) tell(row);
  return rows;
}

/** Shape of a reference. Without an object it is shown as null, for any value of its column. */
const REFERENCE: ValueShape = { kind: "uuid", nullable: true };

function valueShapeOf({ columns, hidden, one }: ModelShape, column: string): ValueShape | undefined {
  return columns.get(column) ?? hidden.get(column) ?? (one.has(column.replace(/_id$/, "")) ? REFERENCE : undefined);
}

function tellJson(read: (column: unknown) => unknown, column: string, shape: ValueShape, rows: readonly Row[]): void {
  const plain = plainOf(shape);
  for (const row of rows) {
    let value: unknown;
    try {
      value = read(row[column]);
    } catch {
      value = plain;
    }
    row[column] = value === null || isTooDeep(value) ? plain : value;
  }
}

/** Returns a function that puts rows right, for the odd values that the database may hold; undefined where it can hold none. */
function createTell(shape: ModelShape, columns: readonly string[], checksTypes: boolean): Tell | undefined {
  const mends: ((row: Row, value: unknown) => void)[] = [];
  const choices: ReadonlySet<unknown>[] = [];
  const lines = columns.flatMap((column) => {
    const value = valueShapeOf(shape, column);
    const test = value && (checksTypes ? CHECKED_TESTS : TESTS)[value.kind];
    if (!test) return [];
    const place = mends.push((row, odd) => keep(row, column, odd, mended(value, odd))) - 1;
    choices[place] = new Set(value.choices?.values());
    const isThere = value.nullable ? "value !== null && " : "";
    return [
      `value = row[${JSON.stringify(column)}]; if (${isThere}${test.replace("choices", `choices[${place}]`)}) mends[${place}](row, value);`,
    ];
  });
  if (lines.length === 0) return undefined;
  const code = `return (row) => { let value; ${lines.join(" ")} }`;
  // oxlint-disable-next-line typescript/no-implied-eval -- of tests, and of quoted names of columns
  return new Function("mends", "choices", "TIME", code)(mends, choices, TIME) as Tell;
}

/** A time as the server writes it: ISO 8601 with milliseconds, in UTC; but for leap days, which are read to be known. */
const TIME =
  /^(?!0000)\d{4}-(?:(?!02)(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|30)|(?:0[13578]|1[02])-31|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

/** Code that tells whether a value has no place in an answer: of a database that takes any value for any column. */
const TESTS: Partial<Record<ValueShape["kind"], string>> = {
  boolean: "value !== 0 && value !== 1",
  choice: "!choices.has(value)",
  float: "!Number.isFinite(value)",
  integer: "(value | 0) !== value",
  string: `typeof value !== "string"`,
  text: `typeof value !== "string"`,
  timestamp: "!TIME.test(value)",
  uuid: `typeof value !== "string"`,
};

/** Tests for a database that has checked the types: a time may still be endless, before year 1, or have five digits in its year. */
const CHECKED_TESTS: typeof TESTS = {
  choice: TESTS.choice!,
  float: TESTS.float!,
  timestamp: `(value.charCodeAt(4) !== ${"-".charCodeAt(0)} || value.charCodeAt(value.length - 1) === ${"C".charCodeAt(0)})`,
};

function keep(row: Row, column: string, odd: unknown, told: unknown): void {
  if (told === odd) return;
  const values = stored.get(row);
  if (values) values[column] = odd;
  else stored.set(row, { [column]: odd });
  row[column] = told;
}

function mended(shape: ValueShape, odd: unknown): unknown {
  const { kind } = shape;
  const meant =
    kind === "timestamp" ? readStoredTime(odd) : kind === "boolean" && typeof odd === "number" ? odd !== 0 : undefined;
  return meant ?? plainOf(shape);
}

function plainOf({ kind, nullable, plain }: ValueShape): unknown {
  if (nullable) return null;
  switch (kind) {
    case "boolean":
      return false;
    case "choice":
      return plain;
    case "float":
    case "integer":
      return 0;
    case "json":
      return {};
    case "string":
    case "text":
      return "";
    case "timestamp":
      return PLAIN_TIME;
    case "uuid":
      return "00000000-0000-0000-0000-000000000000";
  }
}
