import { AppError, type ErrorDetail } from "../errors.ts";
import type { Viewer } from "./authenticate.ts";
import { areWithin } from "./networks.ts";

/** Limits of a token. */
export interface KeyLimits {
  /** Networks that the key is accepted from; null for all. */
  networks: readonly string[] | null;
  /** Null for never. */
  expires: Date | null;
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
export function mustNotExceed({ key }: Viewer, { networks, expires }: KeyLimits): void {
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
  if (details.length > 0) throw new AppError("FORBIDDEN", details.map(({ message }) => message).join(" "), details);
}
