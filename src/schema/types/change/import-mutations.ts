import {
  coerceInputValue,
  type GraphQLInputObjectType,
  type GraphQLResolveInfo,
  isNonNullType,
  isRequiredInputField,
} from "graphql";
import { Args, ArgsType, Ctx, Extensions, Field, Info, Int, Mutation, ObjectType, Resolver } from "type-graphql";
import { CustomFieldValues, type Data, importObjects, type ImportRow, type RowError } from "../../../changes/index.ts";
import { contentTypeLabel } from "../../../entities/content-types.ts";
import { GenericScalar } from "../../../entities/mapping/scalars.ts";
import { type ModelShape, shapeOf } from "../../../entities/mapping/shape.ts";
import { AppError, type ErrorDetail } from "../../../errors.ts";
import { refuse } from "../../reading/condition.ts";
import type { Context } from "../../context.ts";
import { wrongKinds } from "../../model/custom-fields.ts";
import type { SizedField } from "../../reading/list-arguments.ts";
import { checkTexts, isStorable, type ReadsTexts } from "../../reading/storable-texts.ts";
import { creatable, type KnownModel, modelOf } from "../../model/model-registry.ts";

/** The most rows that are imported at once: all of them are one transaction, which others wait for. */
const MAX_ROWS = 2000;

@ArgsType()
class ImportObjectsArgs {
  @Field(() => String, { description: "Kind of the objects, `app_label.model`. The kind must have a `create_…` mutation." })
  contentType!: string;

  @Field(() => [GenericScalar], {
    nullable: "items",
    description: `The objects, 1 to ${MAX_ROWS}. Each has values by field, spelled as in the mutations, and \`id\` if known.`,
  })
  rows!: unknown[];

  @Field(() => Boolean, { defaultValue: false, description: "True to check the import without changing anything." })
  dryRun!: boolean;
}

/** An error of one field of one row. */
@ObjectType({ description: "An error of one field of one row." })
class ImportError implements RowError {
  @Field(() => Int, { description: "Number of the row, from 1." })
  row!: number;

  @Field(() => String, { description: "Name of the field; empty for the whole row." })
  field!: string;

  @Field(() => String, { description: "The error, as a sentence." })
  message!: string;
}

/** The outcome of an import. */
@ObjectType({ description: "The outcome of an import: all rows are imported, or none is." })
class ImportObjectsPayload {
  @Field(() => Boolean, { description: "True when the objects are imported; false for a dry run, and after errors." })
  applied!: boolean;

  @Field(() => Int, { description: "Number of created objects; of a dry run, number of objects to create." })
  created!: number;

  @Field(() => Int, { description: "Number of changed objects; of a dry run, number of objects to change." })
  updated!: number;

  @Field(() => Int, { description: "Number of objects that need no change." })
  unchanged!: number;

  @Extensions({ sizedBy: 1000 } satisfies SizedField)
  @Field(() => [ImportError], { description: "The errors of all rows; empty when the import succeeds." })
  errors!: readonly ImportError[];
}

/** A row with the names of its object. */
interface NamedRow extends ImportRow {
  values: Readonly<Record<string, unknown>>;
  /** Errors of an invalid row, or of one that cannot be stored. Its object is not looked for then. */
  wrong: readonly ErrorDetail[];
}

/** Many objects at once. */
@Resolver()
export class ImportMutations {
  @Extensions({ readsTexts: ["rows"] } satisfies ReadsTexts)
  @Mutation(() => ImportObjectsPayload, {
    description:
      "Creates and updates many objects of one kind in one transaction. Existing objects are found by `id`, or else by the field that names them. If one row is wrong, no row is imported. Rules and change log are those of the `create_…` and `update_…` mutations. Fields that clients cannot set are ignored, and so are fields of existing objects that cannot change.",
  })
  async importObjects(
    @Args(() => ImportObjectsArgs) { contentType, rows, dryRun }: ImportObjectsArgs,
    @Ctx() { tryChange }: Context,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ImportObjectsPayload> {
    const known = modelOf(contentType);
    if (!known?.create)
      refuse("content_type", `Objects of the kind ${contentType} cannot be imported: ${creatable().join(", ")} can.`);
    if (rows.length === 0 || rows.length > MAX_ROWS) refuse("rows", sizeMessage(rows.length));
    const shape = shapeOf(known.model);
    const named = rows.map((row) => nameRow(shape, row));
    const inputs = inputsOf(info, known);
    const attempt = async (unit: Parameters<typeof importObjects>[0]) => {
      const errors = await importObjects(unit, known.model, named, ({ values, wrong }, isNew) =>
        wrong.length > 0 ? { details: wrong } : readRow(shape, inputs[isNew ? 0 : 1], values),
      );
      if (errors.length > 0) throw new Refused(errors);
    };
    const done = await tryChange(attempt, dryRun).catch((error: unknown) => {
      if (error instanceof Refused) return error;
      throw error;
    });
    if (done instanceof Refused) return { applied: false, created: 0, updated: 0, unchanged: 0, errors: done.errors };
    const label = contentTypeLabel(known.model);
    const count = (action: string) =>
      done.changes.filter((change) => change.action === action && change.changedObjectType.label === label).length;
    const [created, updated] = [count("CREATE"), count("UPDATE")];
    return { applied: !dryRun, created, updated, unchanged: rows.length - created - updated, errors: [] };
  }
}

/** Keeps nothing of an import: some rows do not fit. */
class Refused extends Error {
  readonly errors: readonly RowError[];

