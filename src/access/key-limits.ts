import { AppError, type ErrorDetail } from "../errors.ts";
import { LIMIT_NAMES, LIMITED, type LimitName, limitOf, type StoredLimits } from "../own-limits.ts";
import type { Viewer } from "./authenticate.ts";
import { areWithin } from "./networks.ts";

/** Limits of a token. */
export interface KeyLimits {
  /** Networks that the key is accepted from; null for all. */
  networks: readonly string[] | null;
  /** Null for never. */
  expires: Date | null;
  /** Limits of operations with the key. */
  limits: StoredLimits;
}

/** Throws for a change with a key that only reads. @throws {@link AppError} FORBIDDEN. */
export function mustWrite({ key }: Viewer): void {
  if (key?.writeEnabled === false)
    throw new AppError("FORBIDDEN", "Your key only reads: send mutations with a key that has `write_enabled`.");
}

/**
 * Throws for a token that would do more than the key that makes or changes it: a key that is limited makes no key without its limits. A browser's session
 * makes keys that outlive it, as its user has signed in. The code of a run makes none: it acts as the user, without the limits of the key that asked for it.
 * @throws {@link AppError} FORBIDDEN that names the fields.
 */
export function mustNotExceed({ key }: Viewer, { networks, expires, limits }: KeyLimits): void {
  if (!key) throw new AppError("FORBIDDEN", "A job makes and changes no keys: they would outlive its run.");
  if (key.kind === "session") return;
  const details: ErrorDetail[] = [];
  if (!areWithin(networks, key.networks))
    details.push({
      field: "allowed_networks",
      message: `Your own key is accepted from ${key.networks!.join(", ")} only: give networks in these.`,
    });
  if (key.expires < (expires?.getTime() ?? Infinity))
    details.push({
      field: "expires",
      message: `Your own key expires at ${new Date(key.expires).toISOString()}: give a time no later.`,
    });
  for (const name of LIMIT_NAMES) {
    const { column } = LIMITED[name];
    const own = key.limits?.[name] ?? Infinity;
    if ((limits[name] ?? Infinity) > own)
      details.push({ field: column, message: `${column} of your own key allows ${own}: give that, or less.` });
  }
  refuse(details);
}

/**
 * Throws for a password that a limited key, or a job, would set: somebody who signs in with it has none of the limits.
 * @throws {@link AppError} FORBIDDEN.
 */
export function mustBeUnlimited({ key }: Viewer): void {
  if (!key) throw new AppError("FORBIDDEN", "A job sets no passwords: they would outlive its run.");
  if (key.kind === "session") return;
  if (key.networks === null && key.expires === Infinity && !LIMIT_NAMES.some((name) => key.limits?.[name])) return;
  throw new AppError(
    "FORBIDDEN",
    "Your key has an end, networks or limits, and a sign-in with a password has none: set passwords signed in in a browser, or with a key without them.",
  );
}

/**
 * Throws for a limit that lets a key do more than the user who gives it: a user's own limits are for others to raise. A superuser gives any, and a limit that
 * the key has already may be given again.
 * @param server the server's limits.
 * @throws {@link AppError} FORBIDDEN that names the fields.
 */
export function mustNotRaise(
  { isSuperuser, limits: own }: Viewer,
  server: Readonly<Record<LimitName, number>>,
  wished: Partial<StoredLimits>,
  before: Partial<StoredLimits> = {},
): void {
  if (isSuperuser) return;
  refuse(
    LIMIT_NAMES.flatMap((name) => {
      const { value, of } = limitOf(name, server, own);
      const { column } = LIMITED[name];
      if ((wished[name] ?? 0) <= Math.max(value, before[name] ?? 0)) return [];
      return [{ field: column, message: `${of} allows you ${value}: only a superuser gives a key a higher ${column}.` }];
    }),
  );
}

function refuse(details: readonly ErrorDetail[]): void {
  if (details.length > 0) throw new AppError("FORBIDDEN", details.map(({ message }) => message).join(" "), details);
}
