import { contentTypeLabel } from "../../entities/content-types.ts";

/** Operations of a model's objects in the schema, besides reading one. */
interface Offered {
  /** Query for a list of them; with `_connection` behind it, for a page. */
  list?: string;
  /** Wire names of the fields of a new object; absent for objects that clients do not create. */
  create?: readonly string[];
  /** Wire names of the fields that may change later. */
  update?: readonly string[];
}

/** A model that clients know. */
export interface KnownModel extends Offered {
  model: (new () => { id: string }) & { name: string };
}

const known = new Map<string, KnownModel>();

/** Notes operations of a model; the files that define them call it. */
export function describeModel(model: { name: string }, offered: Offered): void {
  const label = contentTypeLabel(model);
  known.set(label, { ...known.get(label), ...offered, model: model as KnownModel["model"] });
}

/** The model of a kind of objects, `extras.jobqueue`; undefined for one of another application. */
export function modelOf(label: string): KnownModel | undefined {
  return known.get(label);
}

/** Kinds of objects that clients may create. */
export function creatable(): string[] {
  return [...known].flatMap(([label, { create }]) => (create ? [label] : [])).toSorted();
}
