import { BGP_COMMUNITY } from "../sanitizer-patterns.ts";

/** Names under which secrets are kept. */
const SECRET = /passw(or)?d|passphrase|secret|token|credential|api_?key|private_?key|community/i;
const PUBLIC = new RegExp(`^${BGP_COMMUNITY}$`, "i");
const MASK = "********";

/** Returns a JSON value without secrets: a text or number under the name of a secret is masked, at every depth. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret(name, inner) ? MASK : withoutSecrets(inner)]),
  );
}

function isSecret(name: string, value: unknown): boolean {
  if (!SECRET.test(name)) return false;
  return typeof value === "number" || (typeof value === "string" && value !== "" && !isPublic(name, value));
}

/** True for the value of a field such as `bgp_community`. */
function isPublic(name: string, value: string): boolean {
  return /community/i.test(name) && PUBLIC.test(value);
}
