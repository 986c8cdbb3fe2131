import type { SchemaStep } from "./index.ts";

/** Limits of operations that groups and keys have for themselves. */
export const ownLimits: SchemaStep = {
  name: "0014-own-limits",
  sqlite: ["group", "token"].flatMap((table) =>
    ["max_query_depth", "max_query_cost", "max_answer_bytes", "operation_timeout_ms"].map(
      (column) => `alter table \`${table}\` add column \`${column}\` integer null`,
    ),
  ),
  postgresql: ["group", "token"].map(
    (table) =>
      `alter table "${table}" add "max_query_depth" int null, add "max_query_cost" int null, add "max_answer_bytes" int null, add "operation_timeout_ms" int null`,
  ),
};
