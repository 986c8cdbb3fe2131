import Sqlite from "better-sqlite3";
import { ALONE_TIMEOUT_MS, othersAreStarting } from "../alone.ts";
import { isBusy, whenUnlocked } from "./busy.ts";

/**
 * Does work while no other process does on the same database file. An empty database beside it is locked meanwhile; the operating system takes the
 * lock back when the process ends, however it ends.
 */
export async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  const lock = new Sqlite(`${file}-start`, { timeout: 0 });
  try {
    await whenUnlocked(() => lock.exec("begin exclusive"), ALONE_TIMEOUT_MS).catch((error: unknown) => {
      throw isBusy(error) ? othersAreStarting() : error;
    });
    return await work();
  } finally {
    lock.close();
  }
}
