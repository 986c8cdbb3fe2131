import type { GraphQLResolveInfo } from "graphql";
import { Args, ArgsType, Ctx, Field, Info, Mutation, Resolver } from "type-graphql";
import { recordForeign } from "../../../changes/index.ts";
import { ObjectChangeAction } from "../../../entities/choices.ts";
import { ObjectChange } from "../../../entities/index.ts";
import { GenericScalar, ID } from "../../../entities/mapping/scalars.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import type { Context } from "../../context.ts";
import type { Row } from "../../reading/list.ts";
import { readChanged } from "../../model/read-changed.ts";

const OBJECT_CHANGE = shapeOf(ObjectChange);

@ArgsType()
class RecordObjectChangeArgs {
  @Field(() => String, { description: "Kind of the object: `app_label.model`, e.g. `dcim.device`." })
  objectType!: string;

  @Field(() => ID, { description: "Primary key of the object, a UUID." })
  objectId!: string;

  @Field(() => ObjectChangeAction, { description: "The kind of the change." })
  action!: ObjectChangeAction;

  @Field(() => String, { description: "Name of the object for people." })
  objectRepr!: string;

  @Field(() => GenericScalar, { nullable: true, description: "The object before the change; absent for a created one." })
  before?: unknown;

  @Field(() => GenericScalar, { nullable: true, description: "The object after the change; absent for a deleted one." })
  after?: unknown;
}

/** Changes of objects that are kept elsewhere. */
@Resolver()
export class ChangeMutations {
  @Mutation(() => ObjectChange, {
    description:
      "Records a change of an object of another application, so that job hooks run for it. Values of names such as `password` or `token` are masked.",
  })
  async recordObjectChange(
    @Args(() => RecordObjectChangeArgs) { before = null, after = null, ...change }: RecordObjectChangeArgs,
    @Ctx() { reader, change: transact }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Row> {
    const { id } = await transact((unit) => recordForeign(unit, { ...change, before, after }));
    return readChanged(reader, info, OBJECT_CHANGE, id);
  }
}
