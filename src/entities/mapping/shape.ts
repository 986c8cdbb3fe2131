import { snakeCase } from "./case.ts";

/*
 * Facts from the decorators of `model.ts`, for readers of rows: which wire names are columns, and which lead to other models. They keep reading generic: no
 * reader knows a model by name.
 */

/** Kinds of a column's values. */
export type ColumnKind = "boolean" | "choice" | "float" | "integer" | "json" | "string" | "text" | "timestamp" | "uuid";

/** The values that a column has, as the server writes them. */
export interface ValueShape {
  kind: ColumnKind;
  nullable: boolean;
  /** Values of a `choice` by their names in lower case: the value itself, and its name in GraphQL. */
  choices?: ReadonlyMap<string, string>;
  /** The choice that a row without any of them is shown with. */
  plain?: string;
}

/** A plain column that clients can ask for; its wire name is its column's name. */
export interface ColumnShape extends ValueShape {
  property: string;
  /** Its type in GraphQL: a scalar, or the choice set of an enum. */
  type: object;
  description: string;
  /** True when a new object has a default for the column. */
  hasDefault: boolean;
  /** Longest text that fits, in characters. */
  length?: number;
  unique?: boolean;
  /** True where an index of its own holds it. */
  index?: boolean;
  /** True if the change log leaves the column out. */
  unlogged?: boolean;
  /** True for JSON that is a list of texts. */
  list?: boolean;
}

/** A reference to one object of another model. */
export interface OneShape {
  /** Column that holds the other object's id. */
  column: string;
  target: () => object;
  property: string;
  description: string;
  nullable: boolean;
  /** Stand-in that clients see where the column is empty: the reference `name` of the object that the reference `via` leads to. */
  orElse?: { via: string; name: string };
}

/** Objects of another model that belong to this one. */
export interface ManyShape {
  /** Column that holds this object's id: in the other model's table, or in the one between the two. */
  column: string;
  target: () => object;
  property: string;
  description: string;
  /** The table between the two; its column for the other object is named after the other's table, and `_id`. */
  through?: string;
  /** True if the links belong to this one of the two linked models: their change is a change of this object. */
  isKeeper?: boolean;
}

/** A model as its rows show it; keys are wire names. */
export interface ModelShape extends ModelFacts {
  model: object;
  table: string;
  columns: ReadonlyMap<string, ColumnShape>;
  /** Columns that no client can ask for, and that computed fields may read. */
  hidden: ReadonlyMap<string, ValueShape>;
  one: ReadonlyMap<string, OneShape>;
  many: ReadonlyMap<string, ManyShape>;
  /** Groups of columns, none without a value, by which no two rows are the same. */
  keys: readonly (readonly string[])[];
  /** Groups of columns by which an index holds the rows in order. */
  sorted: readonly (readonly string[])[];
}

/** Options of a model. */
export interface ModelFacts {
  /** Nautobot's default ordering: wire names, `-` for descending; where it leaves ties, `id` settles them. */
  ordering: readonly string[];
  /** Columns that the filter `q` searches, as Nautobot's does; `job_model.name` is the name of the object behind `job_model`. */
  search: readonly string[];
  /** Column by whose value an object can be named instead of its id. */
  naturalKey?: string;
  /** Wire names whose combination is unique, a group each. */
  unique: readonly (readonly string[])[];
  /** Wire names that an index holds together, a group each. */
  indexes: readonly (readonly string[])[];
  /** Values of filters, by their names, that hold for a list of all objects unless the client gives its own, or null. */
  defaultFilters?: Readonly<Record<string, unknown>>;
}

interface Recorded {
  columns: Map<string, ColumnShape>;
  hidden: Map<string, ValueShape>;
  one: Map<string, OneShape>;
  many: Map<string, ManyShape>;
}

const recorded = new Map<object, Recorded>();
const facts = new Map<object, ModelFacts>();
const shapes = new Map<object, ModelShape>();

function of(prototype: object): Recorded {
  let shape = recorded.get(prototype);
  if (!shape) recorded.set(prototype, (shape = { columns: new Map(), hidden: new Map(), one: new Map(), many: new Map() }));
  return shape;
}

/** Used by the decorators only, as are its siblings below. */
export function recordColumn(prototype: object, property: string, shape: Omit<ColumnShape, "property">): void {
  of(prototype).columns.set(snakeCase(property), { ...shape, property });
}

export function recordHidden(prototype: object, property: string, shape: ValueShape): void {
  of(prototype).hidden.set(snakeCase(property), shape);
}

export function recordOne(prototype: object, property: string, shape: Omit<OneShape, "column" | "property">): void {
  of(prototype).one.set(snakeCase(property), { ...shape, column: `${snakeCase(property)}_id`, property });
}

export function recordMany(prototype: object, property: string, shape: Omit<ManyShape, "property">): void {
  of(prototype).many.set(snakeCase(property), { ...shape, property });
}

export function recordModel(model: object, said: ModelFacts): void {
  facts.set(model, said);
}

/** Name of a model's table. */
export function tableOf(model: object): string {
  return snakeCase((model as { name: string }).name);
}

/** The shape of a model class, inherited columns included. */
export function shapeOf(model: object): ModelShape {
  let shape = shapes.get(model);
  if (shape) return shape;
  const chain: Recorded[] = [];
  for (let prototype = (model as { prototype: object }).prototype; prototype; prototype = Object.getPrototypeOf(prototype)) {
    const part = recorded.get(prototype);
    if (part) chain.unshift(part);
  }
  const columns = new Map(chain.flatMap((part) => [...part.columns]));
  const hidden = new Map(chain.flatMap((part) => [...part.hidden]));
  const one = new Map(chain.flatMap((part) => [...part.one]));
  const many = new Map(chain.flatMap((part) => [...part.many]));
  const said = { ordering: [], search: [], unique: [], indexes: [], ...facts.get(model) };
  const columnsOf = (group: readonly string[]) => group.map((name) => one.get(name)?.column ?? name);
  const alone = (is: "index" | "unique") => [...columns].filter(([, column]) => column[is]).map(([name]) => [name]);
  const unique = [["id"], ...alone("unique"), ...said.unique.map(columnsOf)];
  const filled = new Set([
    ...[...columns].filter(([, { nullable }]) => !nullable).map(([name]) => name),
    ...[...one.values()].filter(({ nullable }) => !nullable).map(({ column }) => column),
  ]);
  const keys = unique.filter((group) => group.every((column) => filled.has(column)));
  const sorted = [...unique, ...alone("index"), ...said.indexes.map(columnsOf)];
  shape = { ...said, model, table: tableOf(model), columns, hidden, one, many, keys, sorted };
  shapes.set(model, shape);
  return shape;
}
