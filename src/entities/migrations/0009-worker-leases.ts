import type { SchemaStep } from "./index.ts";

/** Processes that take runs, with the sign of life that each gives; which of them has a run. */
export const workerLeases: SchemaStep = {
  name: "0009-worker-leases",
  sqlite: [
    "create table `worker` (`id` text not null primary key, `host` text not null, `pid` integer not null, `started` text not null, `beats` integer not null)",
    "alter table `job_result` add column `worker_id` text null",
  ],
  postgresql: [
    'create table "worker" ("id" uuid not null, "host" varchar(255) not null, "pid" int not null, "started" timestamptz(3) not null, "beats" int not null, primary key ("id"))',
    'alter table "job_result" add "worker_id" uuid null',
  ],
};
