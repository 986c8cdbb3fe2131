import { DeadlockException, ForeignKeyConstraintViolationException, UniqueConstraintViolationException } from "@mikro-orm/core";
import type { Database } from "../entities/database.ts";
import type { ObjectChange } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import type { Author } from "./change-log.ts";
import { Unit } from "./unit.ts";

/** The outcome of a unit. */
export interface Transacted<T> {
  value: T;
  changes: readonly ObjectChange[];
}

/** Ends a transaction without keeping anything of it. */
class RolledBack extends Error {}

/**
 * Does work in one transaction: all of it is kept, with its changes in the log, or nothing is. All changes by people go this way.
 * @param dryRun returns the changes, and keeps nothing.
 * @throws errors of `work`; {@link AppError} CONFLICT when somebody else took a unique name, changed the same objects or deleted one that is referred to, in
 * the same moment.
 */
export async function transact<T>(
  database: Database,
  author: Author,
  work: (unit: Unit) => Promise<T>,
  dryRun = false,
): Promise<Transacted<T>> {
  let done: Transacted<T> | undefined;
  try {
    await database.transaction(async (em) => {
      const unit = new Unit(database, em, author);
      const value = await work(unit);
      done = { value, changes: await unit.finish() };
      if (dryRun) throw new RolledBack();
    });
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException)
      throw new AppError("CONFLICT", "Another request has just taken the same name. Read the object again, and try once more.");
    if (error instanceof DeadlockException)
      throw new AppError("CONFLICT", "Another request has just changed the same objects. Read them again, and try once more.");
    if (error instanceof ForeignKeyConstraintViolationException) throw goneMeanwhile();
    if (!(error instanceof RolledBack)) throw error;
  }
  return done!;
}

/** Returns the error for a change that refers to an object which somebody else has deleted in the same moment. */
export function goneMeanwhile(): AppError {
  return new AppError(
    "CONFLICT",
    "Another request has just deleted an object that this one refers to. Read it again, and repeat the change.",
  );
}
