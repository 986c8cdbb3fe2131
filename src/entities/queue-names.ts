/** Returns what is wrong with the name of a queue, as a sentence; undefined for one that a path or a key of another system can have in it. */
export function wrongQueueName(name: string): string | undefined {
  if (/[/\\]/.test(name)) return "A queue's name has no path separators, `/` or `\\`.";
  return name.includes("..") ? "A queue's name has no two dots in a row." : undefined;
}
