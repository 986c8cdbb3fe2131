import { snakeCase } from "./case.ts";

/*
 * What the decorators of `model.ts` said, for whoever reads rows: which wire names are columns, and which lead to other models. The
 * mechanism that keeps reading generic: no reader knows a model by name.
 */

/** How a column's value looks. */
export type ColumnKind = "boolean" | "choice" | "float" | "integer" | "json" | "string" | "text" | "timestamp" | "uuid";

/** A plain column that clients can ask for; its wire name is its column's name. */
export interface ColumnShape {
  kind: ColumnKind;
  nullable: boolean;
}

/** A reference to one object of another model. */
export interface OneShape {
  /** Column that holds the other object's id. */
  column: string;
  target: () => object;
  property: string;
}

/** Objects of another model that refer to this one. */
export interface ManyShape {
  /** Column of the other model's table that holds this object's id. */
  column: string;
  target: () => object;
  property: string;
}

/** A model as its rows show it; keys are wire names. */
export interface ModelShape {
  table: string;
  ordering: readonly string[];
  columns: ReadonlyMap<string, ColumnShape>;
  one: ReadonlyMap<string, OneShape>;
  many: ReadonlyMap<string, ManyShape>;
}

interface Recorded {
  columns: Map<string, ColumnShape>;
  one: Map<string, OneShape>;
  many: Map<string, ManyShape>;
}

const recorded = new Map<object, Recorded>();
const orderings = new Map<object, readonly string[]>();
const shapes = new Map<object, ModelShape>();

function of(prototype: object): Recorded {
  let shape = recorded.get(prototype);
  if (!shape) recorded.set(prototype, (shape = { columns: new Map(), one: new Map(), many: new Map() }));
  return shape;
}

/** Used by the decorators only, as are its siblings below. */
export function recordColumn(prototype: object, property: string, shape: ColumnShape): void {
  of(prototype).columns.set(snakeCase(property), shape);
}

export function recordOne(prototype: object, property: string, target: () => object): void {
  of(prototype).one.set(snakeCase(property), { column: `${snakeCase(property)}_id`, target, property });
}

export function recordMany(prototype: object, property: string, target: () => object, mappedBy: string): void {
  of(prototype).many.set(snakeCase(property), { column: `${snakeCase(mappedBy)}_id`, target, property });
}

export function recordModel(model: object, ordering: readonly string[]): void {
  orderings.set(model, ordering);
}

/** The shape of a model class, with what it inherits. */
export function shapeOf(model: object): ModelShape {
  let shape = shapes.get(model);
  if (shape) return shape;
  const chain: Recorded[] = [];
  for (let prototype = (model as { prototype: object }).prototype; prototype; prototype = Object.getPrototypeOf(prototype)) {
    const part = recorded.get(prototype);
    if (part) chain.unshift(part);
  }
  shape = {
    table: snakeCase((model as { name: string }).name),
    ordering: orderings.get(model) ?? [],
    columns: new Map(chain.flatMap((part) => [...part.columns])),
    one: new Map(chain.flatMap((part) => [...part.one])),
    many: new Map(chain.flatMap((part) => [...part.many])),
  };
  shapes.set(model, shape);
  return shape;
}
