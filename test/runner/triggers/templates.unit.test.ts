import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { openTemplates, type TemplateOptions } from "../../../src/runner/triggers/templates.ts";

/** A template that ends by itself gets enough time: a busy machine must not change the answer. */
const PATIENT = { timeoutMs: 20_000 };

function open(options: TemplateOptions = PATIENT) {
  const templates = openTemplates(options);
  onTestFinished(() => templates.close());
  return templates;
}

const patient = openTemplates(PATIENT);
afterAll(() => patient.close());

const OBJ = {
  name: "sw-1",
  status: { name: "Active", value: "active" },
  tags: ["edge", "core", "lab"],
  interfaces: [
    { name: "eth1", speed: 10, enabled: true },
    { name: "eth0", speed: 1, enabled: false },
  ],
  height: 3,
  comments: "",
  tenant: null,
  "custom-field": "cf",
  html: `<b>R&D</b> "q"`,
};

/** Checked against Jinja2 3.1 with ChainableUndefined. */
const LIKE_JINJA2: [template: string, text: string][] = [
  ["Provision", "Provision"],
  ["", ""],
  ["Deploy {{ obj.name }} ({{ obj.status.name }})", "Deploy sw-1 (Active)"],
  ["{{ obj['name'] }} {{ obj['status']['value'] }} {{ obj['custom-field'] }}", "sw-1 active cf"],
  ["{% if obj.status.name == 'Active' %}Provision{% endif %}", "Provision"],
  ["{% if obj.status.name == 'Planned' %}Provision{% endif %}", ""],
  ["{% if obj.height > 5 %}tall{% elif obj.height > 2 %}middle{% else %}low{% endif %}", "middle"],
  ["{{ 'yes' if obj.tags else 'no' }} {{ 'yes' if obj.comments else 'no' }}", "yes no"],
  ["{{ obj.tenant.name }}|{{ obj.no.such['thing'].at.all }}|{{ nothing }}", "||"],
  [
    "{{ obj.tenant.group.name | default('none') }} {{ obj.comments|default('empty', true) }} {{ obj.comments or 'or' }}",
    "none empty or",
  ],
  ["{% if obj.location and obj.location.name %}x{% else %}nowhere{% endif %}", "nowhere"],
  ["{% for tag in obj.tags %}{{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}", "edge, core, lab"],
  ["{% for tag in obj.tags %}{{ loop.index }}/{{ loop.length }}{{ loop.cycle('a', 'b') }} {% endfor %}", "1/3a 2/3b 3/3a "],
  ["{% for i in obj.interfaces if i.enabled %}{{ i.name }}{% else %}none{% endfor %}", "eth1"],
  ["{% for i in obj.missing %}x{% else %}none{% endfor %}", "none"],
  ["{% for k, v in obj.status.items() %}{{ k }}={{ v }};{% endfor %}", "name=Active;value=active;"],
  ["{% for k, v in obj.status|dictsort %}{{ k }}={{ v }};{% endfor %}", "name=Active;value=active;"],
  ["{{ obj.name|upper }} {{ 'hello world'|title }} {{ 'aB'|capitalize }} {{ 'A'|lower }}", "SW-1 Hello World Ab a"],
  ["{{ obj.name.upper() }} {{ obj.name.split('-')[1] }} {{ ' x '.strip() }}|{{ obj.name.replace('-', '_') }}", "SW-1 1 x|sw_1"],
  [
    "{{ obj.name.startswith('sw') and 'switch' }} {{ '-'.join(obj.tags) }} {{ obj.status.get('name') }}",
    "switch edge-core-lab Active",
  ],
  ["{{ obj.tags|join(' + ') }} {{ obj.tags|first }} {{ obj.tags|last }} {{ obj.tags|length }}", "edge + core + lab edge lab 3"],
  [
    "{{ obj.tags|sort|join(',') }} {{ obj.tags|reverse|join(',') }} {{ [1, 1, 2]|unique|join }}",
    "core,edge,lab lab,core,edge 12",
  ],
  ["{{ obj.interfaces|map(attribute='name')|join(',') }}", "eth1,eth0"],
  ["{{ obj.interfaces|selectattr('enabled')|map(attribute='name')|join }}", "eth1"],
  ["{{ obj.interfaces|rejectattr('speed', 'gt', 5)|map(attribute='name')|join }}", "eth0"],
  ["{{ obj.interfaces|sort(attribute='name')|map(attribute='name')|join(',') }}", "eth0,eth1"],
  ["{{ [3, 1, 2]|sum }} {{ [3, 1, 2]|max }} {{ [3, 1, 2]|min }} {{ -3|abs }} {{ 2.567|round(1) }}", "6 3 1 3 2.6"],
  ["{{ '12'|int + 1 }} {{ '1.5'|float }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 7 / 2 }} {{ 2 ** 10 }}", "13 1.5 3 1 3.5 1024"],
  ["{{ obj.name[:2] }} {{ obj.name[-1] }} {{ 'abc'[::-1] }} {{ obj.tags[1:]|join }}", "sw 1 cba corelab"],
  ["{{ obj.name ~ '/' ~ obj.height }} {{ 'a' + 'b' }} {{ 'ab' * 2 }}", "sw-1/3 ab abab"],
  ["{{ 'core' in obj.tags and 'spare' not in obj.tags and 'yes' }} {{ 1 < obj.height < 5 and 'within' }}", "yes within"],
  ["{{ 'a' if obj.name is defined }}{{ 'b' if obj.x is defined }}{{ 'c' if obj.tenant is none }}", "ac"],
  ["{{ 'a' if obj.height is odd }}{{ 'b' if obj.height is divisibleby 3 }}{{ 'c' if obj.tags is iterable }}", "abc"],
  ["{{ 'a' if obj.status is mapping }}{{ 'b' if obj.name is string }}{{ 'c' if obj.height is number }}", "abc"],
  ["a {{- ' b ' -}} c {%- if true %} d {%- endif %}", "a b c d"],
  ["  {%- if true -%}\n  x\n  {%- endif -%}  ", "x"],
  ["a{# a {{ comment }} #}b", "ab"],
  ["{% raw %}{{ obj }}{% endraw %} {{ '{{' }}", "{{ obj }} {{"],
  [
    "{% set n = obj.name|upper %}{{ n }} {% set b %}x{{ n }}{% endset %}{{ b }} {% with a = 1 %}{{ a }}{% endwith %}",
    "SW-1 xSW-1 1",
  ],
  ["{% set ns = namespace(n=0) %}{% for i in obj.interfaces %}{% set ns.n = ns.n + i.speed %}{% endfor %}{{ ns.n }}", "11"],
  ["{% macro say(a, b='d') %}{{ a }}-{{ b }}{% endmacro %}{{ say(1) }} {{ say(1, b=2) }}", "1-d 1-2"],
  ["{% filter upper %}up{% endfilter %}{% block b %} in{% endblock %}", "UP in"],
  ["{{ obj.html }}", `<b>R&D</b> "q"`],
  ["{{ obj.html|striptags }} {{ '<'|e }}", `R&D "q" &lt;`],
  ["{{ 'é'|upper }} 日本 {{ '😀'|length }}", "É 日本 1"],
  ["{{ 1000000|filesizeformat }} {{ 'a\\nb'|indent(2) }}", "1.0 MB a\n  b"],
  ["{{ 'one two, three'|wordcount }} [{{ 'ab'|center(5) }}] [{{ 'ab'|center(width=6) }}]", "3 [  ab ] [  ab  ]"],
  ["{{ 'https://x/?q=' ~ 'a b/ü&(1)'|urlencode }}", "https://x/?q=a%20b/%C3%BC%26%281%29"],
  [
    "{{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo bar'|truncate(5) }}",
    "foo... foo ba... foo bar",
  ],
  [
    "{{ 'foo bar baz qux'|truncate(length=11, end='~', leeway=0) }} {{ '😀😀😀😀'|truncate(3, end='', leeway=0) }}",
    "foo bar~ 😀😀😀",
  ],
  ["{{ '%s has %d%% (%.2f)'|format(obj.name, 5.9, 2.345) }}", "sw-1 has 5% (2.35)"],
  ["[{{ '%5s|%-5s|%05d|%+d|%x|%X|%.2s'|format('a', 'b', -42, 7, 255, 255, 'abc') }}]", "[    a|b    |-0042|+7|ff|FF|ab]"],
];

