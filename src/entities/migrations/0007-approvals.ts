import type { SchemaStep } from "./index.ts";

/** Decisions on schedules, their content, and runs that wait for them. */
export const approvals: SchemaStep = {
  name: "0007-approvals",
  sqlite: [
    "alter table `scheduled_job` add column `decided_by_id` text null constraint `scheduled_job_decided_by_id_foreign` references `user` (`id`) on delete set null",
    "alter table `scheduled_job` add column `decided_by_user_name` text not null default ''",
    "alter table `scheduled_job` add column `decision_comment` text not null default ''",
    "alter table `scheduled_job` add column `source_version` text null",
    "alter table `scheduled_job` add column `approved_content` text null",
    "create index `scheduled_job_decided_by_id_index` on `scheduled_job` (`decided_by_id`)",
    "alter table `job_result` add column `awaits_approval` integer null",
  ],
  postgresql: [
    'alter table "scheduled_job" add "decided_by_id" uuid null, add "decided_by_user_name" varchar(150) not null default \'\', add "decision_comment" text not null default \'\', add "source_version" varchar(64) null, add "approved_content" varchar(64) null',
    'alter table "scheduled_job" add constraint "scheduled_job_decided_by_id_foreign" foreign key ("decided_by_id") references "user" ("id") on delete set null',
    'create index "scheduled_job_decided_by_id_index" on "scheduled_job" ("decided_by_id")',
    'alter table "job_result" add "awaits_approval" boolean null',
  ],
};
