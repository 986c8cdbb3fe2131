import type { Hold } from "../../entities/database.ts";
import type { OperationAnswer } from "./sandbox.ts";

/** A GraphQL query or mutation that the code of a run sends. */
export interface RunOperation {
  /** As whom; null for a run without a user. */
  userId: string | null;
  /** Without which it changes nothing: an attempt that has lost its run may not know it yet. */
  hold: Hold;
  document: string;
  variables: Record<string, unknown>;
}

/** Answers an operation; this room knows of no schema. Never rejects. */
export type ExecuteOperation = (operation: RunOperation) => Promise<OperationAnswer>;
