/*
 * Upper and lower case are Unicode's, as regular expressions fold them: a character is the same as those of its simple case folding, wherever texts are
 * compared in any case. ß is ẞ, and not ss.
 */

/** The place in a text where another one is looked for. */
export type Place = "anywhere" | "end" | "start" | "whole";

/** Returns a pattern of JavaScript that finds a text in any case. */
export function anyCasePattern(text: string, place: Place): string {
  const quoted = text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return `${startsThere(place) ? "^" : ""}${quoted}${endsThere(place) ? "$" : ""}`;
}

/** Flags that go with {@link anyCasePattern}. */
export const ANY_CASE = "iu";

/** Tells whether a text holds another in any case. */
export const holdsInAnyCase = (text: string, wanted: string, place: Place): boolean =>
  new RegExp(anyCasePattern(wanted, place), ANY_CASE).test(text);

/** True if a match has to begin at the start of the text. */
export const startsThere = (place: Place): boolean => place === "start" || place === "whole";
/** True if a match has to end at the end of the text. */
export const endsThere = (place: Place): boolean => place === "end" || place === "whole";

/** A character with a case that is not of ASCII: K is also the sign for Kelvin, and S a long s. */
const isBeyondAscii = (character: string) =>
  character > "\x7f" ? character.toLowerCase() !== character || character.toUpperCase() !== character : /[ks]/i.test(character);

/**
 * Returns a pattern for SQLite's `like`, with `\` to escape, that fits wherever a text is in any case. SQLite knows the case of ASCII only: it is not
 * `exact` where other characters have one, which may then be any.
 */
export function anyCaseLike(text: string, place: Place): { like: string; exact: boolean } {
  const characters = [...text];
  const spelled = characters.map((character) => (isBeyondAscii(character) ? "_" : character.replace(/[\\%_]/, "\\$&")));
  return {
    like: `${startsThere(place) ? "" : "%"}${spelled.join("")}${endsThere(place) ? "" : "%"}`,
    exact: !characters.some(isBeyondAscii),
  };
}
