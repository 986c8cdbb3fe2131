/** Objects at one place of an answer: an upper bound of how many there are, and of how often the same one is among them. */
export interface Level {
  objects: number;
  repeats: number;
  /** The objects of the page. Present where `objects` counts connections, which wrap pages. */
  page?: Level;
}

/** A step from the objects of a level to those of a field: a level below. */
export type Step = (above: Level, scale: Scale) => Level;

/** Facts that the size of an answer depends on, besides its operation. */
export interface Scale {
  variables: Readonly<Record<string, unknown>>;
  /** Most rows of a table. */
  rowsOf(table: string): number;
  /** Most objects in a list that asks for no number. */
  unlimited: number;
  /** Most objects in any list. */
  largestPage: number;
}

/** Objects in a list whose number nothing bounds, and which are few: approvals of a run, errors of an input. */
const FEW = 20;

/** The object that everything is a field of. */
export const ROOT: Level = { objects: 1, repeats: 1 };

/** A row for each: others may have the same one. */
export const toOne: Step = ({ objects }) => ({ objects, repeats: objects });

/** An object for each, which is its alone. */
export const toOwn: Step = ({ objects, repeats }) => ({ objects, repeats });

/** A list of which nothing is known. */
export const toFew =
  (most = FEW): Step =>
  ({ objects }) => ({ objects: objects * most, repeats: objects });

/** All that belong to each, where each belongs to one at most: of so many in all. */
export const toOwned =
  (all: (scale: Scale) => number): Step =>
  ({ repeats }, scale) => ({ objects: repeats * all(scale), repeats });

/** The objects of the page that is in each. */
export const toPage: Step = ({ page }) => page!;

/** A step to the object that a connection, or the answer to a change of many, puts around its objects. */
export const around =
  (step: Step): Step =>
  (above, scale) => ({ ...toOwn(above, scale), page: step(above, scale) });

/** Returns the number of objects that a list has at most by its arguments; undefined where they do not say. */
export type Count = (variables: Scale["variables"]) => number | undefined;

/** Facts that say how long a list is. */
export interface ListSize {
  table: string;
  limit: Count;
  /** Number of ids that the list is filtered by. */
  ids: Count;
}

const longest = ({ limit, ids }: ListSize, { variables, unlimited, largestPage }: Scale) =>
  Math.max(0, Math.min(limit(variables) ?? unlimited, largestPage, ids(variables) ?? Infinity));

/** A list of all objects of a model. */
export const toAll =
  (size: ListSize): Step =>
  ({ objects }, scale) => ({ objects: objects * Math.min(longest(size, scale), scale.rowsOf(size.table)), repeats: objects });

/** A list of the objects that belong to each; each belongs to one, so it comes as often as that one at most. */
export const toMany =
  (size: ListSize): Step =>
  ({ objects, repeats }, scale) => {
    const all = Math.min(scale.rowsOf(size.table), size.ids(scale.variables) ?? Infinity);
    return { objects: Math.min(objects * longest(size, scale), repeats * all), repeats };
  };

/** A list of the objects that each is linked to. */
export const toLinked =
  (size: ListSize, links: string): Step =>
  ({ objects, repeats }, scale) => ({
    objects: Math.min(objects * Math.min(longest(size, scale), scale.rowsOf(size.table)), repeats * scale.rowsOf(links)),
    repeats: objects,
  });
