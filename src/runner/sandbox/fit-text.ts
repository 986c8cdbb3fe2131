const NUL = "\u0000";

/**
 * Text that every database and every JSON reader takes: NUL becomes `␀`, a lone surrogate `�`, and what is over the limit is cut with a
 * mark that says how much.
 */
export function fitText(text: string, maxLength: number): string {
  let fit = text.includes(NUL) ? text.replaceAll(NUL, "␀") : text;
  if (!fit.isWellFormed()) fit = fit.toWellFormed();
  if (fit.length <= maxLength) return fit;
  const mark = `… [${fit.length - maxLength} characters cut]`;
  // Cutting between the halves of a surrogate pair would make a lone one.
  return fit.slice(0, Math.max(0, maxLength - mark.length)).replace(/[\uD800-\uDBFF]$/, "") + mark;
}
