import { MapperKind, mapSchema } from "@graphql-tools/utils";
import type { GraphQLSchema } from "graphql";
import { mustWrite } from "../../../access/key-limits.ts";
import type { Context } from "../../context.ts";

/** Returns the schema with mutations that keys which only read are refused at, whichever way an operation comes. */
export function withKeyWrites(schema: GraphQLSchema): GraphQLSchema {
  return mapSchema(schema, {
    [MapperKind.MUTATION_ROOT_FIELD]: (field) => {
      const { resolve } = field;
      if (!resolve) throw new Error("A mutation without a resolver.");
      return {
        ...field,
        resolve: (root, args, context: Context, info) => {
          mustWrite(context.viewer);
          return resolve(root, args, context, info) as unknown;
        },
      };
    },
  });
}
