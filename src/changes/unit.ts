import { FlushMode, LockMode } from "@mikro-orm/core";
import type { SqlEntityManager } from "@mikro-orm/sql";
import { type Action, lacks, mayOnWhich } from "../access/rights.ts";
import { contentTypeLabel } from "../entities/content-types.ts";
import { type Database, statementsOf } from "../entities/database.ts";
import type { ObjectChange } from "../entities/index.ts";
import { newId } from "../entities/new-id.ts";
import type { Snapshot } from "../entities/models/object-change.ts";
import { shapeOf } from "../entities/mapping/shape.ts";
import { AppError } from "../errors.ts";
import { type Author, type Change, recordChange, setOffHooks } from "./change-log.ts";
import { contentTypesOf } from "./content-types.ts";
import { isSame } from "./differences.ts";
import { mustKeepMatches } from "./keep-matches.ts";
import { readSnapshots, reprOf } from "./snapshot.ts";

/** Fields of every object. */
export interface Identified {
  id: string;
}

/** The class of a model's objects. */
export type Model<T extends Identified> = (new () => T) & { name: string };

/** An object that may be changed, and its snapshot from before. */
interface Held {
  object: Identified & { lastUpdated?: Date | null };
  model: Model<Identified>;
  before: Snapshot | null;
  isDeleted: boolean;
  reason: string | undefined;
}

/**
 * The work of one transaction. Objects that it created, or held and then changed or deleted, are in the change log when it ends, as they were before and
 * after: no caller has to report changes. See `transact.ts`.
 */
export class Unit {
  readonly em: SqlEntityManager;
  readonly author: Author;
  readonly #database: Database;
  readonly #held = new Map<object, Held>();
  readonly #changes: ObjectChange[] = [];
  readonly #owed = new Map<Model<Identified>, Map<Action, Set<string>>>();
  #followsSources = false;

  constructor(database: Database, em: SqlEntityManager, author: Author) {
    this.#database = database;
    // A statement of the unit must not write an object that is only half assigned.
    em.setFlushMode(FlushMode.COMMIT);
    this.em = em;
    this.author = author;
  }

