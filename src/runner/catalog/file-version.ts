import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** SHA-256 of the text of a job's file as it is in this moment; undefined when it is gone. */
export async function fileVersion(file: string): Promise<string | undefined> {
  const text = await readFile(file).catch(() => undefined);
  return text && hash("sha256", text);
}
