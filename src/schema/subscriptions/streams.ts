import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  getOperationAST,
  getVariableValues,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";
import type { Viewer } from "../../access/authenticate.ts";
import { AppError } from "../../errors.ts";
import type { Context } from "../context.ts";
import type { PersonalArgument } from "../reading/list-arguments.ts";
import type { FormatError } from "../execution/error-format.ts";
import type { Executor } from "../execution/execute.ts";
import { type Price, type PriceOf, refuseDear, tellCost } from "../price/prices.ts";
import { rootFieldsOf } from "../document/root-fields.ts";

/** A subscriber's answers, each an answer of GraphQL as JSON. `return()` ends a `next()` that waits. */
export type Stream = AsyncIterableIterator<string> & { return(): Promise<IteratorResult<string>> };

/** A subscription that was parsed and validated, and its viewer. */
export interface Subscription extends Pick<ExecutionArgs, "document" | "operationName" | "schema" | "variableValues"> {
  viewer: Viewer;
  /** True if its answers are to tell their cost. */
  tellsCost: boolean;
}

/** Dependencies of streams. */
export interface StreamDeps {
  /** Answers each event. */
  executor: Executor;
  priceOf: PriceOf;
  /** Makes the context of one execution. */
  contextOf(viewer: Viewer): Context;
  formatError: FormatError;
}

/** Opens a stream, or returns the errors at once. */
export type OpenStream = (subscription: Subscription) => Promise<Stream | ExecutionResult>;

/**
 * Opens the streams of subscriptions. Sources give the same event object to all followers of the same rows. It is executed and written as JSON once for each
 * operation, for all viewers with the same rights, unless an argument in it declares that its answer differs between users.
 */
export function createStreams({ executor, priceOf, contextOf, formatError }: StreamDeps): OpenStream {
  const answers = new WeakMap<object, Map<string, Promise<string>>>();

  const write = ({ data, errors, extensions }: ExecutionResult) =>
    JSON.stringify({
      ...(data !== undefined && { data }),
      ...(errors && { errors: errors.map(formatError) }),
      ...(extensions && { extensions }),
    });

  function answer(
    event: object,
    key: string,
    { viewer, tellsCost, ...asked }: Subscription,
    price: Price,
    isForAll: boolean,
  ): Promise<string> {
    let known = answers.get(event);
    if (!known) answers.set(event, (known = new Map()));
    let text = known.get(key);
    if (!text) {
      // A context of its own: rows that were read for an earlier event may have changed.
      const context = contextOf(viewer);
      const contextValue = isForAll ? withoutViewer(context) : context;
      const executed = Promise.resolve(executor.execute({ ...asked, rootValue: event, contextValue }));
      text = executed.then((result) => write(tellsCost ? tellCost(result, price) : result));
      known.set(key, text);
    }
    return text;
  }

  return async (subscription) => {
    const { viewer, tellsCost, ...asked } = subscription;
    const price = await priceOf(asked, viewer.limits);
    const refused = refuseDear(price);
    if (refused) return tellsCost ? tellCost(refused, price) : refused;
    const operation = getOperationAST(asked.document, asked.operationName)!;
    if (selectsNothing(operation, asked)) return { errors: [nothingSelected()] };
    const contextValue = contextOf(viewer);
    const events = await createSourceEventStream({ ...asked, contextValue });
    // The source goes on with it, for others too.
    contextValue.bounds.end();
    if (!(Symbol.asyncIterator in events)) return events;
    const whose = isPersonal(asked, operation) ? viewer.id : "";
    const key = [
      serialOf(operation),
      viewer.rights.key,
      // An answer may be too long for one user, and tells the limit of its cost.
      viewer.limits?.key,
      whose,
      tellsCost,
      variablesBelow(operation, asked.variableValues ?? {}),
    ].join(" ");
    return createStream(events[Symbol.asyncIterator]() as AsyncIterator<object>, {
      next: (event) => answer(event, key, subscription, price, whose === ""),
      // Thrown on, it would close the socket and be told as its reason.
      failed: (error) => write({ errors: [error as never] }),
    });
  };
}

