/** Names under which secrets are kept. */
const SECRET = /passw(or)?d|passphrase|secret|token|credential|api_?key|private_?key|community/i;
const MASK = "********";

/** A JSON value without what its names call a secret: a text or number under such a name is masked, at every depth. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, isSecret(name, inner) ? MASK : withoutSecrets(inner)]),
  );
}

function isSecret(name: string, value: unknown): boolean {
  return SECRET.test(name) && ((typeof value === "string" && value !== "") || typeof value === "number");
}
