import type { SchemaStep } from "./index.ts";

/** Metadata of a job's source, the object before a change, and hooks that still have to run. */
export const overridesAndChanges: SchemaStep = {
  name: "0002-overrides-and-changes",
  sqlite: [
    "create table `job_hook_delivery` (`id` text not null primary key, `job_hook_id` text not null, `object_change_id` text not null, constraint `job_hook_delivery_job_hook_id_foreign` foreign key (`job_hook_id`) references `job_hook` (`id`) on delete cascade, constraint `job_hook_delivery_object_change_id_foreign` foreign key (`object_change_id`) references `object_change` (`id`) on delete cascade)",
    "create index `job_hook_delivery_job_hook_id_index` on `job_hook_delivery` (`job_hook_id`)",
    "create index `job_hook_delivery_object_change_id_index` on `job_hook_delivery` (`object_change_id`)",
    "alter table `job` add column `source` json null",
    "alter table `object_change` drop column `object_data`",
    "alter table `object_change` add column `prechange` json null",
  ],
  postgresql: [
    'create table "job_hook_delivery" ("id" uuid not null, "job_hook_id" uuid not null, "object_change_id" uuid not null, primary key ("id"))',
    'create index "job_hook_delivery_job_hook_id_index" on "job_hook_delivery" ("job_hook_id")',
    'create index "job_hook_delivery_object_change_id_index" on "job_hook_delivery" ("object_change_id")',
    'alter table "job_hook_delivery" add constraint "job_hook_delivery_job_hook_id_foreign" foreign key ("job_hook_id") references "job_hook" ("id") on delete cascade',
    'alter table "job_hook_delivery" add constraint "job_hook_delivery_object_change_id_foreign" foreign key ("object_change_id") references "object_change" ("id") on delete cascade',
    'alter table "job" add "source" jsonb null',
    'alter table "job" alter column "name" type varchar(100) using ("name"::varchar(100))',
    'alter table "object_change" drop column "object_data"',
    'alter table "object_change" add "prechange" jsonb null',
  ],
};
