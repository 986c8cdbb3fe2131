import { Entity, Index, ManyToMany, ManyToOne, OneToMany, PrimaryKey, Property, Unique } from "@mikro-orm/decorators/legacy";
import type { EntityName } from "@mikro-orm/core";
import { GraphQLFloat, GraphQLInt, GraphQLString, GraphQLBoolean, type GraphQLScalarType } from "graphql";
import { Field, ObjectType } from "type-graphql";
import { newId } from "../new-id.ts";
import { OrderedJson } from "./ordered-json.ts";
import { DateTime, GenericScalar, UUID } from "./scalars.ts";
import {
  type ColumnKind,
  type ManyShape,
  type ModelFacts,
  recordColumn,
  recordHidden,
  recordMany,
  recordModel,
  recordOne,
  tableOf,
} from "./shape.ts";
import { snakeCase } from "./case.ts";
import { ToldJson } from "./told-json.ts";
import { ToldFloat, ToldInteger, ToldString, ToldText } from "./told-values.ts";
import { Timestamp } from "../times/timestamp.ts";

/*
 * Decorators, one for each property, of its column and its GraphQL field at once: type, nullability and meaning are said in one place and cannot drift apart.
 * A property whose decorator has `hidden` is a column that no client can ask for.
 */

interface ModelOptions extends Omit<ModelFacts, "indexes" | "search" | "unique"> {
  /** Description of one object, which becomes that of the GraphQL type. */
  description: string;
  search?: readonly string[];
  /** Groups of properties whose combination is unique. */
  unique?: readonly (readonly string[])[];
  /** Groups of properties that are looked up together. */
  indexes?: readonly (readonly string[])[];
}

/** Declares a class as table and GraphQL type; the type is named as in Nautobot, `JobResult` → `JobResultType`. */
export function Model(options: ModelOptions): ClassDecorator {
  return (target) => {
    Entity()(target as never);
    for (const properties of options.unique ?? []) Unique({ properties: properties as never })(target as never);
    for (const properties of options.indexes ?? []) Index({ properties: properties as never })(target as never);
    ObjectType(`${target.name}Type`, { description: options.description, simpleResolvers: true })(target);
    const { ordering, search = [], naturalKey, defaultFilters } = options;
    const named = (groups: ModelOptions["unique"] = []) => groups.map((properties) => properties.map(snakeCase));
    recordModel(target, {
      ordering,
      search,
      unique: named(options.unique),
      indexes: named(options.indexes),
      ...(naturalKey && { naturalKey }),
      ...(defaultFilters && { defaultFilters }),
    });
  };
}

/** Declares a class whose properties other models inherit; no table and no type of its own. */
export function AbstractModel(): ClassDecorator {
  return ObjectType({ simpleResolvers: true });
}

/** The primary key: a UUIDv7, so that new rows land at the end of the index (random keys cost SQLite three to four times the write speed). */
export function Id(): PropertyDecorator {
  return (target, property) => {
    PrimaryKey({ type: "uuid", onCreate: newId })(target as never, property as string);
    Field(() => UUID, { description: "Primary key, ordered by time." })(target, property);
    recordColumn(target, property as string, { kind: "uuid", type: UUID, description: "", nullable: false, hasDefault: true });
  };
}

const GRAPHQL_TYPES: Record<Exclude<ColumnKind, "choice">, GraphQLScalarType> = {
  boolean: GraphQLBoolean,
  float: GraphQLFloat,
  integer: GraphQLInt,
  json: GenericScalar,
  string: GraphQLString,
  text: GraphQLString,
  timestamp: DateTime,
  uuid: UUID,
};

interface ColumnOptions {
  /** Description of the value, which becomes that of the GraphQL field. */
  description: string;
  /** Value of a new row. A function is called for each. */
  default?: unknown;
  /** For a choice without a default: the value that a row without any of them is shown with. */
  plain?: string;
  /** Value of rows that were there before the column came, for one that may not be null. */
  ofOlderRows?: string;
  /** Set to the time of each update, or just after the last one where that time has not passed: no two updates have the same. */
  touched?: boolean;
  nullable?: boolean;
  /** Longest text that fits, in characters. */
  length?: number;
  unique?: boolean;
  index?: boolean;
  /** A column that is no GraphQL field. */
  hidden?: boolean;
  /** JSON whose keys keep their order on every database. */
  ordered?: boolean;
  /** JSON that is a list of texts, which can be filtered by them. */
  list?: boolean;
  /** True if the change log leaves the column out: it may be secret, or changes by itself. */
  unlogged?: boolean;
}

const VALUE_OF: Partial<Record<ColumnKind, unknown>> = {
  timestamp: Timestamp,
  float: ToldFloat,
  integer: ToldInteger,
  json: ToldJson,
  string: ToldString,
  text: ToldText,
};

