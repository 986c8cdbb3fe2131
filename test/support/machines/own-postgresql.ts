import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";
import { freePort } from "./free-port.ts";

/** PostgreSQL refuses to be run as root. */
const AS_ANOTHER = ["unshare", "--user", "--map-user=1000"];

/** Runs a command to its end. */
export const run = ([command, ...args]: readonly string[]) => spawnSync(command!, args, { encoding: "utf8" });

/** Tells whether a command runs, and succeeds. */
export const canRun = (command: readonly string[]): boolean => run(command).status === 0;

/** Tells whether the programs of PostgreSQL are installed, and run. @param within programs that they are run by. */
export const canRunPostgresql = (within: readonly string[] = []): boolean =>
  ["initdb", "postgres"].every((program) => canRun([...within, ...AS_ANOTHER, program, "--version"]));

/** Places of a PostgreSQL's files. */
interface Place {
  /** Exists, and is empty. */
  folder: string;
  /** Folder of the write-ahead log: where that has no room, PostgreSQL ends. */
  log: string;
  /** Programs that it is run by. */
  within?: readonly string[];
}

/** A PostgreSQL of a test's own. */
export interface OwnPostgresql {
  databaseUrl: string;
  pid(): number;
  /** Stops it as an administrator does: the statements of its clients are broken off. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a PostgreSQL that is gone when the test is over. */
export async function openPostgresql({ folder, log, within = [] }: Place): Promise<OwnPostgresql> {
  const port = await freePort();
  const init = `initdb -D "$0/data" -X "$1" -U postgres --auth=trust --no-sync --wal-segsize=1 --locale=C --encoding=UTF8 >&2`;
  const serve = `exec postgres -D "$0/data" -p ${port} -k "" -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB`;
  let child: ChildProcess;

  async function serveBy(script: string): Promise<void> {
    const [command, ...args] = [...within, ...AS_ANOTHER, "sh", "-c", script, folder, log];
    child = spawn(command!, args, { stdio: ["ignore", "ignore", "pipe"] });
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr!.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes("ready to accept connections")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`PostgreSQL ended with ${code}:\n${output}`)));
    });
  }

  async function end(signal: "SIGINT" | "SIGQUIT"): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  await serveBy(`${init} && ${serve}`);
  onTestFinished(() => end("SIGQUIT"));
  return {
    databaseUrl: `postgresql://postgres@127.0.0.1:${port}/postgres`,
    pid: () => child.pid!,
    stop: () => end("SIGINT"),
    start: () => serveBy(serve),
  };
}
