import { type Action, rightName } from "../../access/rights.ts";
import { contentTypeLabel } from "../../entities/content-types.ts";
import { MODELS } from "../../entities/index.ts";
import { AppError } from "../../errors.ts";
import type { Author } from "../change-log.ts";

/** Rights that a permission gives: each of its actions on each of its kinds of objects. */
export interface HandedOut {
  actions: readonly unknown[];
  labels: readonly string[];
}

/**
 * Throws unless the author has all rights of some permissions for all objects: nobody gives others, or themselves, more than they have.
 * @param what the act on the permission, for the sentence.
 * @throws {@link AppError} FORBIDDEN that names a right which the author lacks.
 */
export function mustHaveAll({ rights }: Author, what: string, permissions: readonly HandedOut[]): void {
  if (rights.isSuperuser) return;
  for (const { actions, labels } of permissions)
    for (const model of MODELS.filter((candidate) => labels.includes(contentTypeLabel(candidate))))
      for (const action of actions as Action[])
        if (!rights.mayAny(action, model) || rights.restrict(action, model))
          throw new AppError(
            "FORBIDDEN",
            `You may ${what} only what you may do yourself, and you need the permission ${rightName(action, model)} for all objects.`,
          );
}
