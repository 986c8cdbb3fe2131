import type { Database } from "better-sqlite3";
import { RE2JS } from "re2js";
import { ANY_CASE } from "../../any-case.ts";

/** Patterns that stay compiled. A statement may have several: each is compiled once, however many rows it is asked of. */
const MAX_PATTERNS = 1000;

/** Gives a connection the SQL functions `matches(pattern, text)`, of RE2's patterns, and `in_any_case(pattern, text)`, of `anyCasePattern`. */
export function addMatchers(connection: Database): void {
  const compilers = {
    matches: (pattern: string) => RE2JS.compile(pattern),
    in_any_case: (pattern: string) => new RegExp(pattern, ANY_CASE),
  };
  for (const [name, compile] of Object.entries(compilers))
    connection.function(name, { deterministic: true }, createMatcher(compile));
}

/** Returns a function that SQLite calls once a row and pattern. */
function createMatcher(compile: (pattern: string) => { test(text: string): boolean }) {
  const patterns = new Map<string, { test(text: string): boolean }>();
  return (pattern: string, text: string | null): number => {
    if (text === null) return 0;
    let compiled = patterns.get(pattern);
    if (!compiled) {
      if (patterns.size === MAX_PATTERNS) patterns.clear();
      patterns.set(pattern, (compiled = compile(pattern)));
    }
    return compiled.test(text) ? 1 : 0;
  };
}