/** Prints of MiniJinja that differ from Jinja2's, told in the description of `Templates`. */
const UNLIKE_JINJA2: [template: string, text: string][] = [
  ["{{ obj.tenant }} {{ true }} {{ None }} {{ False }}", "none true none false"],
  ["{{ obj.tags }} {{ obj.status }}", '["edge", "core", "lab"] {"name": "Active", "value": "active"}'],
  ["{{ {'a': [1, 2]}|tojson }}", '{"a":[1,2]}'],
  ["{% for key in {'b': 1, 'a': 2} %}{{ key }}{% endfor %}", "ab"],
  ["{{ obj.tags|format }}", "The template fails at line 1: filter format: it takes texts and numbers only."],
  [
    "{{ '%s' % obj.name }}",
    "The template fails at line 1: invalid operation: tried to use % operator on unsupported types string and string.",
  ],
  ["{{ '{}'.format(1) }}", "The template fails at line 1: unknown method: string has no method named format."],
];

test.each([...LIKE_JINJA2, ...UNLIKE_JINJA2])("friendly: %j", async (template, expected) => {
  const [rendered] = await patient.render([template], OBJ);
  expect(Object.values(rendered!)).toEqual([expected]);
});

const STEPS = "The template takes too many steps.";
const MEMORY = "The template needs too much memory, or nests too deeply.";
const fails = (what: string) => `The template fails at line 1: ${what}.`;
const DEEP = fails("syntax error: template exceeds maximum recursion limits");
const RECURSION = fails("invalid operation: recursion limit exceeded");
const missing = (method: string) => fails(`unknown method: undefined has no method named ${method}`);

