import childProcess, { type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import os from "node:os";
import { pathToFileURL } from "node:url";

/*
 * Loaded into a server before anything else, and into all its threads and processes: the machine tells each of them what a test says. The time of day is
 * ahead by as many milliseconds as a file has at the moment; clocks that only count go on as they do.
 */

/** Facts that a machine tells otherwise than they are. */
export interface Machine {
  /** File with the milliseconds by which the clock is ahead. */
  clock?: string;
  hostName?: string;
}

/** `NODE_OPTIONS` of a server on a machine. */
export const nodeOptionsOf = (machine: Machine): string =>
  `--import=${pathToFileURL(import.meta.filename).href}?${new URLSearchParams(Object.entries(machine)).toString()}`;

function shiftClock(file: string): void {
  const System = Date;
  const now = (): number => System.now() + Number(readFileSync(file, "utf8"));
  globalThis.Date = new Proxy(System, {
    apply: () => String(new System(now())),
    construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget) as Date,
    get: (target, key): unknown => (key === "now" ? now : Reflect.get(target, key)),
  });
}

/** Processes of a server are given no options of Node; they are on the same machine all the same. */
function coverChildren(): void {
  const { spawn } = childProcess;
  const { NODE_OPTIONS } = process.env;
  childProcess.spawn = ((command: string, args: string[], options: { env?: object }): ChildProcess =>
    spawn(command, args, { ...options, env: { ...options.env, NODE_OPTIONS } })) as typeof spawn;
}

const { clock, hostName } = Object.fromEntries(new URL(import.meta.url).searchParams) as Machine;
if (clock || hostName) coverChildren();
if (clock) shiftClock(clock);
if (hostName) os.hostname = () => hostName;
syncBuiltinESMExports();
