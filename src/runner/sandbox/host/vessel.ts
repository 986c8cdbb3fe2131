import { fileURLToPath } from "node:url";
import type { PipeReader } from "../wire/byte-pipe.ts";
import type { Request } from "../wire/protocol.ts";

/** Takes output from outside of any run, as it comes. */
export type OnOutput = (stream: "stdout" | "stderr", text: string) => void;

/** Something of which a run took more than it may. */
export type Excess = "memory" | "processes";

/** A thread or process that was just started with the entry, from this side. Job code can write all that comes out of it. */
export interface Vessel {
  post(request: Request): void;
  /** Everything that it says; it has ended when the vessel has. */
  readonly pipe: PipeReader;
  /** Resolves with why, once it ended. */
  readonly ended: Promise<Error>;
  /** Watches the memory and processes of a run in it, until the returned function is called. `onOver` is called once, with the excess. */
  watch(limitMb: number, onOver: (what: Excess) => void): () => void;
  /** Ends the vessel in any state. Resolves once it is gone. */
  kill(): Promise<void>;
}

/**
 * Starts a vessel that sees only the given environment, and whose runs may take only so many MiB of memory; 0 for as many as they like.
 * @param onBroken hears of acts that no sandbox does, and that its pipe does not show.
 * @throws Error when the system gives no thread or process.
 */
export type StartVessel = (
  env: Readonly<Record<string, string>>,
  onOutput: OnOutput,
  onBroken: (error: Error) => void,
  memoryLimitMb: number,
) => Vessel;

/** The folder that `npm run build` makes; as far from `src/runner/sandbox/host` as from `dist/runner/sandbox/host`. */
const DIST = new URL("../../../../dist/", import.meta.url);

/** The program that runs jobs, in one file. */
export const ENTRY = new URL("sandbox/entry.js", DIST);

/** Compiled code of the entry and of job files, types already stripped, is kept between vessels and between starts. */
export const COMPILE_CACHE = fileURLToPath(new URL("compile-cache", DIST));

/** Error of a vessel that the job ended. */
export class EndedError extends Error {
  override readonly name = "JobEnded";
}

/** Error of a vessel that the engine ended, as it had no more memory. */
export class OutOfMemoryError extends Error {
  override readonly name = "MemoryLimitExceeded";
}

/** An end with an exit code, as an error. */
export const exited = (code: number) =>
  new EndedError(
    code === 0
      ? "The job ended without returning: it called process.exit(0), or it waits for a promise that nothing can settle."
      : `The job called process.exit(${code}).`,
  );
