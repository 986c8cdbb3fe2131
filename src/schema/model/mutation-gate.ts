import { MapperKind, mapSchema } from "@graphql-tools/utils";
import { getNamedType, type GraphQLSchema } from "graphql";
import { MUTATION_RIGHTS, mustBegin } from "../../access/mutation-rights.ts";
import { MODELS } from "../../entities/index.ts";
import type { Context } from "../context.ts";

const BY_TYPE = new Map<string, (typeof MODELS)[number]>(MODELS.map((model) => [`${model.name}Type`, model]));

/**
 * Returns the schema with mutations that a user without their rights does not begin, whichever way an operation comes. A mutation whose answer shows an
 * object also needs a view of some: nothing is done whose answer then fails.
 * @throws Error for a mutation that the table of rights does not have.
 */
export function withMutationRights(schema: GraphQLSchema): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.MUTATION_ROOT_FIELD]: (field, name) => {
      const rights = MUTATION_RIGHTS.get(name);
      const { resolve } = field;
      if (!rights || !resolve) throw new Error(`The mutation ${name} has no row in access/mutation-rights.ts, or no resolver.`);
      if (rights.decidesItself) return undefined;
      const shown = BY_TYPE.get(getNamedType(field.type).name);
      const shows = shown ? [shown] : [];
      return {
        ...field,
        resolve(root, args: Record<string, unknown>, context: Context, info) {
          mustBegin(context.viewer.rights, rights, args, shows);
          return resolve(root, args, context, info) as unknown;
        },
      };
    },
  });
}
