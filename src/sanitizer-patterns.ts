/** A regular expression that is searched in texts, without regard to case, and the text that replaces each match. */
export type SanitizerPattern = readonly [expression: string, replacement: string];

// Every repetition has a bound, so that the time of a search grows no faster than the text.
const NAMES = "passw(?:or)?d|passphrase|pwd|secrets?|token|(?:api|private|pre-shared)[_-]?key|key-string";
const VALUE = `(?:"[^"]{1,512}"|'[^']{1,512}'|[^\\s"',;})\\]]{1,512})`;
const IS = `["']?\\s{0,8}(?:[:=]>?|\\bis\\b)\\s{0,8}`;
/** "0822455D0A16", but not "changed": a key has a digit or a sign. */
const KEY = "(?=\\S{4})(?=\\S{0,512}[\\d$!#%&*])\\S{1,512}";

/** A community of BGP, "65000:100" or "target:65000:100", is a number that everybody may see; one of SNMP is a password. */
export const BGP_COMMUNITY = `(?:[a-z][a-z-]{1,19}:)?[\\d.*]{1,15}(?::[\\d*]{1,10}){1,2}(?![^\\s"',;})\\]])`;
/** Words before "community" where it is BGP's: a list or a set of communities, by name. */
const OF_BGP = "(?<!\\b(?:match|set|bgp|policy-options|large|standard|expanded|extended)[\\s_-]{1,8})(?<!(?:ext|large|extended))";
const COMMUNITY = `${OF_BGP}community`;

/**
 * Default patterns of redaction, in the spirit of Nautobot's `SANITIZER_PATTERNS`: user and password in a URL, the value after the name of a secret and a
 * colon, `=` or "is", HTTP's Authorization, and the keys in the configuration of a device.
 */
export const DEFAULT_SANITIZER_PATTERNS: readonly SanitizerPattern[] = [
  ["(://)[^\\s/?#]{1,512}@", "$1(redacted)@"],
  [`((?:${NAMES})${IS})${VALUE}`, "$1(redacted)"],
  [`(${COMMUNITY}${IS})(?!["']?${BGP_COMMUNITY})${VALUE}`, "$1(redacted)"],
  [`(authorization["']?\\s{0,8}[:=]\\s{0,8}["']?(?:[a-z]{1,20}\\s{1,8})?)[^\\s"',]{1,512}`, "$1(redacted)"],
  // "password 7 0822455D0A16", but not "password changed".
  [`((?:${NAMES})\\s{1,8}(?:\\d\\s{1,8})?)${KEY}`, "$1(redacted)"],
  [`(${COMMUNITY}\\s{1,8}(?:\\d\\s{1,8})?)(?!${BGP_COMMUNITY})${KEY}`, "$1(redacted)"],
  // "snmp-server community public RO", "snmp-agent community read cipher public", "snmp-server host 192.0.2.1 version 2c public".
  [`(\\bsnmp[\\w-]{0,16}\\s{1,8}community\\s{1,8}(?:(?:read|write|cipher|simple|\\d)\\s{1,8}){0,2})${VALUE}`, "$1(redacted)"],
  [
    `(\\bsnmp[\\w-]{0,16}\\s{1,8}host\\s{1,8}\\S{1,64}\\s{1,8}(?:(?:traps?|informs?)\\s{1,8})?version\\s{1,8}[12]c?\\s{1,8})${VALUE}`,
    "$1(redacted)",
  ],
];
