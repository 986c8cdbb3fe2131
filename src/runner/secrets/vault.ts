import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

/** Seals values that must not be read in the database. */
export interface Vault {
  /** Encrypts a JSON value; only for the same owner is it opened again. */
  seal(value: unknown, owner: string): string;
  /** Returns a sealed value. @throws {@link SensitiveInputsLost} for a value that was sealed with another key or for another owner, or was changed since. */
  open(sealed: string, owner: string): unknown;
  /** A fingerprint of a text from which nobody without the key can guess it, in hexadecimal. */
  digest(text: string): string;
}

/** Sealed inputs that cannot be opened any more. */
export class SensitiveInputsLost extends Error {
  override readonly name = "SensitiveInputsLost";
}

const CIPHER = "aes-256-gcm";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** @param secret any text; servers on one database need the same. */
export function createVault(secret: string): Vault {
  const derive = (use: string) => Buffer.from(hkdfSync("sha256", secret, "", `jobgraph ${use}`, 32));
  const sealing = derive("sealing");
  const digesting = derive("digesting");

  return {
    seal(value, owner) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, sealing, iv).setAAD(Buffer.from(owner));
      const text = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), text]).toString("base64");
    },
    open(sealed, owner) {
      const bytes = Buffer.from(sealed, "base64");
      try {
        const decipher = createDecipheriv(CIPHER, sealing, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(owner))
          .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
        return JSON.parse(text.toString("utf8"));
      } catch (cause) {
        const message =
          "The run's sensitive inputs cannot be opened: the server's SECRET_KEY is not the one they were sealed with.";
        throw new SensitiveInputsLost(message, { cause });
      }
    },
    digest: (text) => createHmac("sha256", digesting).update(text).digest("hex"),
  };
}
