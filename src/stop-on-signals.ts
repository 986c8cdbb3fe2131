import { constants } from "node:os";

/** A terminal sends Ctrl+C to npm and to the server, and npm passes it on: one wish to stop comes twice. */
const SAME_WISH_MS = 500;

/**
 * Stops a server at the first SIGINT or SIGTERM, and ends the process at a later one, without waiting. The exit code is then the one that shells have for a
 * process that a signal ended: 128 and the signal's number.
 */
export function stopOnSignals(stop: () => Promise<void>): void {
  let stoppingSince: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stoppingSince === undefined) {
        stoppingSince = performance.now();
        console.log(`${signal}: stopping. Another signal ends the server at once.`);
        void stop();
      } else if (performance.now() - stoppingSince > SAME_WISH_MS) {
        console.log(`${signal} again: ending at once. The next start settles the runs that were under way.`);
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
}
