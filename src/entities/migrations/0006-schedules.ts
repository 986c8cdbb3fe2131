import type { SchemaStep } from "./index.ts";

/** Due times of schedules, and missed times. */
export const schedules: SchemaStep = {
  name: "0006-schedules",
  sqlite: [
    "drop index `scheduled_job_enabled_state_index`",
    "alter table `scheduled_job` add column `catch_up` text not null default 'ONE'",
    "alter table `scheduled_job` add column `next_run_at` text null",
    "create index `scheduled_job_enabled_state_next_run_at_index` on `scheduled_job` (`enabled`, `state`, `next_run_at`)",
    "alter table `job_result` add column `scheduled_for` text null",
  ],
  postgresql: [
    'drop index "scheduled_job_enabled_state_index"',
    'alter table "scheduled_job" add "catch_up" varchar(50) not null default \'ONE\', add "next_run_at" timestamptz(3) null',
    'create index "scheduled_job_enabled_state_next_run_at_index" on "scheduled_job" ("enabled", "state", "next_run_at")',
    'alter table "job_result" add "scheduled_for" timestamptz(3) null',
  ],
};
