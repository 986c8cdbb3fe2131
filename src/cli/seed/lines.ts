import type { LogLevel } from "../../entities/choices.ts";
import type { LineRow } from "../../entities/database.ts";
import { newId } from "../../entities/new-id.ts";
import { type Device, pickDevice } from "./devices.ts";
import { createRandom, type Random } from "./random.ts";
import type { Run } from "./runs.ts";

const LEVELS = { DEBUG: 20, INFO: 50, SUCCESS: 16, WARNING: 9, FAILURE: 3, ERROR: 2 } as const;

type Say = (device: Device, subject: string, random: Random) => string;

const port = (random: Random) => `Ethernet${random.integer(1, 4)}/${random.integer(1, 48)}`;

const SAYINGS: Record<keyof typeof LEVELS, readonly Say[]> = {
  DEBUG: [
    ({ name }, _, random) => `${name}: "show version" answered in ${random.integer(20, 900)} ms`,
    ({ name }, subject, random) => `${name}: read ${random.integer(3, 1800)} lines of ${subject}`,
    ({ name }) => `${name}: privileged mode entered`,
  ],
  INFO: [
    ({ name, address }) => `Connected to ${name} (${address})`,
    ({ name }, subject) => `${name}: looking at ${subject}`,
    ({ name }, _, random) => `${name}: ${port(random)} is up, ${random.pick(["1", "10", "25", "100"])} Gbit/s`,
    ({ name }, _, random) => `${name}: ${random.integer(1, 300)} of 300 seconds of the window used`,
  ],
  SUCCESS: [
    ({ name }, subject) => `${name}: ${subject} is as it should be`,
    ({ name }, _, random) => `${name}: saved in ${random.integer(100, 4000)} ms`,
  ],
  WARNING: [
    ({ name }, _, random) => `${name}: ${port(random)} counted ${random.integer(10, 9000)} input errors since yesterday`,
    ({ name }, _, random) => `${name}: memory is ${random.integer(80, 97)} % full`,
  ],
  FAILURE: [
    ({ name }, subject) => `${name}: ${subject} is not what the inventory says`,
    ({ name }, _, random) => `${name}: ${port(random)} is down and should be up`,
  ],
  ERROR: [({ name }, _, random) => `${name} did not answer within ${random.integer(5, 60)} s; going on with the next`],
};

/** Makes the lines of a run, spread evenly over its time, with a last line that matches its status. */
export function* makeLines(run: Run): Generator<LineRow> {
  const random = createRandom(run.linesSeed);
  const step = (run.done - run.started) / (run.lines + 1);
  for (let sequence = 1; sequence <= run.lines; sequence++) {
    yield {
      ...(sequence === run.lines ? lastLine(run) : anyLine(run, random)),
      id: newId(),
      job_result_id: run.id,
      sequence,
      created: new Date(Math.floor(run.started + sequence * step)).toISOString(),
    };
  }
}

type Said = Pick<LineRow, "log_level" | "grouping" | "message" | "log_object" | "absolute_url">;

function anyLine({ job }: Run, random: Random): Said {
  const level = random.weighted(LEVELS);
  const device = pickDevice(random);
  return {
    log_level: level,
    grouping: random.weighted({ main: 6, connect: 2, checks: 2 }),
    message: random.pick(SAYINGS[level])(device, job.sketch.subject, random),
    log_object: device.name,
    absolute_url: `/dcim/devices/?name=${device.name}`,
  };
}

function lastLine({ status, kwargs, errorMessage }: Run): Said {
  const [level, message]: [LogLevel, string] =
    errorMessage === undefined
      ? ["SUCCESS", `All ${kwargs["devices"] as number} devices of ${kwargs["site"] as string} are done`]
      : [status === "FAILURE" ? "CRITICAL" : "WARNING", errorMessage];
  return { log_level: level, grouping: "main", message, log_object: "", absolute_url: "" };
}
