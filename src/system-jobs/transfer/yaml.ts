import {
  type CreateNodeOptions,
  type DocumentOptions,
  type ScalarTag,
  type SchemaOptions,
  stringify,
  type ToStringOptions,
} from "yaml";

/*
 * YAML that readers of its version 1.1, such as PyYAML, and of 1.2 take for the same. To the former `no` is false, `1:30` a number, `2026-01-01` a
 * day, `1e21` a text, and a line ends at U+2028: so a text is plain only where it looks like words, and has everything else escaped.
 */

/** Texts that are plain: words that begin with a letter, with single spaces and signs that mean nothing between them. */
const PLAIN = /^[a-z]\w*(?:[ ./@-]?[a-z0-9_]+)*$/i;
/** Words that mean something else than themselves; to some readers `e1` is a number. */
const RESERVED = /^(?:y|yes|n|no|on|off|true|false|null|e-?\d+)$/i;
/** Characters that cannot stand in a YAML 1.1 stream, or that end a line or a text there. */
const UNPRINTABLE = /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff\p{Surrogate}]/gu;

const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

function textOf(value: string): string {
  if (PLAIN.test(value) && !RESERVED.test(value)) return value;
  return JSON.stringify(value).replaceAll(UNPRINTABLE, escape);
}

const TEXT: ScalarTag = {
  tag: "tag:yaml.org,2002:str",
  default: true,
  identify: (value) => typeof value === "string",
  resolve: (text) => text,
  stringify: ({ value }) => textOf(value as string),
};

const NUMBER: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  identify: (value) => typeof value === "number",
  resolve: Number,
  // An exponent makes a number only behind a point, and with its sign.
  stringify: ({ value }) => JSON.stringify(value).replace(/^(-?\d+)e/, "$1.0e"),
};

const OPTIONS: CreateNodeOptions & DocumentOptions & SchemaOptions & ToStringOptions = {
  lineWidth: 0,
  aliasDuplicateObjects: false,
  customTags: () => ["map", "seq", TEXT, NUMBER, "bool", "null"],
};

/** A JSON value as a document of YAML. */
export function writeYaml(value: unknown): string {
  return stringify(value, OPTIONS);
}
