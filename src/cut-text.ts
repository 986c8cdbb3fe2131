/** Longest character that is kept whole, in units of UTF-16: a letter may have accents without end. */
const LONGEST_CHARACTER = 64;

/** Made when it is first needed: making one takes longer than cutting a thousand texts. */
let characters: Intl.Segmenter | undefined;

/**
 * Returns a text, or its beginning and a mark, cut between two characters as people see them: no emoji, letter with accents or line break is
 * halved.
 * @param maxLength most units of UTF-16 of the result, the mark included.
 * @param mark stands at the end of a text that was cut.
 */
export function cutText(text: string, maxLength: number, mark = ""): string {
  if (text.length <= maxLength) return text;
  return text.slice(0, boundary(text, Math.max(0, maxLength - mark.length))) + mark;
}

/** The last place up to `end` at which no character is halved. */
function boundary(text: string, end: number): number {
  characters ??= new Intl.Segmenter();
  const from = Math.max(0, end - LONGEST_CHARACTER);
  const index = characters.segment(text.slice(from, end + LONGEST_CHARACTER)).containing(end - from)?.index ?? end - from;
  if (index > 0 || from === 0) return from + index;
  // A character longer than that is cut between its code points.
  return /[\uDC00-\uDFFF]/.test(text.charAt(end)) ? end - 1 : end;
}
