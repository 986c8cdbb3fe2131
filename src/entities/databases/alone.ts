import { AppError } from "../../errors.ts";

/** Milliseconds that a process waits for another that works alone. */
export const ALONE_TIMEOUT_MS = 60_000;

/** Returns the refusal of one that has waited so long. */
export const othersAreStarting = (): AppError =>
  new AppError(
    "CONFLICT",
    `Another server on this database has been starting, or reading its job files, for ${ALONE_TIMEOUT_MS / 1000} s. Try again, or end it.`,
  );
