import { uuidOf } from "../entities/mapping/scalars.ts";
import { shapeOf } from "../entities/mapping/shape.ts";
import { AppError, type ErrorDetail } from "../errors.ts";
import type { Data } from "./assign.ts";
import { changeObject, createObject } from "./objects.ts";
import { permit, holdVisible } from "./permit.ts";
import type { Identified, Model, Unit } from "./unit.ts";

/** An object as it is to be. */
export interface ImportRow {
  /** Id that it has; undefined for one that is found by its natural key, or new. */
  id: string | undefined;
  /** Value of its natural key; undefined where its model has none, or the row does not say. */
  key: string | undefined;
}

/** Reads a row: its values for an existing object or a new one, or its errors. */
export type ReadData<Row> = (row: Row, isNew: boolean) => { data: Data } | { details: readonly ErrorDetail[] };

/** An error of one row. */
export interface RowError extends ErrorDetail {
  /** Place of the row, from 1 on. */
  row: number;
}

/**
 * Creates objects and changes existing ones that the author may view, by the rules and the rights of single ones. An object is found by its id, or else by its natural key; a new one has the id that
 * its row gives.
 * @returns the errors of all rows. If there are any, the caller has to roll the unit back.
 * @throws {@link AppError} FORBIDDEN, with the row's number, for a row that the author may not add or change.
 */
export async function importObjects<T extends Identified, Row extends ImportRow>(
  unit: Unit,
  model: Model<T>,
  rows: readonly Row[],
  read: ReadData<Row>,
): Promise<RowError[]> {
  const errors: RowError[] = [];
  const find = await holdNamed(unit, model, rows);
  const taken = new Map<object, number>();
  for (const [n, row] of rows.entries()) {
    const known = find(row);
    const earlier = known && taken.get(known);
    const details =
      earlier === undefined
        ? await importOne(unit, model, row, known, read).catch((error: unknown) => detailsOf(error, n + 1))
        : [{ field: row.id === undefined ? "" : "id", message: `This is the same object as in row ${earlier}.` }];
    if (known && earlier === undefined) taken.set(known, n + 1);
    errors.push(...details.map(({ field, message }) => ({ row: n + 1, field: field.replace(/^data\./, ""), message })));
  }
  return errors;
}

async function importOne<T extends Identified, Row extends ImportRow>(
  unit: Unit,
  model: Model<T>,
  row: Row,
  known: T | undefined,
  read: ReadData<Row>,
): Promise<readonly ErrorDetail[]> {
  if (row.id !== undefined && uuidOf(row.id) === undefined) return [{ field: "id", message: "The id must be a UUID." }];
  const values = read(row, known === undefined);
  if ("details" in values) return values.details;
  if (known) {
    await permit(unit, "change", model, [known]);
    await changeObject(unit, model, known, values.data);
  } else await createObject(unit, model, values.data, uuidOf(row.id));
  return [];
}

/** Holds the objects that rows name, all at once. @returns a function that finds a row's. */
async function holdNamed<T extends Identified>(
  unit: Unit,
  model: Model<T>,
  rows: readonly ImportRow[],
): Promise<(row: ImportRow) => T | undefined> {
  const { naturalKey } = shapeOf(model);
  const ids = rows.flatMap(({ id }) => uuidOf(id) ?? []);
  const keys = naturalKey ? rows.flatMap(({ key }) => key ?? []) : [];
  const where = naturalKey ? { $or: [{ id: ids }, { [naturalKey]: keys }] } : { id: ids };
  const held = ids.length + keys.length > 0 ? await holdVisible(unit, model, where) : [];
  const byId = new Map(held.map((object) => [object.id, object]));
  const byKey = new Map(naturalKey ? held.map((object) => [object[naturalKey as keyof T] as unknown, object]) : []);
  return ({ id, key }) => byId.get(uuidOf(id) ?? "") ?? (key === undefined ? undefined : byKey.get(key));
}

/** Returns the errors of one object. Any other error ends the import, and so does a right that is missing. */
function detailsOf(error: unknown, row: number): readonly ErrorDetail[] {
  if (!(error instanceof AppError)) throw error;
  if (error.code === "FORBIDDEN") throw new AppError("FORBIDDEN", `Row ${row}: ${error.message}`);
  return error.details.length > 0 ? error.details : [{ field: "", message: error.message }];
}