/** Templates with bounds that do not depend on the clock. */
const HOSTILE: [template: string, error: string][] = [
  ["{{ foo", fails("syntax error: unexpected end of input, expected end of variable block")],
  ["{{ 1 }}\n{% if x %}", "The template fails at line 2: syntax error: unexpected end of input, expected end of block."],
  ["{% nosuch %}", fails("syntax error: unknown statement nosuch")],
  ["{{ 1|nosuch }}", fails("unknown filter: filter nosuch is unknown")],
  [`{{ 1|${"a".repeat(5000)} }}`, fails(`unknown filter: filter ${"a".repeat(300 - "unknown filter: filter ".length)}`)],
  ["{{ 1 // 0 }}", fails("invalid operation: unable to calculate 1 // 0")],
  ["{{ '%s %s'|format(1) }}", fails("filter format: it has more places than arguments")],
  ["{{ 'x'|truncate(2, width=3) }}", fails("filter truncate: it has no argument width")],
  ["{{ 'x'|center('wide') }}", fails("filter center: it expects a number")],
  ["{% for i in range(10**9) %}{% endfor %}", fails("invalid operation: range has too many elements")],
  ["{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", STEPS],
  ["{% for i in range(100000) %}{{ i }}{% endfor %}", STEPS],
  ["{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}", RECURSION],
  ["{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", RECURSION],
  ["{{ 'a' * 10001 }}", "The text is longer than 10000 characters."],
  ["{{ 'a' * 10**7 }}", "The text is longer than 10000 characters."],
  ["{{ 'a' * 10**9 }}", MEMORY],
  ["{{ ('a' * 10**9)|length }}", MEMORY],
  ["{{ ([1] * 10**8)|list|length }}", MEMORY],
  ["{{ 'x'|indent(10**9) }}", MEMORY],
  ["{{ [1]|batch(10**9, 1)|list|length }}", MEMORY],
  ["{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", MEMORY],
  ["{% set ns = namespace() %}{% set ns.s = ns %}{{ ns }}", MEMORY],
  ["{% set ns = namespace() %}{% for i in range(9000) %}{% set ns.s = [ns.s] %}{% endfor %}{{ ns.s }}", MEMORY],
  ["{{ 2 ** 100000 }}", fails("invalid operation: unable to calculate 2 ** 100000")],
  ["{{ 'x'|center(10**9) }}", fails("filter center: it makes no more than 100000 characters")],
  ["{{ ('x' * 10**7)|truncate(9) }}", fails("filter truncate: it takes no more than 100000 characters")],
  [`{{ ${"(".repeat(10_000)}1${")".repeat(10_000)} }}`, DEEP],
  ["{% if 1 %}".repeat(10_000) + "{% endif %}".repeat(10_000), DEEP],
  [`{{ ${"-".repeat(100_000)}1 }}`, MEMORY],
  [`{{ a${"()".repeat(20_000)} }}`, MEMORY],
  ["{% include 'x' %}", fails('template not found: tried to include non-existing template "x"')],
  ["{% include '/etc/passwd' %}", fails('template not found: tried to include non-existing template "/etc/passwd"')],
  ["{% import 'x' as y %}", fails('template not found: tried to include non-existing template "x"')],
  ["{% extends 'x' %}", fails('template not found: template "x" does not exist')],
  ["{{ constructor.constructor('return process')() }}", missing("constructor")],
  ["{{ obj.constructor.constructor('return process')() }}", missing("constructor")],
  ["{{ obj.toString() }}", fails("unknown method: map has no method named toString")],
  ["{{ ''.__class__.__mro__[1].__subclasses__() }}", missing("__subclasses__")],
  ["{{ debug() }}", fails("unknown function: debug is unknown")],
];

