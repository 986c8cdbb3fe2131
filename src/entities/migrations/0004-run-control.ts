import type { SchemaStep } from "./index.ts";

/** Limits and retries of jobs; attempts, cancellation, idempotency and repetition of runs. */
export const runControl: SchemaStep = {
  name: "0004-run-control",
  sqlite: [
    "alter table `job` add column `max_concurrent` integer null",
    "alter table `job` add column `on_limit` text null",
    "alter table `job` add column `retry_limit` integer null",
    "alter table `job` add column `retry_backoff` double null",
    "alter table `job_result` add column `cancel_reason` text null",
    "alter table `job_result` add column `attempt` integer null",
    "alter table `job_result` add column `date_next_attempt` text null",
    "alter table `job_result` add column `waits_for_slot` integer null",
    "alter table `job_result` add column `idempotency_key` text null",
    "alter table `job_result` add column `idempotency_hash` text null",
    "alter table `job_result` add column `rerun_of_id` text null constraint `job_result_rerun_of_id_foreign` references `job_result` (`id`) on delete set null",
    "create index `job_result_rerun_of_id_date_created_id_index` on `job_result` (`rerun_of_id`, `date_created`, `id`)",
    "create unique index `job_result_user_id_idempotency_key_unique` on `job_result` (`user_id`, `idempotency_key`)",
  ],
  postgresql: [
    'alter table "job" add "max_concurrent" int null, add "on_limit" varchar(50) null, add "retry_limit" int null, add "retry_backoff" double precision null',
    'alter table "job_result" add "cancel_reason" text null, add "attempt" int null, add "date_next_attempt" timestamptz(3) null, add "waits_for_slot" boolean null, add "idempotency_key" varchar(255) null, add "idempotency_hash" varchar(64) null, add "rerun_of_id" uuid null',
    'alter table "job_result" add constraint "job_result_rerun_of_id_foreign" foreign key ("rerun_of_id") references "job_result" ("id") on delete set null',
    'create index "job_result_rerun_of_id_date_created_id_index" on "job_result" ("rerun_of_id", "date_created", "id")',
    'alter table "job_result" add constraint "job_result_user_id_idempotency_key_unique" unique ("user_id", "idempotency_key")',
  ],
};
