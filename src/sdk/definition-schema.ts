import { z } from "zod";
import { wrongQueueName } from "../entities/queue-names.ts";
import { dedent } from "./dedent.ts";

const seconds = z.number().nonnegative().optional();
const flag = z.boolean().optional();
const queue = z
  .string()
  .min(1)
  .max(100)
  .refine((name) => wrongQueueName(name) === undefined, {
    error: ({ input }) => wrongQueueName(input as string)!,
  });
const method = z.custom((value) => typeof value === "function", "must be a function");

/** The metadata of a job again, for authors whose editor does not check types, and against misspelt names. */
export const definitionSchema = z.strictObject({
  name: z.string().min(1).max(100),
  grouping: z.string().min(1).max(255).optional(),
  description: z.string().optional(),
  variables: z.instanceof(z.ZodObject, { error: "must be a z.object(…)" }).optional(),
  enabled: flag,
  approvalRequired: flag,
  consoleLogDefault: flag,
  dryrunDefault: flag,
  hasSensitiveVariables: flag,
  hidden: flag,
  isSingleton: flag,
  maxConcurrent: z.int().positive().optional(),
  onLimit: z.enum(["queue", "reject", "replace"]).optional(),
  retry: z.strictObject({ limit: z.int().nonnegative(), backoff: z.number().nonnegative() }).optional(),
  readOnly: flag,
  supportsDryrun: flag,
  softTimeLimit: seconds,
  timeLimit: seconds,
  memoryLimitMb: z.union([z.literal(0), z.int().min(16)], "must be 0, or a whole number of 16 or more").optional(),
  taskQueues: z.array(queue).optional(),
  isolation: z.enum(["process", "run", "shared"]).optional(),
  run: method,
  beforeStart: method.optional(),
  onSuccess: method.optional(),
  onFailure: method.optional(),
  afterReturn: method.optional(),
});

/** The metadata of a receiver. */
export const receiverSchema = definitionSchema
  .omit({
    dryrunDefault: true,
    run: true,
    supportsDryrun: true,
    variables: true,
    beforeStart: true,
    onSuccess: true,
    onFailure: true,
    afterReturn: true,
  })
  .extend({ receive: method });

/** The metadata of a job or a receiver without code, as it comes out of a sandbox. */
export const metaSchema = definitionSchema
  .omit({ variables: true, run: true, beforeStart: true, onSuccess: true, onFailure: true, afterReturn: true })
  .extend({ description: z.string().transform(dedent).optional(), receiver: z.enum(["button", "hook"]).optional() });