const named = HOSTILE.map(([template, error]) => [template.slice(0, 60), template, error] as const);

test.each(named)("hostile: %s", async (_, template, error) => {
  expect(await patient.render([template, "{{ obj.name }}"], OBJ)).toEqual([{ error }, { text: "sw-1" }]);
});

/** A template that only the clock ends. */
const ENDLESS = "{{ 2 in ([1] * 10**9) }}";
const LATE = { error: "The template takes longer than 250 ms." };

test("a template that overruns is ended, and the texts beside it are answered", async () => {
  const slow = [
    ENDLESS,
    "{{ [1] * 10**8 }}",
    "{{ ([1] * 10**9)|sum }}",
    "{{ (10**7 * 'a')|replace('a', 'bc' * 1000)|length }}",
    "{{ x }}".repeat(1_000_000),
    `{{ 1${"|abs".repeat(100_000)} }}`,
    `{{ 1${" if 1 else 1".repeat(100_000)} }}`,
    "{# ".repeat(1_000_000),
  ];
  const from = performance.now();
  const rendered = await open({ timeoutMs: 250 }).render(
    slow.flatMap((text) => ["{{ obj.name }}", text]),
    OBJ,
  );
  // Starting the threads is most of it.
  expect(performance.now() - from).toBeLessThan(25_000);
  const refused = { error: expect.stringMatching(/ takes longer than 250 ms\.$| needs too much memory, /) as string };
  expect(rendered).toEqual(slow.flatMap((text) => [{ text: "sw-1" }, text === ENDLESS ? LATE : refused]));
});

test("a text has 100 ms unless told otherwise", async () => {
  expect(await open({}).render([ENDLESS], OBJ)).toEqual([{ error: expect.stringContaining("takes longer than 100 ms.") }]);
});

test("calls at once neither mix nor wait for one that is slow", async () => {
  const templates = open({ timeoutMs: 500 });
  const ended: string[] = [];
  const render = async (name: string, texts: string[]) => {
    const rendered = await templates.render(texts, { name });
    ended.push(name);
    return rendered;
  };
  const overrun = render("overruns", [ENDLESS, "{{ obj.name }}", ENDLESS, "{{ obj.name }}"]);
  // Far more than a busy machine gets through while the quick ones wait.
  const long = render("long", Array<string>(10_000).fill("{% for i in range(100000) %}{% set x = 1 %}{% endfor %}"));
  const quick = Array.from({ length: 20 }, (_, n) => render(`quick ${n}`, ["{{ obj.name }}", "{{ nope", "{{ obj.name|upper }}"]));
  for (const [n, answer] of (await Promise.all(quick)).entries()) {
    expect(answer).toEqual([{ text: `quick ${n}` }, { error: expect.any(String) }, { text: `QUICK ${n}` }]);
  }
  expect(ended).not.toContain("long");
  expect(await overrun).toEqual([
    { error: "The template takes longer than 500 ms." },
    { text: "overruns" },
    { error: "The template takes longer than 500 ms." },
    { text: "overruns" },
  ]);
  await Promise.all([templates.close(), expect(long).rejects.toThrow("no longer rendered")]);
});

