import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { counted } from "../../errors.ts";
import { join } from "node:path";
import { sql } from "kysely";
import type { Database, Hold } from "../../entities/database.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { newId } from "../../entities/new-id.ts";
import { RunLost } from "./row-writer.ts";
import type { StoredFile } from "../../sdk/define-job.ts";
import type { Recorder } from "./recorder.ts";

/** A file of a run, to be read. The caller closes `handle`. */
export interface OpenFile {
  name: string;
  /** In bytes. */
  size: number;
  handle: FileHandle;
}

/** The files of all runs: their contents in a folder, the rest in rows. */
export interface FileStore {
  /** Returns a function that stores files of one attempt of a run. It rejects with {@link RunLost} once the attempt no longer holds the run. */
  open(hold: Hold): (name: string, content: AsyncIterable<Uint8Array>) => Promise<StoredFile>;
  /** Undefined when there is no such file. */
  read(id: string): Promise<OpenFile | undefined>;
  /** Deletes the contents of files whose rows are gone. */
  remove(ids: readonly string[]): Promise<void>;
  /** Deletes contents without a row: those cut short by the end of a process, and those of deleted runs. */
  sweep(): Promise<void>;
}

/** Dependencies of a file store. */
export interface FileStoreOptions {
  database: Database;
  recorder: Recorder;
  /** Absolute path of the folder; made when the first file comes. */
  root: string;
  /** Largest file, in bytes. */
  maxBytes: number;
  /** The most that the files of one run may have together, in bytes. */
  maxRunBytes: number;
  /** The most files that one run may have. */
  maxRunFiles: number;
}

/** Files that are younger may be about to become whole, or to get their row. */
const SWEEP_AGE_MS = 24 * 60 * 60 * 1000;
/** Suffix of a file that is being written. */
const PART = ".part";

class FileTooLarge extends Error {
  override readonly name = "FileTooLarge";
}

class TooManyFiles extends Error {
  override readonly name = "TooManyFiles";
}

/**
 * A file's name on disk is its id, so nothing that a job says becomes part of a path. It has that name once it is whole, and its row after
 * that.
 */
export function createFileStore({ database, recorder, root, maxBytes, maxRunBytes, maxRunFiles }: FileStoreOptions): FileStore {
  const pathOf = (id: string) => join(root, id);

  async function record({ job_result_id: id, worker_id, attempt }: Hold, file: StoredFile): Promise<void> {
    const { rows } = database;
    const held = rows
      .selectFrom("job_result as run")
      .select([
        sql.val(file.id).as("id"),
        sql.val(file.name).as("name"),
        sql.val(file.size).as("size"),
        sql.val(new Date().toISOString()).as("uploaded_at"),
        "run.id as job_result_id",
      ])
      .where("run.id", "=", id)
      .where("status", "=", "STARTED")
      .where("worker_id", "=", worker_id)
      .where("attempt", "=", attempt);
    // An existing row was stored by a statement whose answer was lost.
    const statement = rows
      .insertInto("file_proxy")
      .columns(["id", "name", "size", "uploaded_at", "job_result_id"])
      .expression(held)
      .onConflict((conflict) => conflict.column("id").doUpdateSet({ id: file.id }))
      .returning("id");
    if (!(await recorder.record(() => statement.executeTakeFirst()))) throw new RunLost(id);
  }

  return {
    open(hold) {
      let runBytes = 0;
      let runFiles = 0;

      async function* within(file: { name: string; size: number }, content: AsyncIterable<Uint8Array>) {
        const { name } = file;
        for await (const chunk of content) {
          file.size += chunk.length;
          runBytes += chunk.length;
          if (file.size > maxBytes)
            throw new FileTooLarge(
              `The file "${name}" is larger than ${counted(maxBytes, "byte")}, the most that MAX_FILE_BYTES allows.`,
            );
          if (runBytes > maxRunBytes)
            throw new FileTooLarge(
              `With the file "${name}" the files of this run are larger than ${counted(maxRunBytes, "byte")} together, the most that MAX_RUN_FILES_BYTES allows.`,
            );
          yield chunk;
        }
      }

      return async (name, content) => {
        if (runFiles >= maxRunFiles)
          throw new TooManyFiles(`The run has ${counted(maxRunFiles, "file")} already, the most that MAX_RUN_FILES allows.`);
        runFiles += 1;
        const file = { id: newId(), name, size: 0 };
        const path = pathOf(file.id);
        try {
          await mkdir(root, { recursive: true });
          await write(path + PART, within(file, content));
          await rename(path + PART, path);
          await record(hold, file);
          return file;
        } catch (error) {
          runBytes -= file.size;
          runFiles -= 1;
          // The sweep deletes leftovers later; the reason for not storing the file matters more.
          for (const left of [path + PART, path]) await rm(left, { force: true }).catch(() => undefined);
          throw error;
        }
      };
    },
    async read(given) {
      const id = uuidOf(given);
      if (id === undefined) return undefined;
      const row = await database.rows.selectFrom("file_proxy").select("name").where("id", "=", id).executeTakeFirst();
      if (!row) return undefined;
      const handle = await open(pathOf(id)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      return handle && { name: row.name, size: (await handle.stat()).size, handle };
    },
    // The sweep deletes a content that the end of the process leaves here.
    remove: async (ids) => void (await Promise.all(ids.map((id) => rm(pathOf(id), { force: true })))),
    async sweep() {
      const names = await readdir(root).catch(() => []);
      const old = names.filter((name) => uuidOf(idOf(name)) !== undefined && bornMs(name) < Date.now() - SWEEP_AGE_MS);
      for (let at = 0; at < old.length; at += SWEEP_BATCH) {
        const batch = old.slice(at, at + SWEEP_BATCH);
        const rows = await database.rows.selectFrom("file_proxy").select("id").where("id", "in", batch.map(idOf)).execute();
        const known = new Set(rows.map((row) => row.id));
        await Promise.all(batch.filter((name) => !known.has(name)).map((name) => rm(pathOf(name), { force: true })));
      }
    },
  };
}

/** Writes a new file, closed in any case, so that it stays deleted when its path is deleted then. */
async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(content);
  } finally {
    await handle.close();
  }
}

/** Files whose rows are looked up with one statement. */
const SWEEP_BATCH = 500;

const idOf = (name: string) => (name.endsWith(PART) ? name.slice(0, -PART.length) : name);

/** A UUIDv7 begins with the time it was made at. */
const bornMs = (name: string) => Number.parseInt(name.slice(0, 13).replace("-", ""), 16);
