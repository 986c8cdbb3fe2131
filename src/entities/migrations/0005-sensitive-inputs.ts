import type { SchemaStep } from "./index.ts";

/** Inputs of runs that nobody may read. */
export const sensitiveInputs: SchemaStep = {
  name: "0005-sensitive-inputs",
  sqlite: ["alter table `job_result` add column `sensitive_kwargs` text null"],
  postgresql: ['alter table "job_result" add "sensitive_kwargs" text null'],
};
