import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { writeYaml } from "../../../src/system-jobs/transfer/yaml.ts";

/** Plain scalars that mean something in YAML 1.1, as PyYAML's resolver has them. */
const MEANINGS: Readonly<Record<string, RegExp>> = {
  bool: /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|[yYnN])$/,
  float:
    /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  int: /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/,
  merge: /^(?:<<)$/,
  null: /^(?:~|null|Null|NULL|)$/,
  timestamp:
    /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/,
  value: /^(?:=)$/,
};
/** Characters that PyYAML's reader refuses, and those that end a line to it. */
const UNREADABLE = /[^\n\x20-\x7e\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

const meaningOf = (scalar: string) => Object.keys(MEANINGS).find((name) => MEANINGS[name]!.test(scalar));

const HARD = [
  ..."no Yes OFF y ~ null = << 1:30 190:20:30 2026-01-01 2026-1-1T1:2:3Z 0777 0x1f 0b1 1_000 1.5 .5 1e3 1e21 .inf .NaN".split(
    " ",
  ),
  ..."- -- --- ... ? : # a:b @a `a %a !a &a *a |a >a [a] {a} 'a' a,b +1 \\n ,a on E0 e-1 a\\b a/b a--b é core-1.example.com".split(
    " ",
  ),
  ..."|a: b|a #b| a|a |- a|? a|a - b|a  b|two words|Zürich 😀".split("|"),
  ..."; ;\t;a\tb;a\nb;a\r\nb;\n;a\n\n;a\u2028b;a\u2029b;a\u0085b;\ufeffa;\ufffe;\u007f;\0".split(";"),
  '"a"',
  "x".repeat(2000),
];
const texts = fc.oneof(fc.constantFrom(...HARD), fc.string({ unit: "binary" }), fc.stringMatching(/^[-+.:_0-9eEoxTZ ]{0,10}$/));
const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
);

test("a text is read as this text, with any look, in YAML 1.1 and 1.2", () => {
  const read = fc.property(texts, (text) => {
    const line = writeYaml({ it: text });
    expect(UNREADABLE.exec(line)).toBeNull();
    const scalar = line.slice("it: ".length, -1);
    // Without a line break in it, and within quotes wherever a word alone would say something else.
    expect(scalar).not.toContain("\n");
    if (!scalar.startsWith('"')) expect([text, scalar, meaningOf(scalar)]).toEqual([text, text, undefined]);
    else expect(JSON.parse(scalar)).toBe(text);
    for (const version of ["1.1", "1.2"] as const) expect(parse(line, { version })).toEqual({ it: text });
  });
  fc.assert(read, { numRuns: 3000 });
  for (const text of HARD) expect(parse(writeYaml([text]), { version: "1.1" })).toEqual([text]);
});

test("a number is read as this number", () => {
  fc.assert(
    fc.property(numbers, (number) => {
      const line = writeYaml([number]);
      expect(["float", "int"]).toContain(meaningOf(line.slice(2, -1)));
      for (const version of ["1.1", "1.2"] as const) expect(parse(line, { version })).toEqual([number]);
    }),
    { numRuns: 2000 },
  );
});

test("any JSON is read as it was written, its names too", () => {
  const leaf = fc.oneof(texts, numbers, fc.boolean(), fc.constant(null));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      // The parser for tests makes `__proto__` a name like any other only in Maps.
      fc.dictionary(
        texts.filter((name) => name !== "__proto__"),
        tie("value"),
        { maxKeys: 4 },
      ),
    ),
  }));
  const read = fc.property(value, (given) => {
    const plain: unknown = JSON.parse(JSON.stringify(given));
    for (const version of ["1.1", "1.2"] as const) expect(parse(writeYaml([plain]), { version })).toEqual([plain]);
  });
  fc.assert(read, { numRuns: 1000 });
});
