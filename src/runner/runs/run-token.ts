import { timingSafeEqual } from "node:crypto";
import type { Database } from "../../entities/database.ts";
import { uuidOf } from "../../entities/mapping/scalars.ts";
import { AppError } from "../../errors.ts";
import type { Vault } from "../secrets/vault.ts";

/** An attempt of a run. */
interface Attempt {
  id: string;
  attempt: number;
}

const signatureOf = (vault: Vault, { id, attempt }: Attempt) => vault.digest(`run token of ${id}, attempt ${attempt}`);

/** Returns the token by which a request over HTTP proves that the code of a run sends it. It counts until the attempt has ended. */
export function runToken(vault: Vault, attempt: Attempt): string {
  return `${attempt.id}.${attempt.attempt}.${signatureOf(vault, attempt)}`;
}

/**
 * Returns the id of the run that a token was made for.
 * @throws {@link AppError} BAD_USER_INPUT for a token that was not made here, or whose attempt is not under way any more.
 */
export async function runOfToken({ database, vault }: { database: Database; vault: Vault }, token: string): Promise<string> {
  const [named, attempt, signature = ""] = token.split(".");
  const id = uuidOf(named);
  if (id !== undefined && isSame(signature, signatureOf(vault, { id, attempt: Number(attempt) }))) {
    const underWay = database.rows
      .selectFrom("job_result")
      .select("id")
      .where("id", "=", id)
      .where("attempt", "=", Number(attempt))
      .where("status", "=", "STARTED");
    if ((await database.read(underWay.compile())).length > 0) return id;
  }
  const message =
    "The header X-Job-Result must hold the `token` that a job finds in its `jobResult`, and its run must be under way.";
  throw new AppError("BAD_USER_INPUT", message);
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
