import { failureResult } from "../../entities/failure.ts";
import type { Failure } from "../sandbox/failure.ts";

/** Columns of a run that keep why it failed, or why its last attempt did. */
export function failureColumns({ excType, excMessage, traceback }: Failure): { result: string; traceback: string | null } {
  return { result: JSON.stringify(failureResult(excType, excMessage)), traceback };
}
