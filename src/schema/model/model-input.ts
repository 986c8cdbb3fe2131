import { type ClassType, Field, InputType } from "type-graphql";
import { type ModelShape, shapeOf } from "../../entities/mapping/shape.ts";

/** Fields of a model that a client may set, and whether they make a new object. */
interface InputFields {
  /** Wire names. */
  fields: readonly string[];
  /** True for a new object: it needs a value for each field without a default. */
  isNew: boolean;
}

type ModelClass = (abstract new () => object) & { name: string };

/**
 * Returns the input for a model's objects, made from its shape: `CreateJobHookInput`, `UpdateJobHookInput`. A reference takes the id or the natural key of its
 * object.
 */
export function inputOf(model: ModelClass, { fields, isNew }: InputFields): ClassType<object> {
  // oxlint-disable-next-line typescript/no-extraneous-class -- a type is a class to type-graphql; its fields are added below
  class ModelInput {}
  const shape = shapeOf(model);
  for (const name of fields) addField(ModelInput, shape, name, isNew);
  const words = isNew ? "Values of a new object." : "Values to change in an object. Absent fields stay as they are.";
  InputType(`${isNew ? "Create" : "Update"}${model.name}Input`, { description: words })(ModelInput);
  return ModelInput;
}

/** Adds a model's field to an input class; nullable unless a new object needs it. */
function addField(input: ClassType<object>, shape: ModelShape, name: string, isNew: boolean): void {
  const column = shape.columns.get(name);
  const one = shape.one.get(name);
  const { property, description } = column ?? one ?? shape.many.get(name)!;
  const isNeeded = isNew && (column ? !column.nullable && !column.hasDefault : one ? !one.nullable : false);
  const type = column?.type ?? (one ? String : [String]);
  const naming = column ? "" : one ? " By id or by name." : " The whole list, each by id or by name.";
  Field(() => type as never, { nullable: !isNeeded, description: description + naming })(input.prototype, property);
}
