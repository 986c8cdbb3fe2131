import type { SchemaStep } from "./index.ts";

/** Reason for which a job's file does not load, settings that were switched off when it went away, and variables in the order of their author. */
export const jobFiles: SchemaStep = {
  name: "0010-job-files",
  sqlite: [
    "alter table `job` add column `load_error` text null",
    ...["job_hook", "job_button", "scheduled_job"].map(
      (table) => `alter table \`${table}\` add column \`off_with_job\` integer null`,
    ),
  ],
  postgresql: [
    'alter table "job" add "load_error" text null',
    'alter table "job" alter column "variables_schema" type json using "variables_schema"::json',
    ...["job_hook", "job_button", "scheduled_job"].map((table) => `alter table "${table}" add "off_with_job" boolean null`),
  ],
};
