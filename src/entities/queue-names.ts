/** Returns the error in the name of a queue, as a sentence; undefined for a name that can stand in a path or a key of another system. */
export function wrongQueueName(name: string): string | undefined {
  if (/[/\\]/.test(name)) return "A queue's name has no path separators, `/` or `\\`.";
  return name.includes("..") ? "A queue's name has no two dots in a row." : undefined;
}
