/** A regular expression that is looked for in texts, whatever the case of its letters, and what takes the place of what it finds. */
export type SanitizerPattern = readonly [expression: string, replacement: string];

// Every repetition has a bound: what is looked for in texts of any kind must take a time that grows with the text and no faster.
const NAMES = "passw(?:or)?d|passphrase|pwd|secrets?|token|(?:api|private|pre-shared)[_-]?key|key-string|community";
const VALUE = `(?:"[^"]{1,512}"|'[^']{1,512}'|[^\\s"',;})\\]]{1,512})`;

/**
 * What is hidden unless a site says otherwise, in the spirit of Nautobot's `SANITIZER_PATTERNS`: user and password in a URL, what stands after
 * the name of a secret and a colon, `=` or "is", HTTP's Authorization, and the keys in the configuration of a device.
 */
export const DEFAULT_SANITIZER_PATTERNS: readonly SanitizerPattern[] = [
  ["(://)[^\\s/?#]{1,512}@", "$1(redacted)@"],
  [`((?:${NAMES})["']?\\s{0,8}(?:[:=]>?|\\bis\\b)\\s{0,8})${VALUE}`, "$1(redacted)"],
  [`(authorization["']?\\s{0,8}[:=]\\s{0,8}["']?(?:[a-z]{1,20}\\s{1,8})?)[^\\s"',]{1,512}`, "$1(redacted)"],
  // "password 7 0822455D0A16", but not "password changed": a key has a digit or a sign.
  [`((?:${NAMES})\\s{1,8}(?:\\d\\s{1,8})?)(?=\\S{4})(?=\\S{0,512}[\\d$!#%&*])\\S{1,512}`, "$1(redacted)"],
];
