import { RE2JS } from "re2js";

/** Patterns that stay compiled. A statement may have several: each is compiled once, however many rows it is asked of. */
const MAX_PATTERNS = 1000;

/** Returns the SQL function `matches(pattern, text)`, which SQLite calls once a row and pattern. */
export function createMatcher(): (pattern: string, text: string | null) => number {
  const patterns = new Map<string, RE2JS>();
  const compile = (pattern: string): RE2JS => {
    if (patterns.size === MAX_PATTERNS) patterns.clear();
    const regex = RE2JS.compile(pattern);
    patterns.set(pattern, regex);
    return regex;
  };
  return (pattern, text) => (text !== null && (patterns.get(pattern) ?? compile(pattern)).test(text) ? 1 : 0);
}
