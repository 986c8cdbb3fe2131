import type { OperationAnswer } from "./sandbox.ts";

/** A GraphQL query or mutation that the code of a run sends. */
export interface RunOperation {
  /** As whom; null for a run without a user. */
  userId: string | null;
  jobResultId: string;
  document: string;
  variables: Record<string, unknown>;
}

/** Answers an operation; this room knows of no schema. Never rejects. */
export type ExecuteOperation = (operation: RunOperation) => Promise<OperationAnswer>;
