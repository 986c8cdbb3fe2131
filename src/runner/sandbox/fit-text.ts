const NUL = "\u0000";

/**
 * Text that every database and every JSON reader takes: NUL becomes `␀`, a lone surrogate `�`, and what is over the limit is cut with a
 * mark that says how much.
 * @param missing how many characters after the text are cut already.
 */
export function fitText(text: string, maxLength: number, missing = 0): string {
  let fit = text.includes(NUL) ? text.replaceAll(NUL, "␀") : text;
  if (!fit.isWellFormed()) fit = fit.toWellFormed();
  if (fit.length <= maxLength && missing === 0) return fit;
  const mark = `… [${Math.max(0, fit.length - maxLength) + missing} characters cut]`;
  // Cutting between the halves of a surrogate pair would make a lone one.
  return fit.slice(0, Math.max(0, maxLength - mark.length)).replace(/[\uD800-\uDBFF]$/, "") + mark;
}