function column(kind: ColumnKind, type: unknown, graphqlType: object, options: ColumnOptions): PropertyDecorator {
  return (target, property) => {
    const { default: initial, nullable = false } = options;
    Property({
      type: type as never,
      nullable,
      ...(options.length === undefined ? {} : { length: options.length }),
      ...(options.unique ? { unique: true } : {}),
      ...(options.index ? { index: true } : {}),
      ...(options.ofOlderRows === undefined ? {} : { default: options.ofOlderRows }),
      ...(initial === undefined ? {} : { onCreate: typeof initial === "function" ? (initial as () => unknown) : () => initial }),
      ...(options.touched ? { onUpdate: (object: object) => after(object[property as never]) } : {}),
    })(target as never, property as string);
    if (options.hidden) return recordHidden(target, property as string, { kind, nullable });
    Field(() => graphqlType as never, { nullable, description: options.description })(target, property);
    const plain = options.plain ?? (typeof initial === "string" ? initial : undefined);
    const choices = kind === "choice" ? { choices: bySpelling(graphqlType as Record<string, string>), plain: plain! } : {};
    if (kind === "choice" && !nullable && plain === undefined)
      throw new Error(
        `${target.constructor.name}.${String(property)} needs a default, or a plain value, for rows with another one.`,
      );
    const { description, length, unique = false, index = false, list = false, unlogged = false } = options;
    recordColumn(target, property as string, {
      kind,
      type: graphqlType,
      description,
      nullable,
      hasDefault: initial !== undefined,
      unique,
      index,
      list,
      unlogged,
      ...(length !== undefined && { length }),
      ...choices,
    });
  };
}

function bySpelling(choices: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(choices).flatMap((spellings) => spellings.map((text) => [text.toLowerCase(), spellings[1]])));
}

function after(moment: Date | null): Date {
  return new Date(Math.max(Date.now(), moment ? moment.getTime() + 1 : 0));
}

/** A plain value. */
export function Column(kind: Exclude<ColumnKind, "choice">, options: ColumnOptions): PropertyDecorator {
  return column(kind, options.ordered ? OrderedJson : (VALUE_OF[kind] ?? kind), GRAPHQL_TYPES[kind], options);
}

/** A value of a choice set in `choices.ts`; stored as the text that goes over the wire. */
export function Choice(choices: object, options: ColumnOptions): PropertyDecorator {
  return column("choice", ToldString, choices, { length: 50, ...options });
}

interface BelongsToOptions {
  description: string;
  nullable?: boolean;
  /** Effect on this object when the other one is deleted. */
  onDelete: "cascade" | "set null";
  /** False where another index already starts with this column. */
  index?: boolean;
  /** A reference that is no GraphQL field. */
  hidden?: boolean;
  /** Stand-in that clients see where there is none: the property `name` of the object that the property `via` leads to. */
  orElse?: { via: string; name: string };
}

/** A reference to one object of another model; its column is the property's name and `_id`. Nullable on the wire, as in Nautobot. */
export function BelongsTo<Target extends object>(target: () => EntityName<Target>, options: BelongsToOptions): PropertyDecorator {
  return (owner, property) => {
    ManyToOne(target, { nullable: options.nullable ?? false, deleteRule: options.onDelete, index: options.index ?? true })(
      owner as never,
      property as string,
    );
    if (options.hidden) return;
    Field(() => target() as never, { nullable: true, description: options.description })(owner, property);
    const { description, nullable = false, orElse } = options;
    recordOne(owner, property as string, {
      target: target as () => object,
      description,
      nullable,
      ...(orElse && { orElse: { via: snakeCase(orElse.via), name: snakeCase(orElse.name) } }),
    });
  };
}

interface ManyOptions {
  description: string;
  /** A second name of the field, by which an older release of Nautobot knows it. */
  alias?: string;
}

/** The objects of another model that refer to this one by `mappedBy`. */
export function HasMany<Target extends object>(
  target: () => EntityName<Target>,
  mappedBy: string & keyof Target,
  options: ManyOptions,
): PropertyDecorator {
  return (owner, property) => {
    OneToMany(target, mappedBy)(owner as never, property as string);
    many(owner, property as string, target, `${snakeCase(mappedBy)}_id`, options);
  };
}

/** Objects of another model whose column `mappedBy` holds this object's id: notes, changes. This object may be of any model. */
export function HasAttached<Target extends object>(
  target: () => EntityName<Target>,
  mappedBy: string & keyof Target,
  options: ManyOptions,
): PropertyDecorator {
  return (owner, property) => many(owner, property as string, target, snakeCase(mappedBy), options);
}

interface LinkOptions extends ManyOptions {
  /** The table between the two; both sides name the same. It has a column for each, named after its table, and `_id`. */
  table: string;
  /** On the side that does not keep the links: the property of the other that does. */
  mappedBy?: string;
  /** The model that the table between the two belongs to, where it has one. */
  entity?: () => EntityName<object>;
}

/** Objects of another model that are linked to this one, each any number of times to any number. */
export function LinkedTo<Target extends object>(target: () => EntityName<Target>, options: LinkOptions): PropertyDecorator {
  return (owner, property) => {
    const { table, mappedBy, entity } = options;
    // The primary key of the table between the two starts with the keeper; the index is for the other direction.
    const keeper = entity ? { pivotEntity: entity } : { pivotTable: table, index: true };
    ManyToMany({ entity: target, ...(mappedBy ? { mappedBy } : keeper) } as never)(owner as never, property as never);
    many(owner, property as string, target, `${tableOf(owner.constructor)}_id`, options, { through: table, isKeeper: !mappedBy });
  };
}

function many(
  owner: object,
  property: string,
  target: () => unknown,
  ownerColumn: string,
  { description, alias }: ManyOptions,
  links: Pick<ManyShape, "isKeeper" | "through"> = {},
): void {
  for (const name of alias ? [property, alias] : [property]) {
    Field(() => [target()] as never, { nullable: true, description })(owner, name);
    recordMany(owner, name, { target: target as () => object, column: ownerColumn, description, ...links });
  }
}
