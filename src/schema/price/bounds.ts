import { type ExecutionArgs, type ExecutionResult, getOperationAST, GraphQLError, OperationTypeNode } from "graphql";
import type { CompiledQuery } from "kysely";
import { type Database, type ReadBounds, TooManyBytes } from "../../entities/database.ts";
import { AppError } from "../../errors.ts";
import type { Context } from "../context.ts";
import type { Executor } from "../execute.ts";
import { deadlinesOf } from "./deadlines.ts";

/** How far an operation may go once it has begun. */
export interface BoundLimits {
  /** Characters of its answer, about. */
  maxAnswerBytes: number;
  operationTimeoutMs: number;
}

/** Has a function called once nobody waits for the answer any more. */
export type WhenGone = (act: () => unknown) => unknown;

/** A character of an answer may have taken more than a byte to store; a single result may be all of an answer, in any script. */
const STORED_BYTES = 1.5;

/**
 * What one operation has left of its limits. When it has used one up, or nobody waits for it any more, the statements that it reads are
 * broken off, and none is begun.
 */
export class Bounds {
  readonly #limits: BoundLimits;
  #whenGone: WhenGone | undefined;
  #left: number;
  #controller: AbortController | undefined;
  #late: (() => void) | undefined;
  /** When its time is over, by a clock that nobody sets; 0 before its first statement. */
  #due = 0;
  #failure: AppError | undefined;
  #hasEnded = false;
  #onFailure: (() => void) | undefined;
  readonly user: string;

  /** @param user id of the user whose operation it is; reads of users take turns. */
  constructor(limits: BoundLimits, user: string, whenGone?: WhenGone) {
    this.#limits = limits;
    this.user = user;
    this.#whenGone = whenGone;
    this.#left = limits.maxAnswerBytes;
  }

  /** Why the operation goes no further; undefined while it does. */
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

  /** Runs a statement, as far as the operation may go. */
  read(database: Database, statement: CompiledQuery): Promise<Record<string, unknown>[]> {
    if (this.#failure) return Promise.reject(this.#failure);
    // Of what follows objects after its operation, each statement may read as much as a whole answer.
    if (this.#hasEnded)
      return database.read(statement, { maxBytes: this.#limits.maxAnswerBytes * STORED_BYTES, user: this.user });
    const now = performance.now();
    if (this.#due === 0) this.#due = now + this.#limits.operationTimeoutMs;
    else if (now > this.#due) return Promise.reject(this.#failLate());
    return database.read(statement, new StatementBounds(this, Math.ceil(this.#left * STORED_BYTES))).catch((error: unknown) => {
      if (this.#failure) throw this.#failure;
      throw error instanceof TooManyBytes ? this.#exhaust() : error;
    });
  }

  /** Counts what becomes part of the answer. @throws {@link AppError} LIMIT_EXCEEDED when that is too much. */
  take(characters: number): void {
    this.#left -= characters;
    if (this.#left < 0 || this.#failure) throw this.#failure ?? this.#exhaust();
  }

  /** The answer, or why there is none: at once where the limits are used up, unless what is under way must not be left alone. */
  settle(answer: Promise<ExecutionResult>, canLeave: boolean): Promise<ExecutionResult> {
    return new Promise((resolve, reject) => {
      const fail = () => resolve(refusalOf(this.#failure!));
      if (canLeave) {
        this.#onFailure = fail;
        if (this.#failure) fail();
      }
      answer.then((result) => {
        this.end();
        return resolve(result);
      }, reject);
    });
  }

  /** To be called when the operation is over: what outlives it holds on to nothing by this. */
  end(): void {
    this.#hasEnded = true;
    if (this.#late) deadlinesOf(this.#limits.operationTimeoutMs).delete(this.#late);
    this.#controller = this.#late = this.#onFailure = this.#whenGone = undefined;
  }

  #watch(): void {
    if (this.#hasEnded) return;
    this.#late = () => this.#failLate();
    deadlinesOf(this.#limits.operationTimeoutMs).add(this.#late);
    this.#whenGone?.(() => this.#hasEnded || this.#fail("Nobody waits for the answer any more."));
  }

  #failLate(): AppError {
    const { operationTimeoutMs: timeout } = this.#limits;
    return this.#fail(
      `The operation took longer than ${timeout} ms; OPERATION_TIMEOUT_MS allows no more. Ask for less at a time.`,
    );
  }

  #exhaust(): AppError {
    const most = this.#limits.maxAnswerBytes;
    return this.#fail(
      `The answer is longer than ${most} bytes; MAX_ANSWER_BYTES allows no more. Ask for less at a time, or without long texts.`,
    );
  }

  #fail(message: string): AppError {
    if (this.#failure) return this.#failure;
    this.#failure = new AppError("LIMIT_EXCEEDED", message);
    this.#controller?.abort(this.#failure);
    this.#onFailure?.();
    return this.#failure;
  }

  /** To be called when what was counted is handed out once more; what is answered once more is at most twice as long. */
  recount(): void {
    this.#left = this.#limits.maxAnswerBytes;
  }
}

/** Bounds of one statement of an operation. */
class StatementBounds implements ReadBounds {
  readonly #operation: Bounds;
  readonly maxBytes: number;

  constructor(operation: Bounds, maxBytes: number) {
    this.#operation = operation;
    this.maxBytes = maxBytes;
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
  bound.read = (statement) => bounds.read(database, statement);
  return bound;
}