  /** Returns the ids of those objects that the author may act on so, as they are stored within this transaction. */
  may(action: Action, model: Model<Identified>, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = statementsOf(this.em);
    const read = async (statement: never) => (await rows.executeQuery(statement)).rows;
    const within = Object.assign(Object.create(this.#database) as Database, { rows, read });
    return mayOnWhich(within, this.author.rights, action, model, ids);
  }

  /** Has the unit fail unless the author may act so on an object as the unit leaves it. */
  owe(action: Action, model: Model<Identified>, id: string): void {
    if (!this.author.rights.restrict(action, model)) return;
    const ofModel = this.#owed.get(model) ?? new Map<Action, Set<string>>();
    this.#owed.set(model, ofModel.set(action, (ofModel.get(action) ?? new Set()).add(id)));
  }

  /** Returns a held object as it was before; null for a new one. */
  before(object: Identified): Snapshot | null {
    return this.#held.get(object)!.before;
  }

  /** Objects, locked until the transaction ends, so that nobody changes them in between. In the order of their ids: no two units wait for each other. */
  async hold<T extends Identified>(model: Model<T>, where: object): Promise<T[]> {
    const objects: T[] = await this.em.find(model, where as never, {
      lockMode: LockMode.PESSIMISTIC_WRITE,
      orderBy: { id: "asc" } as never,
    });
    const fresh = objects.filter((object) => !this.#held.has(object));
    const ids = fresh.map(({ id }) => id);
    const before = await readSnapshots(this.#database, this.em, shapeOf(model), ids);
    for (const object of fresh) this.#hold(model, object, before.get(object.id)!);
    return objects;
  }

  /** Returns the objects of a model that this unit has created or holds, without those that it deletes. */
  held<T extends Identified>(model: Model<T>): T[] {
    const held = [...this.#held.values()].filter((one) => one.model === model && !one.isDeleted);
    return held.map(({ object }) => object as T);
  }

  /** A new object. */
  create<T extends Identified>(model: Model<T>, values: object): T {
    const object = this.em.create(model, { id: newId(), ...values } as never, { partial: true });
    this.#hold(model, object, null);
    return object;
  }

  /** Deletes an object that is held. */
  delete(object: Identified): void {
    this.#held.get(object)!.isDeleted = true;
    this.em.remove(object);
  }

  /** Sets the reason of a held object's change, for an author without a detail of its own. */
  because(object: Identified, reason: string): void {
    this.#held.get(object)!.reason = reason;
  }

  /** Says that the changes of this unit come from the sources of jobs: no user of the server has chosen them. */
  followSources(): void {
    this.#followsSources = true;
  }

  /**
   * Writes the changes, and adds them to the log. Called once, by the function that made the unit.
   * @throws {@link AppError} FORBIDDEN when an object is left as the author may not leave it.
   */
  async finish(): Promise<readonly ObjectChange[]> {
    await this.em.flush();
    await this.#mustBeAllowed();
    for (const model of new Set([...this.#held.values()].map((held) => held.model))) await this.#logChangesOf(model);
    await setOffHooks(this.em, this.author, this.#changes);
    await this.em.flush();
    return this.#changes;
  }

  /** Writes a change into the log that was not made by this unit. */
  record(change: Change): ObjectChange {
    const recorded = recordChange(this.em, this.author, change);
    this.#changes.push(recorded);
    return recorded;
  }

  async #mustBeAllowed(): Promise<void> {
    for (const [model, actions] of this.#owed)
      for (const [action, ids] of actions) {
        const allowed = await this.may(action, model, [...ids]);
        if (allowed.size < ids.size)
          throw new AppError("FORBIDDEN", `${lacks(action, model).message} Yours is not for the object as it would be then.`);
      }
  }

  #hold(model: Model<Identified>, object: Identified, before: Snapshot | null): void {
    this.#held.set(object, { object, model, before, isDeleted: false, reason: undefined });
  }

  async #logChangesOf(model: Model<Identified>): Promise<void> {
    const held = [...this.#held.values()].filter((one) => one.model === model);
    const left = held.filter(({ isDeleted }) => !isDeleted).map(({ object }) => object.id);
    const shape = shapeOf(model);
    const snapshots = await readSnapshots(this.#database, this.em, shape, left);
    const [objectType] = await contentTypesOf(this.em, [contentTypeLabel(model)]);
    const changed = held
      .map((one) => ({ ...one, after: snapshots.get(one.object.id) ?? null }))
      .filter(({ before, after }) => (before && after ? !isSame(before, after) : (before ?? after)));
    if (!this.#followsSources)
      await mustKeepMatches(
        this,
        changed.flatMap(({ before, after }) => (before ? [{ model, before, after }] : [])),
      );
    await this.#touch(changed);
    for (const { object, before, after, reason } of changed) {
      const action = !before ? "CREATE" : after ? "UPDATE" : "DELETE";
      const objectRepr = reprOf(shape, (after ?? before)!);
      this.record({ objectType: objectType!, objectId: object.id, objectRepr, action, before, after, reason });
    }
  }

  /** Links are no columns: an object of which only they have changed does not know it. */
  async #touch(changed: readonly (Held & { after: Snapshot | null })[]): Promise<void> {
    const unaware = changed.filter(
      ({ before, after }) => before && after && "last_updated" in after && before["last_updated"] === after["last_updated"],
    );
    if (unaware.length === 0) return;
    for (const { object } of unaware) object.lastUpdated = new Date((object.lastUpdated?.getTime() ?? 0) + 1);
    await this.em.flush();
    // The stored time is later than the assigned one: see `touched` of a column.
    for (const { object, after } of unaware) after!["last_updated"] = object.lastUpdated!.toISOString();
  }
}
