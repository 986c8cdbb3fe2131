import { z } from "zod";
import { metaSchema } from "../../../sdk/definition-schema.ts";
import { BrokenMessage } from "../wire/broken-message.ts";
import { isPlainJson, isStorable } from "../wire/json-shape.ts";
import type { Reply } from "../wire/protocol.ts";

/** Longest text of a reply, in characters: inside a sandbox texts are cut to less. */
const MAX_TEXT = 1_000_000;

const text = z.string().max(MAX_TEXT).refine(isStorable);
const json = z.unknown().refine(isPlainJson);
const object = z.record(z.string(), z.unknown()).refine(isPlainJson);

const outcome = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("success"), result: json }),
  z.strictObject({ kind: z.literal("failure"), excType: text, excMessage: text, traceback: text.nullable() }),
]);

/** The parts of a JSON Schema that the server reads. */
const variablesSchema = object.pipe(
  z.looseObject({
    properties: z.record(z.string(), z.looseObject({})).optional(),
    required: z.array(z.string()).optional(),
  }),
);

const job = z.strictObject({ exportName: text, meta: object.pipe(metaSchema), variablesSchema });
const file = z.union([z.strictObject({ jobs: z.array(job) }), z.strictObject({ error: text })]);

const reply = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("ready") }),
  z.strictObject({ kind: z.literal("outcome"), run: z.int(), outcome, fit: z.boolean() }),
  z.strictObject({ kind: z.literal("described"), file }),
  z.strictObject({ kind: z.literal("validated"), details: z.array(z.strictObject({ field: text, message: text })) }),
  z.strictObject({ kind: z.literal("unloadable"), error: text }),
]);

/**
 * Returns a reply as it came out of a sandbox.
 * @throws BrokenMessage for every other value.
 */
export function checkReply(value: unknown): Reply {
  const checked = reply.safeParse(value);
  if (!checked.success) throw new BrokenMessage("it gave an answer of a wrong form");
  return checked.data as Reply;
}
