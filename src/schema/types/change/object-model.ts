import { Arg, Extensions, Field, ObjectType, Query, Resolver } from "type-graphql";
import { contentTypeLabel } from "../../../entities/content-types.ts";
import { GenericScalar } from "../../../entities/mapping/scalars.ts";
import { type ModelShape, shapeOf } from "../../../entities/mapping/shape.ts";
import { filtersOf } from "../../reading/filters/filters.ts";
import type { SizedField } from "../../reading/list-arguments.ts";
import { modelOf } from "../../model/model-registry.ts";

/** A field of a kind of objects. */
@ObjectType({ description: "A field of a kind of objects: a value or a reference." })
class ObjectModelField {
  @Field(() => String, { description: "Name of the field." })
  name!: string;

  @Field(() => String, {
    description:
      "Type of the field: `boolean`, `choice`, `float`, `integer`, `json`, `string`, `text`, `timestamp` or `uuid`; `reference` for another object, `links` for any number of other objects.",
  })
  kind!: string;

  @Field(() => String, {
    nullable: true,
    description: "For a reference or links: the field that names the other objects; `id` if they have no name.",
  })
  key!: string | null;

  @Field(() => Boolean, { description: "True when the field may be null." })
  nullable!: boolean;

  @Field(() => Boolean, { description: "True when a client may set the field of a new object." })
  creatable!: boolean;

  @Field(() => Boolean, { description: "True when a client may change the field." })
  updatable!: boolean;
}

/** A filter of a list. */
@ObjectType({ description: "A filter of a list." })
class ObjectModelFilter {
  @Field(() => String, { description: "Name of the argument." })
  name!: string;

  @Field(() => String, { description: "Type of the argument, in GraphQL's notation." })
  type!: string;
}

/** A kind of objects. */
@ObjectType({ description: "A kind of objects of this server, for programs that read or write objects of any kind." })
class ObjectModel {
  @Field(() => String, { description: "`app_label.model`, e.g. `extras.jobqueue`." })
  contentType!: string;

  @Field(() => String, { description: "Query for a list of the objects; with `_connection` after it, for a page by cursors." })
  list!: string;

  @Field(() => String, { nullable: true, description: "The field that names an object; null if only its id does." })
  naturalKey!: string | null;

  @Extensions({ sizedBy: 100 } satisfies SizedField)
  @Field(() => [ObjectModelField], {
    description: "The fields of the objects, without computed fields and without lists of other objects.",
  })
  fields!: ObjectModelField[];

  @Extensions({ sizedBy: 1000 } satisfies SizedField)
  @Field(() => [ObjectModelFilter], { description: "The filters of the objects' lists." })
  filters!: ObjectModelFilter[];

  @Field(() => GenericScalar, {
    description: "Filters that apply to the list of all objects by default, by name. Null as a value removes one.",
  })
  defaultFilters!: Readonly<Record<string, unknown>>;
}

/** Kinds of objects. */
@Resolver()
export class ObjectModelResolver {
  @Query(() => ObjectModel, { nullable: true, description: "A kind of objects of this server; null for any other." })
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
