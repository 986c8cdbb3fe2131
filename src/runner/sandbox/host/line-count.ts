import { counted } from "../../../errors.ts";
import type { Records } from "./decode-records.ts";

/** Thrown when a run has said too much. */
export class LineLimitExceeded extends Error {
  override readonly name = "LineLimitExceeded";
}

const SENTENCES = {
  lines: (max: number) => `The run was ended: it said more than ${counted(max, "line")}, the most that MAX_RUN_LINES allows.`,
  printed: (max: number) =>
    `The run was ended: it printed more than ${counted(max, "time")}, the most that MAX_RUN_LINES allows.`,
};

/**
 * Counts the lines and the printed texts of a run, and takes out of its records those over the limit.
 * @returns a function that returns an error once there are more than `max` of a kind.
 */
export function createCount(max: number): (records: Records) => LineLimitExceeded | undefined {
  const left = { lines: max, printed: max };
  return (records) => {
    for (const kind of ["lines", "printed"] as const) {
      const over = records[kind].splice(left[kind]).length;
      left[kind] -= records[kind].length;
      if (over > 0) return new LineLimitExceeded(SENTENCES[kind](max));
    }
    return undefined;
  };
}
