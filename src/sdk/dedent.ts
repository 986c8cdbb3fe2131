/**
 * Returns a text of several lines without the indentation that all of them have and without blank space around it, as Python's `dedent` and
 * `strip` make it: the text of a template begins where its author's code does.
 */
export function dedent(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => (line.trim() === "" ? "" : line));
  const indents = lines.filter((line) => line !== "").map((line) => /^[ \t]*/.exec(line)![0]);
  const common = indents.length === 0 ? 0 : indents.reduce(shared).length;
  return lines
    .map((line) => line.slice(common))
    .join("\n")
    .trim();
}

function shared(one: string, other: string): string {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return one.slice(0, length);
}