/** Tells whether `@skip` and `@include` leave out all that a subscription selects. Wrong values of variables are told later, all at once. */
function selectsNothing(
  operation: OperationDefinitionNode,
  { schema, document, variableValues }: Pick<Subscription, "document" | "schema" | "variableValues">,
): boolean {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {}, { maxErrors: 1 });
  return coerced !== undefined && rootFieldsOf(document, operation, coerced).size === 0;
}

function nothingSelected(): GraphQLError {
  const message = "The subscription selects nothing: @skip and @include leave its field out.";
  return new GraphQLError(message, { originalError: new AppError("BAD_USER_INPUT", message) });
}

/** Not a generator: one that waits could not be told to return. */
function createStream(
  events: AsyncIterator<object>,
  { next, failed }: { next(event: object): Promise<string>; failed(error: unknown): string },
): Stream {
  let hasFailed = false;
  return {
    async next() {
      if (hasFailed) return { done: true, value: undefined };
      try {
        const { done, value } = await events.next();
        return done ? { done: true, value: undefined } : { done: false, value: await next(value) };
      } catch (error) {
        hasFailed = true;
        await events.return?.();
        return { done: false, value: failed(error) };
      }
    },
    async return() {
      await events.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

// Documents are kept parsed: the same text is the same operation.
const serials = new WeakMap<OperationDefinitionNode, number>();
let lastSerial = 0;

function serialOf(operation: OperationDefinitionNode): number {
  let serial = serials.get(operation);
  if (serial === undefined) serials.set(operation, (serial = ++lastSerial));
  return serial;
}

const personal = new WeakMap<OperationDefinitionNode, boolean>();

/** Tells whether an argument that is given, anywhere in an operation or its document's fragments, declares that it is another one for each user. */
function isPersonal(
  { schema, document }: Pick<ExecutionArgs, "document" | "schema">,
  operation: OperationDefinitionNode,
): boolean {
  let found = personal.get(operation);
  if (found !== undefined) return found;
  found = false;
  const types = new TypeInfo(schema);
  const lookAtArgument = () => {
    const { isPersonal: isOne } = (types.getArgument()?.extensions ?? {}) as Partial<PersonalArgument>;
    found ||= isOne;
  };
  visit(document, visitWithTypeInfo(types, { Argument: lookAtArgument }));
  personal.set(operation, found ?? false);
  return found ?? false;
}

/** Returns the context of an answer that several users are given: no resolver finds the viewer in it, so none can forget to declare that it wants to know. */
function withoutViewer(context: Context): Context {
  return Object.defineProperty({ ...context }, "viewer", {
    get(): never {
      throw new Error("An answer that several users are given was asked whose it is: declare what depends on the user.");
    },
  });
}

const below = new WeakMap<OperationDefinitionNode, boolean>();

/** Values of the variables, as far as an event's answer can depend on them: arguments of the subscription itself chose the events. */
function variablesBelow(operation: OperationDefinitionNode, values: Readonly<Record<string, unknown>>): string {
  let used = below.get(operation);
  if (used === undefined) below.set(operation, (used = usesVariablesBelow(operation)));
  return used ? JSON.stringify(values) : "";
}

function usesVariablesBelow(operation: OperationDefinitionNode): boolean {
  let used = false;
  const withoutArguments = {
    ...operation,
    variableDefinitions: [],
    selectionSet: {
      ...operation.selectionSet,
      selections: operation.selectionSet.selections.map((field) =>
        field.kind === Kind.FIELD ? ({ ...field, arguments: [] } satisfies FieldNode) : field,
      ),
    },
  };
  visit(withoutArguments, {
    Variable: () => void (used = true),
    // Fragments are not looked into.
    FragmentSpread: () => void (used = true),
  });
  return used;
}
