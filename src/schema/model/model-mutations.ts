import type { GraphQLResolveInfo } from "graphql";
import { Arg, Ctx, Info, Mutation, Resolver } from "type-graphql";
import { createObject, type Data, deleteObject, updateObject } from "../../changes/index.ts";
import { snakeCase } from "../../entities/mapping/case.ts";
import { DateTime, ID } from "../../entities/mapping/scalars.ts";
import { shapeOf } from "../../entities/mapping/shape.ts";
import type { Context } from "../context.ts";
import { readOne, type Row } from "../reading/list.ts";
import { inputOf } from "./model-input.ts";
import { describeModel } from "./model-registry.ts";
import { selectedColumns } from "../reading/selection.ts";
import { readChanged } from "./read-changed.ts";

/** Fields of a model that clients may write. */
interface Writable {
  /** Wire names of the fields of a new object. */
  create: readonly string[];
  /** Wire names of the fields that may change later; those of a new object when absent. */
  update?: readonly string[];
}

type ModelClass = (new () => { id: string }) & { name: string };

/** Argument of mutations that change an object that the client has read before. */
export const UNMODIFIED_SINCE = {
  nullable: true,
  description:
    "The `last_updated` that you have read. If the object has changed since, the answer is `CONFLICT` and nothing changes.",
} as const;

/** A resolver class with `create_…`, `update_…` and `delete_…` of a model, as its shape and its rules have it. */
export function modelMutations(model: ModelClass, { create, update = create }: Writable) {
  const shape = shapeOf(model);
  const words = snakeCase(model.name).replaceAll("_", " ");
  const one = `${/^[aeio]/.test(words) ? "an" : "a"} ${words}`;
  const CreateInput = inputOf(model, { fields: create, isNew: true });
  describeModel(model, { create, update });
  const UpdateInput = inputOf(model, { fields: update, isNew: false });

  @Resolver()
  abstract class ModelMutations {
    @Mutation(() => model, { name: `create${model.name}`, description: `Creates ${one}.` })
    async create(
      @Arg("data", () => CreateInput, { description: `Values of the new ${words}.` }) data: Data,
      @Ctx() { reader, change }: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Row> {
      const { id } = await change((unit) => createObject(unit, model, data));
      return readChanged(reader, info, shape, id);
    }

    @Mutation(() => model, { name: `update${model.name}`, description: `Updates ${one}.` })
    async update(
      @Arg("id", () => ID, { description: "Primary key." }) id: string,
      @Arg("data", () => UpdateInput, { description: "Values to change." }) data: Data,
      @Arg("ifUnmodifiedSince", () => DateTime, UNMODIFIED_SINCE) unmodifiedSince: Date | undefined,
      @Ctx() { reader, change }: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Row> {
      await change((unit) => updateObject(unit, model, id, data, unmodifiedSince));
      return readChanged(reader, info, shape, id);
    }

    @Mutation(() => model, {
      name: `delete${model.name}`,
      description: `Deletes ${one}. Answers with the object before the deletion; references to it are already gone.`,
    })
    async delete(
      @Arg("id", () => ID, { description: "Primary key." }) id: string,
      @Arg("ifUnmodifiedSince", () => DateTime, UNMODIFIED_SINCE) unmodifiedSince: Date | undefined,
      @Ctx() context: Context,
      @Info() info: GraphQLResolveInfo,
    ): Promise<Row> {
      return deleteOne(model, id, unmodifiedSince, context, info);
    }
  }
  return ModelMutations;
}

/** Deletes an object. @returns its last state. @throws errors of {@link deleteObject}. */
export async function deleteOne(
  model: ModelClass,
  id: string,
  unmodifiedSince: Date | undefined,
  { reader, change }: Context,
  info: GraphQLResolveInfo,
): Promise<Row> {
  const shape = shapeOf(model);
  // Not inside the transaction: it has a connection already, and transactions that wait for a second one each wait for ever.
  const row = await readOne(reader, shape, selectedColumns(info, shape), id);
  await change((unit) => deleteObject(unit, model, id, unmodifiedSince));
  return row!;
}
