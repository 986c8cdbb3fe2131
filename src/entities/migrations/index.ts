import type { MigrationsOptions } from "@mikro-orm/core";
import { Migration } from "@mikro-orm/migrations";
import { initial } from "./0001-initial.ts";
import { overridesAndChanges } from "./0002-overrides-and-changes.ts";
import { whatRunsLeave } from "./0003-what-runs-leave.ts";
import { runControl } from "./0004-run-control.ts";
import { schedules } from "./0006-schedules.ts";
import { sensitiveInputs } from "./0005-sensitive-inputs.ts";
import { approvals } from "./0007-approvals.ts";
import { approvalWorkflows } from "./0008-approval-workflows.ts";
import { workerLeases } from "./0009-worker-leases.ts";
import { jobFiles } from "./0010-job-files.ts";
import { failureResults } from "./0011-failure-results.ts";
import { permissions } from "./0012-permissions.ts";
import { defaultPermissions } from "./0013-default-permissions.ts";
import { ownLimits } from "./0014-own-limits.ts";

/** A step of the schema's history, in the words of each database. Never edited once it has landed. */
export interface SchemaStep {
  name: string;
  sqlite: readonly string[];
  postgresql: readonly string[];
}

const STEPS: readonly SchemaStep[] = [
  initial,
  overridesAndChanges,
  whatRunsLeave,
  runControl,
  sensitiveInputs,
  schedules,
  approvals,
  approvalWorkflows,
  workerLeases,
  jobFiles,
  failureResults,
  permissions,
  defaultPermissions,
  ownLimits,
];

/** The steps as MikroORM's migrator wants them, for one database. */
export function migrationOptions(dialect: "sqlite" | "postgresql"): MigrationsOptions {
  return {
    tableName: "schema_migration",
    snapshot: false,
    silent: true,
    migrationsList: STEPS.map((step) => ({
      name: step.name,
      class: class extends Migration {
        override up(): void {
          for (const statement of step[dialect]) this.addSql(statement);
        }
      },
    })),
  };
}
