import type { Workload } from "../workload.ts";
import { lines } from "./lines.ts";
import { live } from "./live.ts";
import { memory } from "./memory.ts";
import { permissions } from "./permissions.ts";
import { reading } from "./reading.ts";
import { runJob } from "./run-job.ts";
import { startUp } from "./start-up.ts";
import { throughput } from "./throughput.ts";

/** In the order of the measurements. Memory is last, since it shows the leftovers of the others. */
export const WORKLOADS: readonly Workload[] = [startUp, reading, permissions, runJob, throughput, lines, live, memory];
