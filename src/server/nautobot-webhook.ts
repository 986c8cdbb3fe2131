import { cutText } from "../cut-text.ts";
import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Logger } from "pino";
import { z } from "zod";
import { ALL_RIGHTS } from "../access/rights.ts";
import { type Author, recordForeign, transact } from "../changes/index.ts";
import type { Database } from "../entities/database.ts";
import { ObjectChange, User } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import type { Runner } from "../runner/index.ts";
import { parseJson, readBody } from "./json-body.ts";
import { readTime } from "../entities/times/read-time.ts";
import { checkTexts } from "../schema/reading/storable-texts.ts";
import { countValues } from "../schema/execution/write-json.ts";

/** Path of Nautobot's webhooks. */
export const NAUTOBOT_WEBHOOK = "/webhooks/nautobot";

/** Values of an object and its snapshots; Nautobot's own have some hundreds. */
const MOST_VALUES = 20_000;

const ACTIONS = { created: "CREATE", updated: "UPDATE", deleted: "DELETE" } as const;

const object = z.record(z.string(), z.unknown());

/** A webhook of Nautobot, as far as the server uses it. */
const payloadSchema = z.object({
  event: z.enum(["created", "updated", "deleted"]),
  timestamp: z
    .string()
    .transform((text) => readTime(text))
    .pipe(z.date()),
  model: z.string(),
  username: z.string().nullish(),
  request_id: z.uuid().toLowerCase(),
  data: z.looseObject({ id: z.uuid().toLowerCase() }),
  snapshots: z.looseObject({ prechange: object.nullish(), postchange: object.nullish() }).nullish(),
});

/** Dependencies of webhooks. */
export interface WebhookDeps {
  database: Database;
  runner: Runner;
  /** Shared with Nautobot; without it no webhook is taken. */
  webhookSecret: string | undefined;
  log: Logger;
}

/**
 * Takes a change of an object in Nautobot into the change log, so that job hooks run for it.
 * @returns the id of the ObjectChange; of the same one when Nautobot sends it again.
 * @throws {@link AppError} UNAUTHENTICATED when the body is not signed with the secret; BAD_USER_INPUT, LIMIT_EXCEEDED, NOT_FOUND.
 */
export async function takeNautobotWebhook(deps: WebhookDeps, request: IncomingMessage): Promise<string> {
  const { database, runner, webhookSecret, log } = deps;
  if (webhookSecret === undefined) throw new AppError("NOT_FOUND", "The server takes no webhooks: set WEBHOOK_SECRET first.");
  if (request.method !== "POST") throw new AppError("BAD_USER_INPUT", "Send a webhook with POST.");
  const body = await readBody(request);
  const signature = request.headers["x-hook-signature"];
  if (!isSigned(body, signature, webhookSecret)) {
    const problem = signature === undefined ? "is not signed" : "has a wrong signature";
    log.warn({ remote: request.socket.remoteAddress }, `a webhook was refused: it ${problem}`);
    throw new AppError(
      "UNAUTHENTICATED",
      `The webhook ${problem}: X-Hook-Signature must be the body's HMAC-SHA512 with WEBHOOK_SECRET.`,
    );
  }
  const given = parseJson(body);
  if (countValues(given, MOST_VALUES) > MOST_VALUES)
    throw new AppError("LIMIT_EXCEEDED", `The webhook has more than ${MOST_VALUES} values: send less of the object.`);
  const payload = payloadSchema.safeParse(given);
  if (!payload.success) {
    const details = payload.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
    throw new AppError("BAD_USER_INPUT", `The webhook is not one of Nautobot's: ${z.prettifyError(payload.error)}`, details);
  }
  checkTexts(payload.data, "");
  return record(database, runner, payload.data);
}

function isSigned(body: Buffer, signature: unknown, secret: string): boolean {
  if (typeof signature !== "string") return false;
  const expected = createHmac("sha512", secret).update(body).digest();
  const given = Buffer.from(signature, "hex");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Name of an object: JSON may have something else than a text there, which need not have a text at all. */
function reprOf({ id, display, name }: { id: string; display?: unknown; name?: unknown }): string {
  return String([display, name].find((value) => typeof value === "string" || typeof value === "number") ?? id);
}

async function record(database: Database, runner: Runner, payload: z.infer<typeof payloadSchema>): Promise<string> {
  const { event, timestamp, username, request_id: requestId, data, snapshots } = payload;
  const action = ACTIONS[event];
  const em = database.fork();
  const known = await em.findOne(ObjectChange, { requestId, changedObjectId: data.id, action, time: timestamp });
  if (known) return known.id;
  const user = username ? await em.findOne(User, { username }) : null;
  const author: Author = {
    userId: user?.id ?? null,
    username: username ?? "",
    // The secret is the permission: Nautobot has let its user make the change.
    rights: ALL_RIGHTS,
    requestId,
    context: "UNKNOWN",
    detail: "Nautobot's webhook",
  };
  const { value, changes } = await transact(database, author, (unit) =>
    recordForeign(unit, {
      objectType: typeof data["object_type"] === "string" ? data["object_type"] : payload.model,
      objectId: data.id,
      objectRepr: cutText(reprOf(data), 200),
      action,
      before: action === "CREATE" ? null : (snapshots?.prechange ?? (action === "DELETE" ? data : null)),
      after: action === "DELETE" ? null : data,
      time: timestamp,
    }),
  );
  await runner.changed(changes);
  return value.id;
}
