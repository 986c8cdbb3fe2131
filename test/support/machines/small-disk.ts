import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fault } from "./fault.ts";
import { canRun, canRunPostgresql, openPostgresql, run } from "./own-postgresql.ts";

/** Programs that give another one a place in which a folder is a disk of its own, a small one; other processes do not see it. */
const onSmallDisk = (folder: string): string[] =>
  "unshare --user --map-root-user --mount sh -c"
    .split(" ")
    .concat(`mount -t tmpfs -o size=64m,mode=1777 tmpfs "$0" && exec "$@"`, folder);
/** Leaves nothing of the disk (`ENOSPC`) that a process has as a folder. */
const noSpaceLeft = (pid: number, folder: string): Fault => {
  const filler = join(`/proc/${pid}/root`, folder, "filler");
  return {
    async begin() {
      const error = await writeFile(filler, Buffer.alloc(128 << 20)).catch((reason: NodeJS.ErrnoException) => reason);
      if (error?.code !== "ENOSPC") throw error ?? new Error("The disk is larger than it should be.");
    },
    mend: () => rm(filler),
  };
};

/** No file of a process may grow, or be written to beyond its first bytes (`EFBIG`), as under a limit of a user or of a service. */
const filesMayNotGrow = (pid: number): Fault => {
  const limit = (bytes: string) => {
    const { status, stderr } = run(["prlimit", `--pid=${pid}`, `--fsize=${bytes}:`]);
    if (status !== 0) throw new Error(stderr);
  };
  return { begin: async () => limit("4096"), mend: async () => limit("unlimited") };
};

/** A database whose disk can be full. */
interface Disk {
  databaseUrl: string;
  /** Programs that a server is run by. */
  within: readonly string[];
  /** @param pid of the server. */
  fault(pid: number): Fault;
  /** Words of the database's error then. */
  says: string;
}

/** Ways to fill the disk that a database is on. All are the system's own doing: no write is replaced. */
export const SMALL_DISKS = {
  /** Needs a system on which users may mount: many containers forbid it. */
  "SQLite, no space left": {
    isPossible: () => canRun([...onSmallDisk("/mnt"), "true"]),
    async open(folder: string): Promise<Disk> {
      await mkdir(join(folder, "disk"));
      return {
        databaseUrl: `sqlite:${folder}/disk/jobgraph.db`,
        within: onSmallDisk(join(folder, "disk")),
        fault: (pid) => noSpaceLeft(pid, join(folder, "disk")),
        says: "SQLITE_FULL",
      };
    },
  },
  "SQLite, files may not grow": {
    isPossible: () => canRun(["prlimit", "--version"]),
    open: async (folder: string): Promise<Disk> => ({
      databaseUrl: `sqlite:${folder}/jobgraph.db`,
      within: [],
      fault: filesMayNotGrow,
      says: "SQLITE_IOERR",
    }),
  },
  /** A PostgreSQL of its own, where its programs are installed. Its log is elsewhere: without room for that, it ends. */
  "PostgreSQL, no space left": {
    isPossible: () => canRunPostgresql(onSmallDisk("/mnt")),
    async open(folder: string): Promise<Disk> {
      const disk = join(folder, "disk");
      await mkdir(disk);
      const { databaseUrl, pid } = await openPostgresql({ folder: disk, log: join(folder, "log"), within: onSmallDisk(disk) });
      return {
        databaseUrl,
        within: [],
        fault: () => noSpaceLeft(pid(), disk),
        says: `"code":"53100"`,
      };
    },
  },
} as const;
