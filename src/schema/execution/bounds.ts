import { type ExecutionArgs, type ExecutionResult, getOperationAST, GraphQLError, OperationTypeNode } from "graphql";
import type { CompiledQuery } from "kysely";
import { LRUCache } from "lru-cache";
import { type Database, type ReadBounds, TooManyBytes } from "../../entities/database.ts";
import { AppError, counted } from "../../errors.ts";
import { limitOf, type OwnLimits } from "../../own-limits.ts";
import type { Context } from "../context.ts";
import type { Executor } from "./execute.ts";
import { unreadRefusal, type Usage } from "./usage.ts";
import { isRoundOver, isSliceOver, newPlace, nextSlice, type Sliced } from "./slices.ts";
import { writeJson } from "./write-json.ts";
import { addDeadline, deleteDeadline } from "./deadlines.ts";

/** Bounds of an operation once it has begun. */
export interface BoundLimits {
  /** Characters of its answer, about. */
  maxAnswerBytes: number;
  operationTimeoutMs: number;
}

/** The user of an operation, as far as its bounds are concerned. */
interface BoundUser {
  id: string;
  limits?: OwnLimits | undefined;
}

/** The part of {@link Usage} that one operation is counted in. */
export type OperationUsage = Pick<Usage, "room" | "make" | "mayMake" | "turnToMake" | "made">;

/** Bytes that statements read at last, by their texts, where those were many: as many are expected of them again. */
const largeReads = new LRUCache<string, number>({ max: 500 });

/** Has a function called once nobody waits for the answer any more, or once the answer must not be given: with the error that says why. */
export type WhenGone = (act: (why?: AppError) => unknown) => unknown;

/** A character of an answer may have taken more than a byte to store; a single result may be all of an answer, in any script. */
const STORED_BYTES = 1.5;
const stored = (characters: number) => Math.ceil(characters * STORED_BYTES);

/** Characters, or values, from which on an answer is written in slices. */
const LONG_CHARACTERS = 512 * 1024;
const LONG_VALUES = 20_000;

/** Rows that take a while to be made into an answer. */
const MANY_ROWS = 4000;

/** Statements of an operation that are under way at a time: their rows are counted before the next ones begin, and other operations get a turn. */
const READS_AT_ONCE = 4;

/**
 * The rest of one operation's limits. When it has used one up, or nobody waits for it any more, the statements that it reads are
 * broken off, and none is begun.
 */
export class Bounds implements Sliced {
  readonly place = newPlace();
  since = performance.now();
  readonly #limits: BoundLimits;
  readonly #own: OwnLimits | undefined;
  #whenGone: WhenGone | undefined;
  #left: number;
  #controller: AbortController | undefined;
  #late: (() => void) | undefined;
  /** Deadline of the operation, by a monotonic clock; 0 before its first statement. */
  #due = 0;
  #failure: AppError | undefined;
  #hasEnded = false;
  #values = 0;
  #onFailure: (() => void) | undefined;
  #reading = 0;
  #waiting: (() => void)[] | undefined;
  readonly user: string;
  readonly #usage: OperationUsage | undefined;

  /**
   * @param user the operation's user; reads of users take turns, and their own limits come before the others.
   * @param usage counts the answers that wait for that user to read them: rows may become part of them.
   */
  constructor(limits: BoundLimits, { id, limits: own }: BoundUser, whenGone?: WhenGone, usage?: OperationUsage) {
    this.#limits = own ? withOwn(limits, own) : limits;
    this.#own = own;
    this.user = id;
    this.#usage = usage;
    this.#whenGone = whenGone;
    this.#left = this.#limits.maxAnswerBytes;
  }

  /** The reason why the operation was broken off; undefined while it goes on. */
  get failure(): AppError | undefined {
    return this.#failure;
  }

