import { expect } from "vitest";

/** Fields of a run that tell how it ended. */
export const ENDING = `status result traceback error { type message traceback }`;

/** Expects of a run that has ended that `result`, as Nautobot has it, and `traceback` tell the same failure as `error`; of one that succeeded none. */
export function expectOneFailure({ status, result, traceback, error }: any): void {
  if (status === "SUCCESS") expect({ traceback, error }).toEqual({ traceback: null, error: null });
  if (status !== "FAILURE" && status !== "REVOKED") return;
  expect(error).toEqual({ type: expect.stringMatching(/./), message: expect.any(String), traceback });
  expect(result).toEqual({ exc_type: error.type, exc_module: "builtins", exc_message: [error.message] });
}
