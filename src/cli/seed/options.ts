import { parseArgs } from "node:util";
import { StartError } from "../../errors.ts";

/** Numbers of objects to make. */
export interface SeedOptions {
  jobs: number;
  results: number;
  /** Lines of each result. */
  lines: number;
  /** Lines of one more result, newer than all others; 0 for none. */
  longResult: number;
  /** Seed of the random numbers. */
  seed: number;
}

/** Help text, printed on request and after wrong arguments. */
export const USAGE = `npm run seed -- [--jobs N] [--results N] [--lines N] [--long-result N] [--seed N]

Fills the database of DATABASE_URL, in place of what an earlier seed left there; everything else in it stays.

  --jobs         jobs; 18 when absent
  --results      results, spread over the jobs and over the last 30 days; 2000 when absent
  --lines        log lines of each result; 50 when absent
  --long-result  one more result, the newest, with this many lines; none when absent
  --seed         another number makes other data; 1 when absent`;

const LIMITS = {
  jobs: { initial: 18, min: 1, max: 10_000 },
  results: { initial: 2000, min: 0, max: 10_000_000 },
  lines: { initial: 50, min: 0, max: 10_000_000 },
  "long-result": { initial: 0, min: 0, max: 10_000_000 },
  seed: { initial: 1, min: 0, max: 2 ** 32 - 1 },
} as const;
type Flag = keyof typeof LIMITS;

/**
 * Reads a command line; undefined when it asks for help.
 * @throws {@link StartError} for an unknown or invalid argument.
 */
export function readOptions(args: readonly string[]): SeedOptions | undefined {
  const text = { type: "string" } as const;
  const options = { jobs: text, results: text, lines: text, "long-result": text, seed: text, help: { type: "boolean" } } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${USAGE}`);
  }
  if (values.help) return undefined;
  const number = (flag: Flag) => wholeNumber(flag, values[flag]);
  return {
    jobs: number("jobs"),
    results: number("results"),
    lines: number("lines"),
    longResult: number("long-result"),
    seed: number("seed"),
  };
}

function wholeNumber(flag: Flag, given: string | undefined): number {
  const { initial, min, max } = LIMITS[flag];
  if (given === undefined) return initial;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= min && value <= max) return value;
  throw new StartError(`--${flag} must be a whole number from ${min} to ${max}, and is "${given}".\n\n${USAGE}`);
}