  constructor(errors: readonly RowError[]) {
    super();
    this.errors = errors;
  }
}

const sizeMessage = (count: number) =>
  count === 0
    ? "Give at least one row."
    : `There are ${count} rows, and ${MAX_ROWS} at most are imported at once: all or nothing holds for one import only, so divide them.`;

function nameRow({ naturalKey }: ModelShape, row: unknown): NamedRow {
  const unnamed = { values: {}, id: undefined, key: undefined };
  if (typeof row !== "object" || row === null || Array.isArray(row))
    return { ...unnamed, wrong: [{ field: "", message: "The row must be an object, with values by field." }] };
  const values = row as Record<string, unknown>;
  const wrong = Object.entries(values).flatMap(([name, value]) => unstorable(name, value));
  if (wrong.length > 0) return { ...unnamed, wrong };
  const textOf = (name: string | undefined) => {
    const value = name === undefined ? null : (values[name] ?? null);
    return value === null ? undefined : typeof value === "string" ? value : JSON.stringify(value);
  };
  return { values, id: textOf("id"), key: textOf(naturalKey), wrong };
}

/** Faults of the texts in a value; a name that cannot be stored is not told. */
function unstorable(name: string, value: unknown): readonly ErrorDetail[] {
  try {
    if (isStorable(name)) checkTexts(value, name);
    else checkTexts({ [name]: value }, "");
    return [];
  } catch (error) {
    if (error instanceof AppError) return error.details;
    throw error;
  }
}

/** Returns the input types for a new object, and for an existing one. */
function inputsOf(
  { schema }: GraphQLResolveInfo,
  { model: { name } }: KnownModel,
): [GraphQLInputObjectType, GraphQLInputObjectType] {
  return [schema.getType(`Create${name}Input`), schema.getType(`Update${name}Input`)] as never;
}

/** A row as a mutation's input would arrive. */
function readRow(shape: ModelShape, input: GraphQLInputObjectType, values: Readonly<Record<string, unknown>>) {
  const fields = input.getFields();
  const details: ErrorDetail[] = [];
  const data: Record<string, unknown> = {};
  const customFields: Record<string, unknown> = {};
  const isCustom = (name: string) => propertyOf(shape, name) === undefined;
  for (const field of Object.values(fields)) {
    const { name, type } = field;
    if (!Object.hasOwn(values, name)) {
      if (isRequiredInputField(field)) details.push({ field: name, message: "This field is required." });
      continue;
    }
    const before = details.length;
    if (isNonNullType(type) && values[name] === null) details.push({ field: name, message: "This field cannot be null." });
    else {
      const value = coerceInputValue(values[name], type, (path, _, { message }) =>
        details.push({ field: [name, ...path].join("."), message }),
      );
      if (details.length > before) continue;
      if (isCustom(name)) customFields[name.slice("cf_".length)] = value;
      else data[propertyOf(shape, name)!] = value;
    }
  }
  const isKnown = (name: string) => Object.hasOwn(fields, name) || propertyOf(shape, name) !== undefined;
  for (const name of Object.keys(values))
    if (!isKnown(name)) details.push({ field: name, message: "Objects of this kind have no such field." });
  const declared = Object.values(fields).flatMap(({ name, type }) =>
    isCustom(name) ? [[name.slice("cf_".length), type] as const] : [],
  );
  details.push(...wrongKinds(declared, data[CUSTOM_FIELDS]));
  if (details.length > 0) return { details };
  if (Object.keys(customFields).length > 0) data[CUSTOM_FIELDS] = new CustomFieldValues(customFields, data[CUSTOM_FIELDS]);
  return { data: data as Data };
}

/** Property that the fields of the site are kept in. */
const CUSTOM_FIELDS = "_customFieldData";

function propertyOf({ columns, one, many }: ModelShape, name: string): string | undefined {
  return (columns.get(name) ?? one.get(name) ?? many.get(name))?.property;
}
