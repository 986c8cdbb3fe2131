import type { initGraphQLTada, ResultOf } from "gql.tada";
import type { Introspection } from "../generated/schema.ts";

interface Scalars {
  DateTime: string;
  GenericScalar: any;
  ID: string;
  UUID: string;
}

declare const graphql: initGraphQLTada<{ introspection: Introspection; scalars: Scalars }>;
/** Is never called: the type of its result is the type of a document. */
const typed = <const Text extends string>(document: Text) => graphql(document);

/** Values that an operation asks for, as if all were there: a test that expects null says so with `toBeNull`. */
type Present<Value> = Value extends readonly (infer Item)[]
  ? Present<Item>[]
  : Value extends object
    ? { [Key in keyof Value]: Present<Value[Key]> }
    : NonNullable<Value>;

/** Texts that ask for the schema itself, which is not in the type of the schema. */
type Introspecting = `${string}__schema${string}` | `${string}__type(${string}`;

/** Data of an operation, by its text; `any` for a text that is put together when the test runs. */
export type DataOf<Text extends string> = string extends Text
  ? any
  : // Of a template with a hole, the type is a pattern, for which no property can be required.
    {} extends Record<Text, 1>
    ? any
    : Text extends Introspecting
      ? any
      : Present<ResultOf<ReturnType<typeof typed<Text>>>>;
