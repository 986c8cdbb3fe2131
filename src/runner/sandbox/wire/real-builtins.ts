/*
 * Built-in functions as they were before any code of a job: a job that replaces one, with fake timers for instance, changes nothing of the sandbox's own
 * messages.
 */

/** The time, in milliseconds since the epoch. */
export const { now } = Date;

/** A value as JSON. */
export const { stringify } = JSON;
