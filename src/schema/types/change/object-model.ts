import { Arg, Extensions, Field, ObjectType, Query, Resolver } from "type-graphql";
import { contentTypeLabel } from "../../../entities/content-types.ts";
import { GenericScalar } from "../../../entities/mapping/scalars.ts";
import { type ModelShape, shapeOf } from "../../../entities/mapping/shape.ts";
import { filtersOf } from "../../reading/filters/filters.ts";
import type { SizedField } from "../../reading/list-arguments.ts";
import { modelOf } from "../../model/model-registry.ts";

/** A field of a kind of objects. */
@ObjectType({ description: "A field of a kind of objects: a value of its own, or what it refers to." })
class ObjectModelField {
  @Field(() => String, { description: "Its name." })
  name!: string;

  @Field(() => String, {
    description:
      "What it holds: `boolean`, `choice`, `float`, `integer`, `json`, `string`, `text`, `timestamp` or `uuid`; `reference` for another object, `links` for any number of them.",
  })
  kind!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "Of a reference or links: the field of the others by whose value each is named, `id` where they have no such name.",
  })
  key!: string | null;

  @Field(() => Boolean, { description: "Whether it may have no value." })
  nullable!: boolean;

  @Field(() => Boolean, { description: "Whether a client may give it for a new object." })
  creatable!: boolean;

  @Field(() => Boolean, { description: "Whether a client may change it later." })
  updatable!: boolean;
}

/** A filter of a list. */
@ObjectType({ description: "A filter of a list." })
class ObjectModelFilter {
  @Field(() => String, { description: "Name of the argument." })
  name!: string;

  @Field(() => String, { description: "Its type, as GraphQL writes it." })
  type!: string;
}

/** A kind of objects. */
@ObjectType({ description: "A kind of objects that this server keeps: for who reads or writes them without knowing which." })
class ObjectModel {
  @Field(() => String, { description: "`app_label.model`, e.g. `extras.jobqueue`." })
  contentType!: string;

  @Field(() => String, { description: "Query for a list of them; with `_connection` behind it, for a page by cursors." })
  list!: string;

  @Field(() => String, { nullable: true, description: "The field by whose value one can be named; null for the id alone." })
  naturalKey!: string | null;

  @Extensions({ sizedBy: 100 } satisfies SizedField)
  @Field(() => [ObjectModelField], { description: "Their fields, but for what is computed or belongs to others." })
  fields!: ObjectModelField[];

  @Extensions({ sizedBy: 1000 } satisfies SizedField)
  @Field(() => [ObjectModelFilter], { description: "The filters of their lists." })
  filters!: ObjectModelFilter[];

  @Field(() => GenericScalar, {
    description: "Filters that hold in a list of all unless others are given, by name; give null for none.",
  })
  defaultFilters!: Readonly<Record<string, unknown>>;
}

/** Kinds of objects. */
@Resolver()
export class ObjectModelResolver {
  @Query(() => ObjectModel, { nullable: true, description: "A kind of objects that this server keeps; null for any other." })
  objectModel(
    @Arg("contentType", () => String, { description: "`app_label.model`, e.g. `extras.jobqueue`." }) contentType: string,
  ): ObjectModel | null {
    const known = modelOf(contentType);
    if (!known?.list) return null;
    const shape = shapeOf(known.model);
    const { naturalKey = null, defaultFilters = {} } = shape;
    const fields = fieldsOf(shape).map((field) => ({
      ...field,
      creatable: known.create?.includes(field.name) ?? false,
      updatable: known.update?.includes(field.name) ?? false,
    }));
    const filters = [...filtersOf(shape)].map(([name, { type }]) => ({ name, type: String(type) }));
    return { contentType: contentTypeLabel(known.model), list: known.list, naturalKey, fields, filters, defaultFilters };
  }
}

function fieldsOf({ columns, one, many }: ModelShape): Omit<ObjectModelField, "creatable" | "updatable">[] {
  const keyOf = (target: () => object) => shapeOf(target()).naturalKey ?? "id";
  return [
    ...[...columns].map(([name, { kind, nullable }]) => ({ name, kind, key: null, nullable })),
    ...[...one].map(([name, { target, nullable }]) => ({ name, kind: "reference", key: keyOf(target), nullable })),
    ...[...many]
      .filter(([, { isKeeper }]) => isKeeper)
      .map(([name, { target }]) => ({ name, kind: "links", key: keyOf(target), nullable: false })),
  ];
}
