/** How long one process waits for another that works alone, in milliseconds. */
export const ALONE_TIMEOUT_MS = 60_000;

/** Sentence for one that has waited so long. */
export const tookTooLong = `Another server on this database has been starting, or reading its job files, for ${ALONE_TIMEOUT_MS / 1000} s. Try again, or end it.`;
