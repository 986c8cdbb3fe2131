import { z } from "zod";
import { ISO_TIME, readTime } from "../entities/times/read-time.ts";
import { dedent } from "./dedent.ts";

/*
 * Variables of a job, one function for each of Nautobot's kinds. Each makes a zod schema, so that they mix with any other. `variables_schema` has the facts
 * for forms beyond JSON Schema: `x-kind`, and the keys named below.
 */

/** Options of every variable. */
export interface VariableOptions<Value> {
  /** Name for people; the variable's own name when absent. */
  label?: string;
  description?: string;
  /** Value for runs without one. */
  default?: Value;
  /** False for an optional variable. */
  required?: boolean;
  /**
   * True for a secret: a password, a key. Its value is not kept with the run, and is hidden in the run's output. Such a variable has no
   * default, which everyone could read.
   */
  sensitive?: boolean;
}

type Finished<Schema extends z.ZodType, Options> = Options extends { default: {} }
  ? z.ZodDefault<Schema>
  : Options extends { required: false }
    ? z.ZodOptional<Schema>
    : Schema;

/** Returns a schema with the options of its variable. */
function variable<Schema extends z.ZodType, Options extends VariableOptions<never> | VariableOptions<unknown>>(
  schema: Schema,
  kind: string,
  options: Options,
  hints: Record<string, unknown> = {},
): Finished<Schema, Options> {
  const { label, description, default: initial, required = true, sensitive } = options as VariableOptions<unknown>;
  if (sensitive && initial !== undefined)
    throw new TypeError("A sensitive variable cannot have a default: everybody could read it.");
  const optional = initial !== undefined ? schema.default(initial as never) : required ? schema : schema.optional();
  const said = {
    ...(label !== undefined && { title: label }),
    ...(description !== undefined && { description: dedent(description) }),
  };
  return optional.meta({ ...said, "x-kind": kind, ...(sensitive && { writeOnly: true }), ...hints }) as Finished<Schema, Options>;
}

/** Bounds of a text. */
export interface TextOptions extends VariableOptions<string> {
  minLength?: number;
  maxLength?: number;
  /** Regular expression that the text must match; `^` and `$` around it bind it to the whole text. */
  regex?: RegExp;
}

const text = ({ minLength, maxLength, regex }: TextOptions) => {
  let schema = z.string();
  if (minLength !== undefined) schema = schema.min(minLength);
  if (maxLength !== undefined) schema = schema.max(maxLength);
  return regex ? schema.regex(regex) : schema;
};

/** A line of text. */
export function stringVar<const Options extends TextOptions>(options: Options = {} as Options) {
  return variable(text(options), "string", options);
}

/** A text of several lines. */
export function textVar<const Options extends TextOptions>(options: Options = {} as Options) {
  return variable(text(options), "text", options);
}

/** A whole number. */
export function integerVar<const Options extends VariableOptions<number> & { min?: number; max?: number }>(
  options: Options = {} as Options,
) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = options;
  return variable(z.int().min(min).max(max), "integer", options);
}

/** Yes or no; no by default. */
export function booleanVar<const Options extends VariableOptions<boolean>>(options: Options = {} as Options) {
  return variable(z.boolean(), "boolean", { default: false, ...options });
}

/** A value, or a value and its label in a form. */
export type ChoiceOption<Value extends string> = Value | readonly [value: Value, label: string];

interface Choices<Value extends string> {
  choices: readonly [ChoiceOption<Value>, ...ChoiceOption<Value>[]];
}

const valuesOf = <Value extends string>(choices: readonly ChoiceOption<Value>[]) =>
  choices.map((choice) => (typeof choice === "string" ? choice : choice[0])) as [Value, ...Value[]];

const labelsOf = (choices: readonly ChoiceOption<string>[]) => {
  const labelled = choices.map((choice) => (typeof choice === "string" ? ([choice, choice] as const) : choice));
  return {
    "x-labels": Object.fromEntries(labelled),
    oneOf: labelled.map(([value, title]) => ({ const: value, title })),
  };
};

/** A variable with one of several values. `oneOf` has their names as titles, as form libraries expect, and so has `x-labels`. */
export function choiceVar<const Value extends string, const Options extends VariableOptions<NoInfer<Value>>>(
  options: Choices<Value> & Options,
) {
  return variable(z.enum(valuesOf(options.choices)), "choice", options, labelsOf(options.choices));
}

/** Any number of several values, named as those of {@link choiceVar}: `oneOf` is in `items`. */
export function multiChoiceVar<const Value extends string, const Options extends VariableOptions<NoInfer<Value>[]>>(
  options: Choices<Value> & Options,
) {
  const { oneOf, ...labels } = labelsOf(options.choices);
  return variable(z.array(z.enum(valuesOf(options.choices))), "multichoice", options, {
    ...labels,
    items: { type: "string", oneOf },
  });
}

/** An object of this server, with its fields as the API spells them. */
export type LoadedObject = Readonly<Record<string, unknown>> & { readonly id: string };

interface Model {
  /** `app_label.model` of one of this server's own models, e.g. `extras.jobqueue`. */
  model: string;
}

