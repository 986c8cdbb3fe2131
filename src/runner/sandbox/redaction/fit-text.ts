import { cutText } from "../../../cut-text.ts";

const NUL = "\u0000";

/**
 * Returns a text that every database and every JSON reader takes: NUL becomes `␀`, a lone surrogate `�`, and a text over the limit is cut, with a mark that
 * has the number of missing characters.
 * @param missing number of characters after the text that are cut already.
 */
export function fitText(text: string, maxLength: number, missing = 0): string {
  let fit = text.includes(NUL) ? text.replaceAll(NUL, "␀") : text;
  if (!fit.isWellFormed()) fit = fit.toWellFormed();
  if (fit.length <= maxLength && missing === 0) return fit;
  const mark = `… [${Math.max(0, fit.length - maxLength) + missing} characters cut]`;
  return cutText(fit, Math.max(0, maxLength - mark.length)) + mark;
}

const CUT_END = " characters cut]";
const CUT = /… \[(\d{1,15}) characters cut\]$/;

/** Returns the text that {@link fitText} left, and the number of characters that it cut; 0 for a whole text. */
export function readCut(text: string): { kept: string; missing: number } {
  if (!text.endsWith(CUT_END)) return { kept: text, missing: 0 };
  const [mark, missing = "0"] = CUT.exec(text.slice(-CUT.source.length - 15)) ?? [];
  return { kept: mark === undefined ? text : text.slice(0, -mark.length), missing: Number(missing) };
}
