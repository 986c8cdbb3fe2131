import {
  type DocumentNode,
  type FieldNode,
  getArgumentValues,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLNullableType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  OperationTypeNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  visit,
} from "graphql";
import { fragmentsOf, isIncluded, mergeSelections } from "../document/merge-selections.ts";
import { isSliceOver, nextSlice, type Sliced } from "./slices.ts";

/*
 * An operation as functions: its fields and the way to write their values are settled once, and a row is then a literal with its columns. Only the way without
 * errors is here. Any other case throws, and graphql-js answers instead.
 */

/** An execution: its root value, context and variables. */
export interface Subject {
  rootValue: unknown;
  contextValue: unknown;
  variableValues: Record<string, unknown>;
  /** The work that a long answer is; without it, the answer is made in one slice. */
  sliced: Sliced | undefined;
}

/** Values or errors of the resolvers of root fields, by the names of the fields in the answer. */
export type Given = Map<string, { value: unknown } | { error: unknown }>;

/**
 * Answers an operation with its data. @throws, or rejects with, anything at all where graphql-js has to answer.
 * @param given is filled, so that nothing has to be read again.
 */
export type Compiled = (subject: Subject, given: Given) => unknown;

/** Code for many fields takes longer to make than it saves; fragments are counted where they are spread. */
const MOST_FIELDS = 1000;

/** Steps between two looks at the clock. */
const STEPS = 64;

/** Names of the variables that decide which fields are selected. An operation is compiled for their values. */
export function readConditions(document: DocumentNode): readonly string[] {
  const names = new Set<string>();
  visit(document, {
    Directive: (directive) => visit(directive, { Variable: ({ name }) => void names.add(name.value) }),
    VariableDefinition: () => false,
  });
  return [...names];
}

/**
 * Compiles an operation; undefined for one that graphql-js has to answer.
 * @param variables values of those that {@link readConditions} names.
 */
export function compile(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Subject["variableValues"],
): Compiled | undefined {
  // A mutation that has begun must not start again, as it would with graphql-js.
  if (operation.operation === OperationTypeNode.MUTATION) return undefined;
  try {
    const compiler = createCompiler(schema, document, operation, variables);
    const root = compiler(schema.getRootType(operation.operation)!, [operation.selectionSet]);
    return (subject, given) => {
      const run = new Run(subject, given);
      const data = root.write(subject.rootValue, run, undefined);
      return run.ended(data);
    };
  } catch (error) {
    if (error instanceof Astray) return undefined;
    throw error;
  }
}

/** Thrown where the compiled way ends. */
class Astray extends Error {}

type Path = GraphQLResolveInfo["path"];
type Arguments = Record<string, unknown>;
type Resolve = GraphQLFieldResolver<unknown, unknown>;
type Target = Record<string, unknown>;

/** Makes a value of a resolver's result. */
type Write = (value: unknown, run: Run, path: Path | undefined) => unknown;

/** Writer of a type's values. */
interface Writer {
  write: Write;
  /** True when a field below calls a resolver, which needs its path. */
  isDeep: boolean;
}

/** Answers a field of an object where a resolver has to. */
type Answer = (source: unknown, run: Run, path: Path | undefined, target: Target) => void;

/** An execution: it is over when no value is awaited any more, and no step is left. */
class Run {
  #awaited = 0;
  #steps = 0;
  /** Steps that wait for a slice, from the one at `#next` on. */
  #left: (() => void)[] = [];
  #next = 0;
  #isResting = false;
  #settle: { resolve: (data: unknown) => void; reject: (reason: unknown) => void } | undefined;
  #data: unknown;
  #failure: { reason: unknown } | undefined;
  readonly subject: Subject;
  readonly #given: Given;

  constructor(subject: Subject, given: Given) {
    this.subject = subject;
    this.#given = given;
  }

  /** Asks the resolver of a root field, and keeps its result. */
  askRoot(key: string, resolve: Resolve, ...asked: Parameters<Resolve>): unknown {
    try {
      const value = resolve(...asked);
      this.#given.set(key, { value });
      return value;
    } catch (error) {
      this.#given.set(key, { error });
      throw error;
    }
  }

