/** Somebody whom the server knows. */
export interface Person {
  id: string;
  username: string;
  /** The key that they came with; empty for a session of the browser, which has a cookie. */
  key: string;
  /** True if they may give themselves a password, so that they need the key no more. */
  maySetPassword: boolean;
}

/** The session of the browser. */
export interface BrowserSession {
  /** Undefined if nobody is signed in. */
  person: Person | undefined;
  /** True if the server lets people sign in at a provider of OpenID Connect. */
  oidc: boolean;
}

/** An answer that tells of an error, with a sentence for a person. */
export class Refusal extends Error {
  /** True if the server does not know who asks. */
  readonly isUnknown: boolean;

  constructor(message: string, isUnknown = false) {
    super(message);
    this.isUnknown = isUnknown;
  }
}

/** Address of the page on which people sign in at a provider, and from which they come back to this one. */
export const OIDC_PAGE = `/auth/oidc?return_to=${encodeURIComponent(location.pathname)}`;

/** Returns the session of the browser. @throws {@link Refusal}. */
export async function readSession(): Promise<BrowserSession> {
  const { user, oidc } = await send<{ user: Named | null; oidc: boolean }>("/auth/session");
  return { person: user ? byCookie(user) : undefined, oidc };
}

/** Begins a session of the browser. @throws {@link Refusal} for a wrong name or password, or after too many of them. */
export async function signIn(username: string, password: string): Promise<Person> {
  return byCookie((await send<{ user: Named }>("/auth/sign-in", { body: { username, password } })).user);
}

/** Ends the session of the browser, if there is one. @throws {@link Refusal}. */
export async function signOut(): Promise<void> {
  await send("/auth/sign-out", { body: {} });
}

/** Returns the owner of a key. @throws {@link Refusal} for a key that is not accepted. */
export async function ownerOf(key: string): Promise<Person> {
  const query = `{ me { id username maySetPassword: can(action: "change", object_type: "users.user") } }`;
  try {
    const { data } = await send<{ data: { me: Omit<Person, "key"> } }>("/graphql", { key, body: { query } });
    return { ...data.me, key };
  } catch (error) {
    if ((error as Refusal).isUnknown) throw error;
    // The server may take no documents but those in its list.
    const { user } = await send<{ user: Named | null }>("/auth/session", { key });
    if (!user) throw error;
    return { ...user, key, maySetPassword: false };
  }
}

/** Gives the owner of a key a password. @throws {@link Refusal} for one that is too short, or without the right. */
export async function setPassword({ id, key }: Person, password: string): Promise<void> {
  const query = `mutation ($id: ID!, $data: UpdateUserInput!) { update_user(id: $id, data: $data) { id } }`;
  await send("/graphql", { key, body: { query, variables: { id, data: { password } } } });
}

type Named = Pick<Person, "id" | "username">;

const byCookie = ({ id, username }: Named): Person => ({ id, username, key: "", maySetPassword: false });

async function send<T extends object>(path: string, { key, body }: { key?: string; body?: object } = {}): Promise<T> {
  const headers = new Headers({ Accept: "application/json" });
  if (key) headers.set("Authorization", `Token ${key}`);
  if (body) headers.set("Content-Type", "application/json");
  const request = { headers, ...(body && { method: "POST", body: JSON.stringify(body) }) };
  const response = await fetch(path, request).catch(() => {
    throw new Refusal("The server cannot be reached.");
  });
  const answer = (await response.json().catch(() => ({}))) as T & { errors?: { message: string }[] };
  if (response.ok && !answer.errors) return answer;
  throw new Refusal(answer.errors?.[0]?.message ?? unexplained(response), response.status === 401);
}

/** Tells of an answer without words, such as that of a proxy. */
function unexplained({ status, headers }: Response): string {
  const seconds = headers.get("Retry-After");
  return `The server answered with ${status}.${seconds ? ` Try again in ${seconds} s.` : ""}`;
}
