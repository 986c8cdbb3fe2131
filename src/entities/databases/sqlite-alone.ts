import { setTimeout as delay } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { AppError } from "../../errors.ts";
import { ALONE_TIMEOUT_MS, tookTooLong } from "./alone.ts";

/** Pause between two looks. */
const LOOK_MS = 20;

/**
 * Does work while no other process does on the same database file. An empty database beside it is locked meanwhile; the operating system takes the
 * lock back when the process ends, however it ends.
 */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = new Sqlite(`${file}-start`, { timeout: 0 });
  try {
    await lockWhenFree(lock);
    return await work();
  } finally {
    lock.close();
  }
}

async function lockWhenFree(lock: Sqlite.Database): Promise<void> {
  const patience = performance.now() + ALONE_TIMEOUT_MS;
  for (;;) {
    try {
      return void lock.exec("begin exclusive");
    } catch (error) {
      if ((error as { code?: string }).code !== "SQLITE_BUSY") throw error;
      if (performance.now() > patience) throw new AppError("CONFLICT", tookTooLong);
      await delay(LOOK_MS);
    }
  }
}
