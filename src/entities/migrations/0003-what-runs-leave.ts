import type { SchemaStep } from "./index.ts";

/** The place of a console entry within its run, and how far a run has come. */
export const whatRunsLeave: SchemaStep = {
  name: "0003-what-runs-leave",
  sqlite: [
    // SQLite adds no column that is not null to a table with rows.
    "create table `new_job_console_entry` (`id` text not null primary key, `job_result_id` text not null, `sequence` integer not null, `timestamp` text not null, `output_type` text not null, `text` text not null, constraint `job_console_entry_job_result_id_foreign` foreign key (`job_result_id`) references `job_result` (`id`) on delete cascade)",
    "insert into `new_job_console_entry` select `id`, `job_result_id`, row_number() over (partition by `job_result_id` order by `timestamp`, `id`), `timestamp`, `output_type`, `text` from `job_console_entry`",
    "drop table `job_console_entry`",
    "alter table `new_job_console_entry` rename to `job_console_entry`",
    "create unique index `job_console_entry_job_result_id_sequence_unique` on `job_console_entry` (`job_result_id`, `sequence`)",
    "alter table `job_result` add column `progress_done` double null",
    "alter table `job_result` add column `progress_total` double null",
    "alter table `job_result` add column `progress_message` text null",
  ],
  postgresql: [
    'alter table "job_console_entry" add column "sequence" int null',
    'update "job_console_entry" as entry set "sequence" = numbered.place from (select "id", row_number() over (partition by "job_result_id" order by "timestamp", "id") as place from "job_console_entry") as numbered where numbered."id" = entry."id"',
    'alter table "job_console_entry" alter column "sequence" set not null',
    'drop index "job_console_entry_job_result_id_timestamp_index"',
    'alter table "job_console_entry" add constraint "job_console_entry_job_result_id_sequence_unique" unique ("job_result_id", "sequence")',
    'alter table "job_result" add "progress_done" double precision null, add "progress_total" double precision null, add "progress_message" varchar(255) null',
  ],
};
