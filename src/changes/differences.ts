import { isDeepStrictEqual } from "node:util";
import type { Snapshot } from "../entities/models/object-change.ts";

/** Columns that change with every change, and are left out of differences. */
const NOT_TOLD: ReadonlySet<string> = new Set(["created", "last_updated"]);

/** Differences between two snapshots, in Nautobot's shape: fields with their old and with their new values. */
export interface Differences {
  removed: Snapshot | null;
  added: Snapshot | null;
}

/** The fields that differ; all of them where one of the two is null, for an object that came or went. */
export function differencesOf(before: Snapshot | null, after: Snapshot | null): Differences {
  if (!before || !after) return { removed: before, added: after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !NOT_TOLD.has(name) && !isDeepStrictEqual(own(before, name), own(after, name)),
  );
  const pick = (from: Snapshot) => Object.fromEntries(names.map((name) => [name, own(from, name) ?? null]));
  return { removed: pick(before), added: pick(after) };
}

/** A field of a snapshot; one of another application's object may be called `constructor`. */
const own = (snapshot: Snapshot, name: string) => (Object.hasOwn(snapshot, name) ? snapshot[name] : undefined);

/** True when nothing differs that is worth telling. */
export function isSame(before: Snapshot, after: Snapshot): boolean {
  return Object.keys(differencesOf(before, after).added!).length === 0;
}
