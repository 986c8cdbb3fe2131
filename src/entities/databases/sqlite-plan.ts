import type { Database } from "better-sqlite3";
import { OWNERS_TEXT } from "./sqlite-owners.ts";

/** How a statement reads one table, in the words of SQLite's plan. */
interface Access {
  table: string;
  /** Terms of the index that serves it, e.g. `job_result_id=?`; none for a scan of all rows. */
  terms: readonly string[];
}

/** What a statement's text tells of the rows that it looks at. */
export interface Plan {
  /** Tables of which it may look at more than one row a key. */
  accesses: readonly Access[];
  /** Whether each row it looks at is one that it returns, in the order of an index: it ends when it has enough. */
  isDirect: boolean;
  /** Whether a subquery is run for each row of another table, and it is not the one of {@link isPerOwner}. */
  isCorrelated: boolean;
  /** Whether it reads a page for each of the owners that its first parameter holds. */
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
  const accesses = steps.flatMap(({ detail }) => accessOf(detail));
  const conditions = conditionsOf(text);
  const isSorted = steps.some(({ parent, detail }) => SORT.test(detail) && !(isPerOwner && parent === 0));
  const terms = accesses.flatMap((access) => access.terms);
  return {
    accesses,
    // An index serves each condition with a term of its own; texts are never served whole.
    isDirect:
      !isSorted && accesses.length < 2 && conditions?.length === terms.length && !conditions.some((one) => TEXT_TEST.test(one)),
    isCorrelated: !isPerOwner && steps.some(({ detail }) => detail.startsWith("CORRELATED")),
    isPerOwner,
    bounds: boundsOf(text),
    probe: accesses.length === 1 && conditions ? probeOf(text, accesses[0]!, conditions, most) : undefined,
  };
}

/** Of a plan: `SEARCH job_result USING INDEX name (status=? AND date_created>?)`. */
const ACCESS = /^(SCAN|SEARCH) (\S+)(?: USING .*?)?(?: \((.*)\))?$/;
/** Rows that are found one by one. */
const SINGLE = /^(?:rowid|id)=\?$/;
/** Steps without a table of the database. */
const NO_TABLE = /VIRTUAL TABLE|CONSTANT ROW/;
/** Only ties of the last column are sorted where it says LAST TERM. */
const SORT = /TEMP B-TREE FOR (?!LAST TERM)/;
const TEXT_TEST = / like |matches\(/;

function accessOf(detail: string): Access[] {
  const [, kind, table, served] = ACCESS.exec(detail) ?? [];
  if (!kind || NO_TABLE.test(detail)) return [];
  const terms = kind === "SEARCH" && served ? served.split(" AND ") : [];
  return terms.length === 1 && SINGLE.test(terms[0]!) ? [] : [{ table: table!, terms }];
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

/** Counts the rows of the key by which an index is searched. */
function probeOf(text: string, { table, terms }: Access, conditions: readonly string[], most: number): Plan["probe"] {
  const column = /^(\w+)=\?$/.exec(terms[0] ?? "")?.[1];
  if (column === undefined) return undefined;
  const ref = `"${table}"."${column}"`;
  const count = (key: string, from: number, to: number) => ({
    sql: `select 1 from "${table}" where ${ref} ${key} limit 1 offset ${most}`,
    from,
    to,
  });
  const owned = `in (select owner.value from ${OWNERS_TEXT})`;
  if (conditions.includes(`${ref} = owner.value`)) return count(owned, 0, 1);
  const key = new RegExp(`${escapeExpression(ref)} (= \\?|in \\(\\?(?:, \\?)*\\)|${escapeExpression(owned)})`).exec(text);
  if (!key) return undefined;
  const from = parametersIn(text.slice(0, key.index));
  return count(key[1]!, from, from + parametersIn(key[1]!));
}

const parametersIn = (text: string) => text.split("?").length - 1;

function escapeExpression(text: string): string {
  return text.replaceAll(/[()?*+.]/g, "\\$&");
}