  /**
   * Aborts when the operation goes no further. It is made, and clients and clocks are watched, once a statement looks at it: one that is answered at
   * once does not, and those are most.
   */
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#failure) this.#controller.abort(this.#failure);
      else this.#watch();
    }
    return this.#controller.signal;
  }

  /** To be called when the operation had to wait: its client may have gone meanwhile. */
  lookAround(): void {
    void this.signal;
  }

  /** Tells how many values the answer has at most. */
  expect(values: number): void {
    this.#values = values;
  }

  /** Tells whether the answer may be so long that writing it would keep others waiting. */
  get isLong(): boolean {
    return this.#values > LONG_VALUES || this.#limits.maxAnswerBytes - this.#left > LONG_CHARACTERS;
  }

  /** Runs a statement, as far as the operation may go. */
  read(database: Database, statement: CompiledQuery): Promise<Record<string, unknown>[]> {
    const mustWait = isSliceOver(this) || this.#usage?.mayMake(this.user, this.place) === false;
    return mustWait ? this.#readInTurn(database, statement) : this.#read(database, statement);
  }

  async #readInTurn(database: Database, statement: CompiledQuery): Promise<Record<string, unknown>[]> {
    if (this.#usage?.mayMake(this.user, this.place) === false) await this.#usage.turnToMake(this.user, this.place);
    if (isSliceOver(this)) await nextSlice(this);
    this.lookAround();
    return this.#read(database, statement);
  }

  #read(database: Database, statement: CompiledQuery): Promise<Record<string, unknown>[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#hasEnded) return this.#readAfter(database, statement);
    if (this.#reading >= READS_AT_ONCE)
      return new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve)).then(() => this.read(database, statement));
    if (this.#left <= 0) return Promise.reject(this.#exhaust());
    if (this.room === 0) return Promise.reject(this.#fail(unreadRefusal()));
    const now = performance.now();
    if (this.#due === 0) this.#due = now + this.#limits.operationTimeoutMs;
    else if (now > this.#due) return Promise.reject(this.#breakLate());
    this.#reading += 1;
    const bounds = new StatementBounds(this, statement.sql);
    this.#make(bounds.expected);
    const answer = database.read(statement, bounds);
    const asked = performance.now();
    return answer.then(
      (rows) => {
        this.#letNext();
        // From now on the rows count as parts of the answer.
        this.#make(-bounds.expected);
        const waited = performance.now() - asked;
        this.since += waited;
        // Rows of another thread or process may have come together with others.
        const mustRest = isSliceOver(this) || (waited > 0.5 && rows.length > MANY_ROWS && isRoundOver());
        return mustRest ? this.#rest(rows) : rows;
      },
      (error: unknown) => {
        this.#letNext();
        if (this.#failure) throw this.#failure;
        if (!(error instanceof AppError) || error.code !== "LIMIT_EXCEEDED") throw error;
        if (!(error instanceof TooManyBytes)) throw this.#fail(error);
        throw bounds.given < stored(this.#left) ? this.#fail(unreadRefusal()) : this.#exhaust();
      },
    );
  }

  /** A statement of an object that goes on after its operation may read as much as a whole answer. */
  async #readAfter(database: Database, statement: CompiledQuery): Promise<Record<string, unknown>[]> {
    try {
      return await database.read(statement, { maxBytes: stored(this.#limits.maxAnswerBytes), user: this.user });
    } catch (error) {
      throw error instanceof TooManyBytes ? this.#tooLong() : error;
    }
  }

  /** Bytes that a statement may read when it begins. */
  get room(): number {
    return stored(Math.min(this.#left, this.#usage?.room(this.user) ?? Infinity));
  }

  #letNext(): void {
    this.#reading -= 1;
    const next = this.#waiting?.shift();
    // Not at once: these rows are counted first, and other operations have had the thread.
    if (next) setImmediate(next);
  }

  /** Holds rows while others have the thread. */
  async #rest(rows: Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
    const bytes = bytesOf(rows);
    this.#make(bytes);
    await nextSlice(this);
    this.#make(-bytes);
    return rows;
  }

  #make(bytes: number): void {
    if (bytes !== 0 && !this.#failure && !this.#hasEnded) this.#usage?.make(this.user, this.place, bytes);
  }

  /** Counts a part of the answer. @throws {@link AppError} LIMIT_EXCEEDED when that is too much. */
  take(characters: number): void {
    const before = this.#left;
    this.#left -= characters;
    const taken = this.#limits.maxAnswerBytes - this.#left;
    if (taken > LONG_CHARACTERS) this.#make(Math.min(taken, before - this.#left));
    if (this.#left < 0 || this.#failure) throw this.#failure ?? this.#exhaust();
  }

  /** Resolves to the answer, or to the error without one: at once where the limits are used up, unless work under way must not be left alone. */
  settle(answer: Promise<ExecutionResult>, canLeave: boolean): Promise<ExecutionResult> {
    return new Promise((resolve, reject) => {
      const fail = () => resolve(refusalOf(this.#failure!));
      if (canLeave) {
        this.#onFailure = fail;
        if (this.#failure) fail();
      }
      const ended = () => this.end();
      answer.then(ended, ended);
      answer.then(resolve, reject);
    });
  }

  /** Writes the answer as JSON, in slices: pieces of one text. Until then it is one in the making. */
  async write(answer: unknown): Promise<string[]> {
    const taken = this.#limits.maxAnswerBytes - this.#left;
    if (taken > LONG_CHARACTERS) this.#usage?.make(this.user, this.place, taken);
    try {
      if (isSliceOver(this)) await nextSlice(this);
      return await writeJson(answer, this);
    } finally {
      this.#usage?.made(this.user, this.place);
    }
  }

  /** Ends the bounds with the operation. Objects that outlive it hold on to nothing by this. */
  end(): void {
    this.#hasEnded = true;
    this.#usage?.made(this.user, this.place);
    if (this.#late) deleteDeadline(this.#limits.operationTimeoutMs, this.#late);
    this.#controller = this.#late = this.#onFailure = this.#whenGone = undefined;
  }

  #watch(): void {
    if (this.#hasEnded) return;
    this.#late = () => this.#breakLate();
    addDeadline(this.#limits.operationTimeoutMs, this.#late);
    this.#whenGone?.((why) => {
      if (this.#hasEnded) return;
      if (why) this.#fail(why);
      else this.#break("Nobody waits for the answer any more.");
    });
  }

  #breakLate(): AppError {
    const { value, of } = limitOf("operationTimeoutMs", this.#limits, this.#own);
    return this.#break(`The operation took longer than ${value} ms; ${of} allows no more. Ask for less at a time.`);
  }

  #exhaust(): AppError {
    return this.#failure ?? this.#fail(this.#tooLong());
  }

  #tooLong(): AppError {
    const { value, of } = limitOf("maxAnswerBytes", this.#limits, this.#own);
    const message = `The answer is longer than ${counted(value, "byte")}; ${of} allows no more. Ask for less at a time, or without long texts.`;
    return new AppError("LIMIT_EXCEEDED", message);
  }

  #break(message: string): AppError {
    return this.#failure ?? this.#fail(new AppError("LIMIT_EXCEEDED", message));
  }

  #fail(failure: AppError): AppError {
    if (this.#failure) return this.#failure;
    this.#failure = failure;
    this.#controller?.abort(failure);
    this.#usage?.made(this.user, this.place);
    this.#onFailure?.();
    for (const next of this.#waiting?.splice(0) ?? []) next();
    return failure;
  }

  /** Counts the answer from the start, for one that is written once more. It is then at most twice as long. */
  recount(): void {
    this.#left = this.#limits.maxAnswerBytes;
  }
}

const withOwn = (server: BoundLimits, own: OwnLimits): BoundLimits => ({
  maxAnswerBytes: limitOf("maxAnswerBytes", server, own).value,
  operationTimeoutMs: limitOf("operationTimeoutMs", server, own).value,
});

/** Characters of the texts in rows; few rows have many of them. */
function bytesOf(rows: readonly Record<string, unknown>[]): number {
  let bytes = 0;
  for (const row of rows) for (const name in row) bytes += (row[name] as { length?: number } | null)?.length ?? 0;
  return bytes;
}

/** Bounds of one statement of an operation. */
class StatementBounds implements ReadBounds {
  readonly #operation: Bounds;
  readonly #text: string;
  /** Bytes that it had the last time, where those were many. */
  readonly expected: number;
  /** The bytes that it was given at last. */
  given = 0;

  constructor(operation: Bounds, text: string) {
    this.#operation = operation;
    this.#text = text;
    this.expected = largeReads.get(text) ?? 0;
  }

  onRead(bytes: number): void {
    if (bytes > LONG_CHARACTERS) largeReads.set(this.#text, bytes);
    else if (this.expected > 0) largeReads.delete(this.#text);
  }

  /** Asked for when the statement begins, which may be long after it was asked for. */
  get maxBytes(): number {
    return (this.given = this.#operation.room);
  }

  get signal(): AbortSignal {
    return this.#operation.signal;
  }

  get user(): string {
    return this.#operation.user;
  }
}

/** An executor that keeps operations within the bounds of their contexts, and answers for them when they are at an end. */
export function createBoundExecutor({ execute }: Executor): Executor {
  return {
    execute(args) {
      const { bounds } = args.contextValue as Context;
      // It may have waited since it came.
      if (isSliceOver(bounds))
        return bounds.settle(
          nextSlice(bounds).then(() => {
            bounds.lookAround();
            return bounds.failure ? refusalOf(bounds.failure) : execute(args);
          }),
          !isMutation(args),
        );
      const answer = execute(args);
      if (answer instanceof Promise) return bounds.settle(answer, !isMutation(args));
      bounds.end();
      return answer;
    },
  };
}

const isMutation = ({ document, operationName }: ExecutionArgs) =>
  getOperationAST(document, operationName)?.operation === OperationTypeNode.MUTATION;

/** The answer to an operation that was broken off. */
export function refusalOf(failure: AppError): ExecutionResult {
  return { data: null, errors: [new GraphQLError(failure.message, { originalError: failure })] };
}

/** A database whose statements are within the bounds of an operation. */
export function boundDatabase(database: Database, bounds: Bounds): Database {
  const bound = Object.create(database) as Database;
  bound.read = ((statement: CompiledQuery) => bounds.read(database, statement)) as Database["read"];
  return bound;
}