  /** Sets a member once its value is there. */
  fill(target: Target, key: string, value: unknown, write: Write, path: Path | undefined): void {
    if (!isPromise(value)) {
      target[key] = write(value, this, path);
      return;
    }
    this.#awaited++;
    value.then(
      (settled) => this.#arrive(() => void (target[key] = write(settled, this, path))),
      (reason: unknown) => this.#fail(reason),
    );
  }

  #arrive(step: () => void): void {
    if (this.mustRest()) this.#leave(step);
    else this.#take(step);
  }

  /** Tells, at every step, whether others have to have the thread before it. */
  mustRest(): boolean {
    const { sliced } = this.subject;
    if (!this.#isResting && sliced && ++this.#steps % STEPS === 0) this.#isResting = isSliceOver(sliced);
    return this.#isResting;
  }

  /** Takes a step in another slice. */
  rest(step: () => void): void {
    this.#awaited++;
    this.#leave(step);
  }

  #leave(step: () => void): void {
    this.#left.push(step);
    if (this.#left.length === 1) void this.#goOn();
  }

  async #goOn(): Promise<void> {
    while (this.#next < this.#left.length) {
      const sliced = this.subject.sliced!;
      await nextSlice(sliced);
      this.#isResting = false;
      if (sliced.failure) this.#fail(sliced.failure);
      do this.#take(this.#left[this.#next++]!);
      while (this.#next < this.#left.length && !this.mustRest());
    }
    this.#left = [];
    this.#next = 0;
  }

  #take(step: () => void): void {
    if (this.#failure) return;
    try {
      step();
      if (--this.#awaited === 0) this.#settle?.resolve(this.#data);
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#settle?.reject(reason);
  }

  /** Data, complete; a promise while something is awaited. */
  ended(data: unknown): unknown {
    if (this.#awaited === 0) return data;
    this.#data = data;
    return new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Compiles a selection of an object type. */
function createCompiler(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Subject["variableValues"],
) {
  const fragments = fragmentsOf(document);
  const introspected: Readonly<Record<string, GraphQLField<unknown, unknown>>> = {
    [SchemaMetaFieldDef.name]: SchemaMetaFieldDef,
    [TypeMetaFieldDef.name]: TypeMetaFieldDef,
  };
  const fieldOf = (type: GraphQLObjectType, name: string) =>
    type.getFields()[name] ?? (type === schema.getQueryType() ? introspected[name] : undefined);
  let count = 0;

  /** Returns whether a selection applies to an object type. */
  const createEnter = (type: GraphQLObjectType) => (selection: SelectionNode, of: NamedTypeNode | undefined) => {
    if (!isIncluded(selection, variables)) return false;
    if (selection.kind === Kind.FIELD && ++count > MOST_FIELDS) throw new Astray();
    const condition = of && schema.getType(of.name.value);
    return !condition || condition === type || (isAbstractType(condition) && schema.isSubType(condition, type));
  };

  function objectWriter(type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Writer {
    if (type.isTypeOf) throw new Astray();
    const found = mergeSelections(sets, fragments, createEnter(type));
    const members: string[] = [];
    const writes: Write[] = [];
    const answers: Answer[] = [];
    for (const [key, nodes] of found) {
      if (key === "__proto__") throw new Astray();
      const name = nodes[0]!.name.value;
      const field = fieldOf(type, name);
      const nullable = field && nullableOf(field.type);
      if (name === "__typename") members.push(`${key}: ${JSON.stringify(type.name)}`);
      else if (!field) throw new Astray();
      else if (!field.resolve && isLeafType(nullable)) {
        members.push(`${key}: writes[${writes.length}](source.${name})`);
        writes.push(leafWrite(nullable, isNonNullType(field.type)));
      } else {
        // Fields are in the order in which they are selected, whenever their values come.
        members.push(`${key}: undefined`);
        answers.push(createAnswer(type, field, key, nodes));
      }
    }
    const answered = answers.map((_, n) => `answers[${n}](source, run, path, target);`).join(" ");
    const code = `return (source, run, path) => { const target = { ${members.join(", ")} }; ${answered} return target; }`;
    // oxlint-disable-next-line typescript/no-implied-eval -- names of GraphQL, which are names of JavaScript
    const write = new Function("writes", "answers", code)(writes, answers) as Write;
    return { write, isDeep: answers.length > 0 };
  }

  function createAnswer(
    parentType: GraphQLObjectType,
    field: GraphQLField<unknown, unknown>,
    key: string,
    fieldNodes: FieldNode[],
  ): Answer {
    const { write } = writerOf(field.type, fieldNodes);
    const { name, type: returnType } = field;
    const resolve: Resolve = field.resolve ?? ((source: unknown) => readMember(source, name));
    const argumentsOf = createArguments(field, fieldNodes[0]!);
    return (source, run, path, target) => {
      const { subject } = run;
      const { rootValue, variableValues } = subject;
      const here = { prev: path, key, typename: parentType.name };
      const info = {
        fieldName: name,
        fieldNodes,
        returnType,
        parentType,
        path: here,
        schema,
        fragments,
        rootValue,
        operation,
        variableValues,
      };
      const args = argumentsOf(subject);
      const { contextValue } = subject;
      const value = path
        ? resolve(source, args, contextValue, info)
        : run.askRoot(key, resolve, source, args, contextValue, info);
      run.fill(target, key, value, write, here);
    };
  }

  function writerOf(type: GraphQLOutputType, nodes: readonly FieldNode[]): Writer {
    const isNonNull = isNonNullType(type);
    const nullable = nullableOf(type);
    if (isLeafType(nullable)) return { write: leafWrite(nullable, isNonNull), isDeep: false };
    const { write, isDeep } = compositeWriter(nullable, nodes);
    return {
      isDeep,
      write(value, run, path) {
        if (value !== null && value !== undefined) return write(value, run, path);
        if (isNonNull) throw new Astray();
        return null;
      },
    };
  }

  /** Returns the writer of values that are not null. */
  function compositeWriter(type: GraphQLNullableType & GraphQLOutputType, nodes: readonly FieldNode[]): Writer {
    if (isListType(type)) {
      const item = writerOf(type.ofType as GraphQLOutputType, nodes);
      return { write: listWrite(item), isDeep: item.isDeep };
    }
    // The type of an abstract value is known row by row only.
    if (!isObjectType(type)) throw new Astray();
    const { write, isDeep } = objectWriter(
      type,
      nodes.map((node) => node.selectionSet!),
    );
    return {
      isDeep,
      write(value, run, path) {
        if (typeof value !== "object" || value instanceof Error || isPromise(value)) throw new Astray();
        return write(value, run, path);
      },
    };
  }
  return objectWriter;
}

const nullableOf = (type: GraphQLOutputType) =>
  (isNonNullType(type) ? type.ofType : type) as GraphQLNullableType & GraphQLOutputType;

/** Arguments of a field, made again where they hold variables; resolvers are given a copy, as each is its owner's. */
function createArguments(field: GraphQLField<unknown, unknown>, node: FieldNode): (subject: Subject) => Arguments {
  let isConstant = true;
  visit(node, { SelectionSet: () => false, Variable: () => (isConstant = false) });
  if (!isConstant) return ({ variableValues }) => getArgumentValues(field, node, variableValues);
  const constant = getArgumentValues(field, node);
  return () => ({ ...constant });
}

function readMember(source: unknown, name: string): unknown {
  const value = (source as Record<string, unknown> | undefined)?.[name];
  if (typeof value === "function") throw new Astray();
  return value;
}

function listWrite({ write, isDeep }: Writer): Write {
  return (value, run, path) => {
    if (!Array.isArray(value)) throw new Astray();
    const list = value as readonly unknown[];
    const items: unknown[] = [];
    // Items that are promises may fail as well, and nobody is going to ask.
    const forget = () => list.forEach((item) => isPromise(item) && item.then(undefined, () => undefined));
    let isForgotten = false;
    const writeOn = () => {
      try {
        for (let n = items.length; n < list.length; n++) {
          if (run.mustRest()) {
            if (!isForgotten) forget();
            isForgotten = true;
            return run.rest(writeOn);
          }
          items.push(write(list[n], run, isDeep ? { prev: path, key: n, typename: undefined } : undefined));
        }
      } catch (error) {
        forget();
        throw error;
      }
    };
    writeOn();
    return items;
  };
}

function leafWrite(type: GraphQLLeafType, isNonNull: boolean): Write {
  return (value) => {
    if (value === null || value === undefined) {
      if (isNonNull) throw new Astray();
      return null;
    }
    if (typeof value === "function" || value instanceof Error || isPromise(value)) throw new Astray();
    const written: unknown = type.serialize(value);
    if (written === null || written === undefined) throw new Astray();
    return written;
  };
}