/** The schema of a variable whose client names an object, and whose job gets the object: see `object-variables.ts`. */
const objectSchema = z.custom<LoadedObject>(
  (value) => typeof value === "string" || (typeof value === "object" && value !== null),
  {
    error: "must be the id or the name of an object",
  },
);

/** An object, named by id or by natural key; it arrives loaded. `x-model` says of which kind. */
export function objectVar<const Options extends VariableOptions<never> & Model>(options: Options) {
  return variable(objectSchema, "object", options, { type: "string", "x-model": options.model });
}

/** Objects, each named by id or by natural key; they arrive loaded. `x-model` says of which kind. */
export function multiObjectVar<const Options extends VariableOptions<never> & Model>(options: Options) {
  const hints = { items: { type: "string" }, "x-model": options.model };
  return variable(z.array(objectSchema), "multiobject", options, hints);
}

const ADDRESS = "must be an IPv4 or IPv6 address";

/** An IPv4 or IPv6 address. */
export function ipAddressVar<const Options extends VariableOptions<string>>(options: Options = {} as Options) {
  return variable(z.union([z.ipv4(), z.ipv6()], ADDRESS), "ipaddress", options);
}

const withMask = (error: string) => z.union([z.cidrv4(), z.cidrv6()], error);

/** An address with the length of its network's prefix, such as `192.0.2.1/24`. */
export function ipAddressWithMaskVar<const Options extends VariableOptions<string>>(options: Options = {} as Options) {
  return variable(withMask(`${ADDRESS} with a prefix length, such as 192.0.2.1/24`), "ipaddresswithmask", options);
}

/** The bits of an address, as digits. */
function bitsOf(address: string): string {
  const bits = (numbers: readonly number[], width: number) =>
    numbers.map((number) => number.toString(2).padStart(width, "0")).join("");
  if (!address.includes(":")) return bits(address.split(".").map(Number), 8);
  // A URL spells every address in one way, without dots.
  const { hostname } = new URL(`http://[${address}]`);
  const [head, tail] = hostname
    .slice(1, -1)
    .split("::")
    .map((groups) => groups.split(":").flatMap((group) => (group === "" ? [] : Number.parseInt(group, 16))));
  return bits(tail ? [...head!, ...Array<number>(8 - head!.length - tail.length).fill(0), ...tail] : head!, 16);
}

/** A network, such as `192.0.2.0/24`, whose prefix length may be bounded. An address in a network, such as `192.0.2.1/24`, is rejected. */
export function ipNetworkVar<
  const Options extends VariableOptions<string> & { minPrefixLength?: number; maxPrefixLength?: number },
>(options: Options = {} as Options) {
  const { minPrefixLength = 0, maxPrefixLength = 128 } = options;
  const prefixLength = (network: string) => Number(network.split("/")[1]);
  const schema = withMask("must be an IPv4 or IPv6 network, such as 192.0.2.0/24")
    .refine((network) => prefixLength(network) >= minPrefixLength && prefixLength(network) <= maxPrefixLength, {
      error: `must have a prefix length from ${minPrefixLength} to ${maxPrefixLength}`,
    })
    .refine((network) => !bitsOf(network.split("/")[0]!).slice(prefixLength(network)).includes("1"), {
      error: "must be a network, with no bits after its prefix: 192.0.2.0/24, not 192.0.2.1/24",
    });
  return variable(schema, "ipnetwork", options);
}

/** Any JSON. */
export function jsonVar<const Options extends VariableOptions<z.core.util.JSONType>>(options: Options = {} as Options) {
  return variable(z.json(), "json", options);
}

/** A day, as ISO 8601 text. */
export function dateVar<const Options extends VariableOptions<string>>(options: Options = {} as Options) {
  return variable(z.iso.date(), "date", options);
}

/** A moment: ISO 8601 text with its offset from UTC; it arrives as a Date. */
export function dateTimeVar<const Options extends VariableOptions<string>>(options: Options = {} as Options) {
  const schema = z.iso
    .datetime({ offset: true })
    .refine((value) => readTime(value) !== undefined, { error: `give ${ISO_TIME}` })
    .pipe(z.transform((value: string) => new Date(value)));
  return variable(schema, "datetime", options);
}

/** A file among a job's inputs. */
export interface GivenFile {
  readonly name: string;
  readonly content: Uint8Array;
}

/** A file of at most `maxBytes`: a client gives `{ name, base64 }`; it arrives as bytes. */
export function fileVar<const Options extends VariableOptions<never> & { maxBytes?: number }>(options: Options = {} as Options) {
  const { maxBytes = 1024 * 1024 } = options;
  const schema = z
    .strictObject({ name: z.string().min(1).max(255), base64: z.base64() })
    .pipe(z.transform(({ name, base64 }): GivenFile => ({ name, content: new Uint8Array(Buffer.from(base64, "base64")) })))
    .refine(({ content }) => content.length <= maxBytes, { error: `must have at most ${maxBytes} bytes` });
  return variable(schema, "file", options, { "x-max-bytes": maxBytes });
}
