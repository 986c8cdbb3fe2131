import type { Collection } from "@mikro-orm/core";
import type { ColumnType, Kysely, RawBuilder } from "kysely";
import type { SnakeCase } from "./mapping/case.ts";
import type { BaseModel } from "./models/base.ts";
import type * as models from "./index.ts";

/** A time of a row that was read, as its database gives it. It is written as ISO 8601 text. */
export type StoredTime = Date | string;
/** A boolean of a row that was read, as its database gives it. SQLite has no parameters of this type: it is written by `sql.lit`. */
export type StoredFlag = boolean | 0 | 1;

/** JSON, which is written as text. */
type Json = ColumnType<unknown, string | null | undefined, string | null>;

/** Null where the property may be null. A column that a new row does not name has the default of its table. */
type Column<Value, Read, Given> = ColumnType<
  Read | Extract<Value, null>,
  Given | Extract<Value, null> | undefined,
  Given | Extract<Value, null>
>;

/** Tells of a property, null or not, whether its values are of a type. */
type Is<Value, Type> = [NonNullable<Value>] extends [Type] ? true : false;

/** Column of a property. A reference is the id of its object. */
type ColumnOf<Value> = unknown extends Value
  ? Json
  : Is<Value, BaseModel> extends true
    ? Column<Value, string, string>
    : Is<Value, Date> extends true
      ? Column<Value, StoredTime, string>
      : Is<Value, boolean> extends true
        ? Column<Value, StoredFlag, RawBuilder<boolean>>
        : Is<Value, number | string> extends true
          ? Column<Value, NonNullable<Value>, NonNullable<Value>>
          : Json;

/** Name of a property's column. Never for a property without a column: a list of other objects, or an optional one. */
type NameOf<Name extends string, Value> = unknown extends Value
  ? SnakeCase<Name>
  : undefined extends Value
    ? never
    : Is<Value, Collection<object>> extends true
      ? never
      : Is<Value, BaseModel> extends true
        ? `${SnakeCase<Name>}_id`
        : SnakeCase<Name>;

/** Columns of the table of a model, by name. */
type TableOf<Object> = {
  [Name in keyof Object & string as NameOf<Name, Object[Name]>]: ColumnOf<Object[Name]>;
};

type Models = typeof models;
type Entity<Name extends keyof Models> = Models[Name] extends new () => BaseModel ? InstanceType<Models[Name]> : never;

/** Tables of the models by name, with their columns as statements read and write them. */
export type Tables = {
  [Name in keyof Models & string as Entity<Name> extends never ? never : SnakeCase<Name>]: TableOf<Entity<Name>>;
};

/** Tables that are known by name only when a statement is built: of any model, or between two. */
// oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own type for tables that are only known at run time
export type AnyTables = any;

/** Returns the same rows for statements whose table is known only when they are built. */
export const ofAnyTable = (rows: Kysely<Tables>): Kysely<AnyTables> => rows as unknown as Kysely<AnyTables>;
