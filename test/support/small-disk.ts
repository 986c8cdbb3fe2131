import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Fault } from "./fault.ts";

/** Programs that give another one a place in which a folder is a disk of its own, a small one; other processes do not see it. */
const onSmallDisk = (folder: string): string[] =>
  "unshare --user --map-root-user --mount sh -c"
    .split(" ")
    .concat(`mount -t tmpfs -o size=64m,mode=1777 tmpfs "$0" && exec "$@"`, folder);
/** PostgreSQL refuses to be run as root. */
const AS_ANOTHER = ["unshare", "--user", "--map-user=1000"];

const run = ([command, ...args]: readonly string[]) => spawnSync(command!, args, { encoding: "utf8" });
const canRun = (...command: string[]) => run(command).status === 0;

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
    isPossible: () => canRun(...onSmallDisk("/mnt"), "true"),
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
    isPossible: () => canRun("prlimit", "--version"),
    open: async (folder: string): Promise<Disk> => ({
      databaseUrl: `sqlite:${folder}/jobgraph.db`,
      within: [],
      fault: filesMayNotGrow,
      says: "SQLITE_IOERR",
    }),
  },
  /** A PostgreSQL of its own, where its programs are installed. Its log is elsewhere: without room for that, it ends. */
  "PostgreSQL, no space left": {
    isPossible: () => canRun(...onSmallDisk("/mnt"), ...AS_ANOTHER, "postgres", "--version") && canRun("initdb", "--version"),
    async open(folder: string): Promise<Disk> {
      const disk = join(folder, "disk");
      await mkdir(disk);
      const port = await freePort();
      const { pid } = await openPostgresql(disk, join(folder, "log"), port);
      return {
        databaseUrl: `postgresql://postgres@127.0.0.1:${port}/postgres`,
        within: [],
        fault: () => noSpaceLeft(pid, disk),
        says: `"code":"53100"`,
      };
    },
  },
} as const;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Starts a PostgreSQL that is gone when the test is over. */
async function openPostgresql(disk: string, log: string, port: number): Promise<{ pid: number }> {
  const script = `initdb -D "$0/data" -X "$1" -U postgres --auth=trust --no-sync --wal-segsize=1 --locale=C --encoding=UTF8 >&2 &&
    exec postgres -D "$0/data" -p ${port} -k "" -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB`;
  const [command, ...args] = [...onSmallDisk(disk), ...AS_ANOTHER, "sh", "-c", script, disk, log];
  const child = spawn(command!, args, { stdio: ["ignore", "ignore", "pipe"] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGQUIT");
    await once(child, "exit");
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes("ready to accept connections")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`PostgreSQL ended with ${code}:\n${output}`)));
  });
  return { pid: child.pid! };
}
