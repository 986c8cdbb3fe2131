import { type Action, ACTIONS, type Model } from "../../../access/rights.ts";
import { contentTypeLabel } from "../../../entities/content-types.ts";
import { MODELS, OWN_MODELS } from "../../../entities/index.ts";
import { fieldError } from "../../../errors.ts";

/** Kinds of objects that clients see. */
export const KINDS: readonly Model[] = MODELS.filter((model) => !OWN_MODELS.has(model));
const KIND_OF = new Map(KINDS.map((model) => [contentTypeLabel(model), model]));

/** Returns an act by its names. @throws {@link AppError} BAD_USER_INPUT that names the argument. */
export function readAct(action: string, objectType: string): { action: Action; model: Model } {
  const model = KIND_OF.get(objectType);
  if (!isAction(action)) throw fieldError("BAD_USER_INPUT", "action", `action must be one of ${ACTIONS.join(", ")}.`);
  if (model) return { action, model };
  const message = `object_type must be a kind of objects of this server, such as extras.job: ${JSON.stringify(objectType)} is none.`;
  throw fieldError("BAD_USER_INPUT", "object_type", message);
}

const isAction = (text: string): text is Action => ACTIONS.some((action) => action === text);
