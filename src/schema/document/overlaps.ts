import { type DocumentNode, Kind, type SelectionSetNode } from "graphql";

/*
 * Validation compares each two fields that have one name in one object of the answer, and their selections with each other. Places show these pairs: a place
 * is a set of selections that may be of the same object. A fragment is in one place only; all of its spreads are the same place.
 */

/** Fields of one name in a place, and the place of their own fields. */
interface Place {
  /** The place that it has become a part of. */
  into: Place | undefined;
  /** Number of fields that are one and the same in it. */
  times: number;
  /** Sum of its fields' weights, and of their squares. */
  weight: number;
  squares: number;
  fragments: number;
  fields: Map<string, Place>;
}

/** Fields that validation compares with each other. */
export interface Overlaps {
  /**
   * About how many pairs of fields, and of fragments, there are. Fields without arguments and without fields of their own do not count, since they are
   * compared in next to no time.
   */
  pairs: number;
  /** The name that most fields have in one object of the answer, and their number. */
  most: { name: string; times: number };
}

/** Returns the comparisons that validation needs for a document, in a time that grows with its text alone. */
export function measureOverlaps({ definitions }: DocumentNode): Overlaps {
  const places: Place[] = [];
  const fragments = new Map<string, Place>();

  function create(count: number): Place {
    const place = { into: undefined, times: 0, weight: 0, squares: 0, fragments: count, fields: new Map<string, Place>() };
    places.push(place);
    return place;
  }

  function obtain(from: Map<string, Place>, key: string, count: number): Place {
    let place = from.get(key);
    if (!place) from.set(key, (place = create(count)));
    return place;
  }

  /** @param spread gets the names of the fragments that are spread in the set. */
  function enter({ selections }: SelectionSetNode, place: Place, spread: Set<string>): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        spread.add(selection.name.value);
        unite(place, obtain(fragments, selection.name.value, 1));
      } else if (selection.kind === Kind.INLINE_FRAGMENT) enter(selection.selectionSet, place, spread);
      else {
        const field = obtain(rootOf(place).fields, (selection.alias ?? selection.name).value, 0);
        rootOf(field).times += 1;
        if (!selection.selectionSet && !selection.arguments?.length) continue;
        const inner = new Set<string>();
        if (selection.selectionSet) enter(selection.selectionSet, field, inner);
        // Each fragment in one is looked up beside each in the other.
        const weight = 1 + inner.size;
        const root = rootOf(field);
        root.weight += weight;
        root.squares += weight ** 2;
      }
    }
  }

  for (const node of definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION) enter(node.selectionSet, create(0), new Set());
    if (node.kind === Kind.FRAGMENT_DEFINITION) enter(node.selectionSet, obtain(fragments, node.name.value, 1), new Set());
  }
  const overlaps: Overlaps = { pairs: 0, most: { name: "", times: 0 } };
  for (const { into, weight, squares, fragments: count, fields } of places) {
    if (into) continue;
    overlaps.pairs += (weight ** 2 - squares + count * (count - 1)) / 2;
    for (const [name, field] of fields) {
      const { times } = rootOf(field);
      if (times > overlaps.most.times) overlaps.most = { name, times };
    }
  }
  return overlaps;
}

function rootOf(place: Place): Place {
  let root = place;
  while (root.into) root = root.into;
  // The way is short the next time.
  for (let on = place, next = on.into; next; on = next, next = on.into) on.into = root;
  return root;
}

/** Makes two places one, and the places of their fields of one name. */
function unite(one: Place, other: Place): void {
  const due: (readonly [Place, Place])[] = [[one, other]];
  for (let next = due.pop(); next; next = due.pop()) {
    let [to, from] = next.map(rootOf) as [Place, Place];
    if (to === from) continue;
    if (from.fields.size > to.fields.size) [to, from] = [from, to];
    from.into = to;
    to.times += from.times;
    to.weight += from.weight;
    to.squares += from.squares;
    to.fragments += from.fragments;
    for (const [name, field] of from.fields) {
      const same = to.fields.get(name);
      if (same) due.push([same, field]);
      else to.fields.set(name, field);
    }
  }
}
