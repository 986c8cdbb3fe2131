/** Claims of a token. */
export type Claims = Readonly<Record<string, unknown>>;

/** A user as an issuer elsewhere tells of them. */
export interface Identity {
  issuer: string;
  /** The issuer's name for the user, which never changes. */
  subject: string;
  /** Name that a new user gets. */
  username: string;
  firstName: string;
  lastName: string;
  email: string;
  /** Names of the user's groups; undefined where the issuer has no say in them. */
  groups: readonly string[] | undefined;
}

/** Names of claims. */
export interface ClaimNames {
  username: string;
  /** Undefined where the issuer has no say in groups. */
  groups: string | undefined;
}

/** Most groups of a token. */
const MOST_GROUPS = 1000;

/** Returns the user that claims tell of. A token without the claim of the groups is one of a user without groups. */
export function identityOf(issuer: string, subject: string, claims: Claims, names: ClaimNames): Identity {
  return {
    issuer,
    subject,
    username: textOf(claims, names.username) ?? subject,
    firstName: textOf(claims, "given_name") ?? "",
    lastName: textOf(claims, "family_name") ?? "",
    email: textOf(claims, "email") ?? "",
    groups: names.groups === undefined ? undefined : groupsOf(claimOf(claims, names.groups)),
  };
}

/** Returns a claim by its name, or by its path, such as `realm_access.roles`. */
export function claimOf(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let value: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Claims)[part];
  }
  return value;
}

function textOf(claims: Claims, name: string): string | undefined {
  const value = claimOf(claims, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function groupsOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one) => typeof one === "string").slice(0, MOST_GROUPS);
}
