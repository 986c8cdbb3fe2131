import type { Database } from "better-sqlite3";
import { OWNERS_TEXT } from "./owners.ts";

/** Access of a statement to one table, in the words of SQLite's plan. */
interface Access {
  table: string;
  /** Terms of the index that serves it, e.g. `job_result_id=?`; none for a scan of all rows. */
  terms: readonly string[];
}

/** Facts of a statement's text about the rows that it looks at. */
export interface Plan {
  /** Tables of which it may look at more than one row a key. */
  accesses: readonly Access[];
  /** Tells whether each row it looks at is one that it returns, in the order of an index: it ends when it has enough. */
  isDirect: boolean;
  /** Tells whether a subquery is run for each row of another table, and it is not the one of {@link isPerOwner}. */
  isCorrelated: boolean;
  /** Tells whether it reads a page for each of the owners that its first parameter holds. */
  isPerOwner: boolean;
  /** Numbers of the last parameters that bound the rows it returns, or the rows of each owner; none where nothing does. */
  bounds: 0 | 1 | 2;
  /** Counts the rows of a key of the only table, up to a number that is the last parameter; `from` and `to` are the places of its other parameters. */
  probe: { sql: string; from: number; to: number } | undefined;
}

/** Returns how SQLite runs a statement. */
export function readPlan(connection: Database, sql: string, parameters: readonly unknown[], most: number): Plan {
  const steps = connection.prepare(`explain query plan ${sql}`).all(...parameters) as { parent: number; detail: string }[];
  const text = sql.replaceAll(/\s+/g, " ");
  const isPerOwner = PER_OWNER.test(text);
  const accesses = steps.flatMap(({ detail }) => accessOf(detail, text));
  const conditions = conditionsOf(text);
  const isSorted = steps.some(({ parent, detail }) => SORT.test(detail) && !(isPerOwner && parent === 0));
  const terms = accesses.flatMap((access) => access.terms);
  const branches = steps.filter(({ detail }) => BRANCH.test(detail)).length;
  return {
    accesses,
    // An index serves each condition with a term of its own; texts are never served whole.
    isDirect:
      !isSorted && accesses.length < 2 && conditions?.length === terms.length && !conditions.some((one) => TEXT_TEST.test(one)),
    isCorrelated: !isPerOwner && steps.some(({ detail }) => detail.startsWith("CORRELATED")),
    isPerOwner,
    bounds: boundsOf(text),
    probe: conditions && (probeOfKey(text, accesses, conditions, most) ?? probeOfAny(text, accesses, conditions, most, branches)),
  };
}

/** A line of a plan: `SEARCH job_result USING INDEX name (status=? AND date_created>?)`. */
const ACCESS = /^(SCAN|SEARCH) (\S+)(?: USING .*?)?(?: \((.*)\))?$/;
/** Rows that are found one by one. */
const SINGLE = /^(?:rowid|id)=\?$/;
/** Steps without a table of the database. */
const NO_TABLE = /VIRTUAL TABLE|CONSTANT ROW/;
/** Only ties of the last column are sorted where it says LAST TERM. */
const SORT = /TEMP B-TREE FOR (?!LAST TERM)/;
/** An access by one of several keys, below MULTI-INDEX OR. */
const BRANCH = /^INDEX \d+$/;
const TEXT_TEST = / like |matches\(/;

/** The last row of a key, found in an index. */
const LAST = /\(select max\("\w+"\) as "\w+" from "(\w+)" where "(\w+)" = \?\)/;

function accessOf(detail: string, text: string): Access[] {
  const [, kind, table, served] = ACCESS.exec(detail) ?? [];
  if (!kind || NO_TABLE.test(detail)) return [];
  const terms = kind === "SEARCH" && served ? served.split(" AND ") : [];
  const [, lastOf, key] = LAST.exec(text) ?? [];
  const isLast = table === lastOf && terms.join() === `${key}=?` && detail.includes(" COVERING INDEX ");
  return isLast || (terms.length === 1 && SINGLE.test(terms[0]!)) ? [] : [{ table: table!, terms }];
}

const OWNED = ` in (select owner.value from ${OWNERS_TEXT})`;
const PER_OWNER = new RegExp(
  `^select [^()]+ from ${escapeExpression(OWNERS_TEXT)} join "\\w+" as page on page\\.rowid in \\(select `,
);

/** The conditions of a statement's only `where`; undefined where subqueries have others. */
function conditionsOf(text: string): string[] | undefined {
  const plain = text.replace(PER_OWNER, "select ").replaceAll(OWNED, " = ?");
  if (/\(\s*select /.test(plain)) return undefined;
  const where = / where (.*?)(?: group by .*| order by .*| limit .*)?$/.exec(plain)?.[1];
  return where?.split(" and ").filter((condition) => condition !== "true");
}

function boundsOf(text: string): 0 | 1 | 2 {
  const found = [...text.matchAll(/ limit \?( offset \?)?/g)];
  const [last] = found;
  if (found.length !== 1 || text.includes("?", last!.index + last![0].length)) return 0;
  return last![1] ? 2 : 1;
}

type Probe = NonNullable<Plan["probe"]>;

/** A probe of a condition that an index serves, so that it looks at no more rows than it counts. */
function probe(table: string, condition: string, from: number, most: number): Probe {
  const sql = `select 1 from "${table}" where ${condition} limit 1 offset ${most}`;
  return { sql, from, to: from + parametersIn(condition) };
}

/** Counts the rows of the key by which an index is searched. */
function probeOfKey(text: string, accesses: readonly Access[], conditions: readonly string[], most: number): Probe | undefined {
  const [access, another] = accesses;
  const column = /^(\w+)=\?$/.exec(access?.terms[0] ?? "")?.[1];
  if (!access || another || column === undefined) return undefined;
  const ref = `"${access.table}"."${column}"`;
  // Of several conditions on the column, any may be the one that the index serves.
  const [condition, second] = conditions.filter((one) => one.includes(ref));
  if (condition === undefined || second !== undefined) return undefined;
  const owned = `${ref} in (select owner.value from ${OWNERS_TEXT})`;
  if (condition === `${ref} = owner.value`) return probe(access.table, owned, 0, most);
  const key = new RegExp(`^\\(?(${escapeExpression(ref)} (?:= \\?|in \\(\\?(?:, \\?)*\\)))\\)?$`).exec(condition)?.[1];
  if (key === undefined) return undefined;
  const given = text.includes(owned) ? owned : key;
  return probe(access.table, given, parametersIn(text.slice(0, text.indexOf(given))), most);
}

/** Counts the rows of any of several keys, where an index serves each and there are no other conditions. */
function probeOfAny(
  text: string,
  accesses: readonly Access[],
  conditions: readonly string[],
  most: number,
  branches: number,
): Probe | undefined {
  const [condition, another] = conditions;
  if (condition === undefined || another !== undefined || TEXT_TEST.test(condition) || !text.includes(condition))
    return undefined;
  const { table } = accesses[0] ?? {};
  const isServed = accesses.every((access) => access.table === table && access.terms.length === 1);
  if (table === undefined || !isServed || condition.split(" or ").length !== branches) return undefined;
  return probe(table, condition, parametersIn(text.slice(0, text.indexOf(condition))), most);
}

const parametersIn = (text: string) => text.split("?").length - 1;

function escapeExpression(text: string): string {
  return text.replaceAll(/[()?*+.]/g, "\\$&");
}
