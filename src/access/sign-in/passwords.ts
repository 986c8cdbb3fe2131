import { argon2, type Argon2Parameters, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { createTurns } from "../../turns.ts";

/** Fewest and most characters of a password. */
export const MIN_PASSWORD = 12;
const MAX_PASSWORD = 1000;

/** OWASP's parameters for argon2id: KiB of memory, passes, lanes. */
const MEMORY = 19_456;
const PASSES = 2;
const LANES = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

/** The most that a stored hash may ask for. */
const MOST_MEMORY = 262_144;
const MOST_PASSES = 16;
const MOST_LANES = 16;

/** Hashes at a time. Each takes a thread of the pool that files are read with as well. */
const turns = createTurns(2);

const compute = promisify(argon2);

/** A hash as PHC string: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`. */
interface Stored extends Pick<Argon2Parameters, "memory" | "parallelism" | "passes"> {
  salt: Buffer;
  hash: Buffer;
}

/** The hash of no password: the time of an answer does not tell whether there is one. */
const NONE: Stored = {
  memory: MEMORY,
  passes: PASSES,
  parallelism: LANES,
  salt: Buffer.alloc(SALT_BYTES),
  hash: Buffer.alloc(HASH_BYTES),
};

/** Returns the reason why a text is no password; undefined for one that is. */
export function wrongPassword(password: string): string | undefined {
  const { length } = [...password];
  if (length < MIN_PASSWORD) return `A password has at least ${MIN_PASSWORD} characters.`;
  if (length > MAX_PASSWORD) return `A password has at most ${MAX_PASSWORD} characters.`;
  return undefined;
}

/** Returns the hash of a password, as PHC string. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...NONE, salt });
  return `$argon2id$v=19$m=${MEMORY},t=${PASSES},p=${LANES}$${base64(salt)}$${base64(hash)}`;
}

/** Tells whether a password is the one of a stored hash. Without a hash it takes as long, and is wrong. */
export async function isPassword(password: string, phc: string | null): Promise<boolean> {
  const stored = phc === null ? undefined : parse(phc);
  const { hash } = stored ?? NONE;
  const given = await derive([...password].length > MAX_PASSWORD ? "" : password, stored ?? NONE);
  return timingSafeEqual(given, hash) && stored !== undefined;
}

/** Tells whether a stored hash was made with other parameters than new ones are. */
export function isOutdated(phc: string): boolean {
  const stored = parse(phc);
  return stored?.memory !== MEMORY || stored.passes !== PASSES || stored.parallelism !== LANES;
}

/** Keyboards write the same letter in several ways, which one form stands for. */
function derive(password: string, { salt, hash, memory, passes, parallelism }: Stored): Promise<Buffer> {
  const message = password.normalize("NFKC");
  return turns.take(() => compute("argon2id", { message, nonce: salt, memory, passes, parallelism, tagLength: hash.length }));
}

function parse(phc: string): Stored | undefined {
  const [, m, t, p, salt, hash] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(phc) ?? [];
  if (hash === undefined) return undefined;
  const stored = {
    memory: Number(m),
    passes: Number(t),
    parallelism: Number(p),
    salt: Buffer.from(salt!, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
  const { memory, passes, parallelism } = stored;
  const isSound = parallelism >= 1 && parallelism <= MOST_LANES && passes >= 1 && passes <= MOST_PASSES;
  const fits = memory >= 8 * parallelism && memory <= MOST_MEMORY && stored.salt.length >= 8 && stored.hash.length >= 16;
  return isSound && fits ? stored : undefined;
}

/** Base64 without padding, as PHC strings have it. */
const base64 = (bytes: Buffer) => bytes.toString("base64").replaceAll("=", "");
