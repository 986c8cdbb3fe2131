import type { CompiledQuery } from "kysely";
import type { ReadBounds } from "../../database.ts";
import { createLane } from "../lane.ts";
import type { ReadLimits } from "../read-limits.ts";
import { tookTooLong } from "../read-refusals.ts";
import type { Rows } from "./batches.ts";
import type { ScanRequest } from "./scan-entry.ts";
import { type ScanProcess, startScanProcess } from "./scan-process.ts";
import { watchRead } from "../watch-read.ts";

/** Milliseconds that a process waits for another statement before it ends. */
const IDLE_MS = 30_000;

/** Reads that may take long, each in a process: the server's thread stays free, and a read can be ended. */
export interface SqliteScans {
  read(statement: CompiledQuery, bounds?: ReadBounds): Promise<Rows>;
  close(): void;
}

/** Opens the lane of a database's file; processes start when they are first needed. */
export function createScans(file: string, { readerProcesses, statementTimeoutMs }: ReadLimits): SqliteScans {
  const lane = createLane(readerProcesses, statementTimeoutMs);
  const started = new Set<ScanProcess>();
  const idle: { reader: ScanProcess; timer: NodeJS.Timeout }[] = [];
  let isClosed = false;

  function end(reader: ScanProcess): void {
    started.delete(reader);
    reader.kill();
  }

  function take(): ScanProcess {
    if (isClosed) throw new Error("The database is closed.");
    for (let last = idle.pop(); last; last = idle.pop()) {
      clearTimeout(last.timer);
      if (last.reader.fit) return last.reader;
      started.delete(last.reader);
    }
    const reader = startScanProcess(file);
    started.add(reader);
    return reader;
  }

  function giveBack(reader: ScanProcess): void {
    if (!reader.fit) return void started.delete(reader);
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex((one) => one.reader === reader),
        1,
      );
      end(reader);
    }, IDLE_MS);
    idle.push({ reader, timer: timer.unref() });
  }

  async function readBy(reader: ScanProcess, request: ScanRequest, bounds: ReadBounds | undefined): Promise<Rows> {
    let canceled: { reason: unknown } | undefined;
    const unwatch =
      bounds &&
      watchRead(bounds, statementTimeoutMs, tookTooLong(statementTimeoutMs), (reason) => {
        canceled = { reason };
        reader.kill();
      });
    try {
      return await reader.read(request);
    } catch (error) {
      throw canceled ? canceled.reason : error;
    } finally {
      unwatch?.();
      giveBack(reader);
    }
  }

  return {
    async read({ sql, parameters }, bounds) {
      const leave = await lane.enter(bounds);
      try {
        return await readBy(take(), { sql, parameters, maxBytes: bounds?.maxBytes }, bounds);
      } finally {
        leave();
      }
    },
    close() {
      isClosed = true;
      for (const { timer } of idle.splice(0)) clearTimeout(timer);
      for (const reader of started) end(reader);
    },
  };
}
