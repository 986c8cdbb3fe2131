import { randomBytes, randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { StartError } from "../errors.ts";

/** Shortest `SECRET_KEY`, in characters. */
const MIN_SECRET_KEY = 32;

/**
 * The secret key that a file holds; when there is no file yet, one with a random key is made, which only its owner may read.
 * @throws {@link StartError} when it can be neither read nor written, or holds too little.
 */
export async function keepSecretKey(file: string): Promise<string> {
  const key = await readFile(file, "utf8")
    .catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await makeKey(file);
      return readFile(file, "utf8");
    })
    .catch((error: Error) => {
      throw new StartError(`SECRET_KEY_FILE: cannot use ${file}: ${error.message}.`);
    });
  if (key.trim().length >= MIN_SECRET_KEY) return key.trim();
  throw new StartError(`SECRET_KEY_FILE: ${file} must hold ${MIN_SECRET_KEY} characters or more.`);
}

/** Creates the file with its whole content, since servers that start at once use the same. */
async function makeKey(file: string): Promise<void> {
  const draft = `${file}.${randomUUID()}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(draft, randomBytes(32).toString("hex"), { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
}