test("an object is only data", async () => {
  const obj: unknown = JSON.parse(
    '{"__proto__": {"x": "p"}, "constructor": "c", "toJSON": "j", "toString": "s", "then": "t", "length": 7, "": "e"}',
  );
  const texts = [
    "{{ obj.__proto__.x }}{{ obj.constructor }}{{ obj.toJSON }}{{ obj.toString }}{{ obj.then }}{{ obj[''] }}",
    "{{ obj|length }}",
    "{{ obj.__proto__.__proto__ }}{{ obj.hasOwnProperty }}{{ obj.__class__ }}{{ __proto__ }}{{ constructor }}{{ this }}",
    "{{ obj.items()|length }}",
  ];
  expect(await open().render(texts, obj)).toEqual([{ text: "pcjste" }, { text: "7" }, { text: "" }, { text: "7" }]);
});

test.each([
  [null, "none"],
  [[1, "a"], '[1, "a"]'],
  ["a", "a"],
  [1.5, "1.5"],
  [-0, "0"],
  [2 ** 53 + 2, "9007199254740994.0"],
])("an object may be any JSON: %j", async (obj, text) => {
  expect(await open().render(["{{ obj }}"], obj)).toEqual([{ text }]);
});

test("an object that is no JSON, too large or too deep is refused, and the next call is served", async () => {
  const templates = open({ timeoutMs: 1000, maxLength: 10 });
  const nest = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown;
  const large = Array.from({ length: 1_000_000 }, (_, n) => ({ n }));
  for (const obj of [() => 1, nest(5000), nest(100_000), large]) {
    const [first, second] = await templates.render(["{{ obj }}", "{{ obj }}"], obj);
    expect(first).toHaveProperty("error", expect.stringMatching(/^The (object|text) .*\.$/));
    expect(second).toHaveProperty("error", expect.any(String));
  }
  expect(await templates.render(["{{ obj }}"], "ok")).toEqual([{ text: "ok" }]);
});

test("NUL and halves of surrogate pairs do no harm", async () => {
  const texts = [
    "a\0{{ '\0' }}b",
    "\ud800{{ obj.x }}\udc00",
    "{{ '\\ud800' }}",
    "{{ '\ud800'|upper|center(3) }}",
    "{{ obj['\ud800'] }}",
  ];
  expect(await open().render(texts, { x: "\udfff\0", "\ud800": 1 })).toEqual([
    { text: "a\0\0b" },
    { text: "\ufffd\ufffd\0\ufffd" },
    { error: fails("bad string escape") },
    { text: " \ufffd " },
    { text: "1" },
  ]);
});

test("the bound on a text counts its characters", async () => {
  expect(await open({ ...PATIENT, maxLength: 3 }).render(["abc", "abcd", "{{ 'é' * 3 }}"], null)).toEqual([
    { text: "abc" },
    { error: "The text is longer than 3 characters." },
    { text: "ééé" },
  ]);
});

test("closing ends calls under way, and is no trouble before the first use", async () => {
  await openTemplates().close();
  const templates = openTemplates(PATIENT);
  const calls = [templates.render([ENDLESS, ENDLESS], null), templates.render(["x"], null)];
  const settled = Promise.allSettled(calls);
  await templates.close();
  await templates.close();
  for (const call of await settled) expect(call).toMatchObject({ status: "rejected", reason: { name: "ClosedError" } });
  await expect(templates.render(["x"], null)).rejects.toThrow("no longer rendered");
});

test("an idle renderer keeps no process alive, and a hostile template takes no memory that matters", async () => {
  const script = `
    import { openTemplates } from ${JSON.stringify(new URL("../../../src/runner/triggers/templates.ts", import.meta.url).href)};
    const templates = openTemplates({ timeoutMs: 2000 });
    const hostile = ["('a' * 2 * 10**9)|length", "([1] * 10**8)|list|length", "([1] * 10**8)|sort|length"];
    await templates.render(hostile.map((expression) => "{{ " + expression + " }}"), null);
    const [{ text }] = await templates.render(["alive"], null);
    console.log(JSON.stringify({ text, peak: process.resourceUsage().maxRSS }));
  `;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 25_000,
  });
  expect(stderr).toBe("");
  const { text, peak } = JSON.parse(stdout) as { text: string; peak: number };
  expect(text).toBe("alive");
  // In KiB: without a bound on the memory of the engine it is millions.
  expect(peak).toBeLessThan(700_000);
});
