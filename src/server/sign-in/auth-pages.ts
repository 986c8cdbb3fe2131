import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import type { Audit } from "../../access/audit.ts";
import { type Authenticate, hashKey, type Session } from "../../access/authenticate.ts";
import type { BrowserSessions } from "../../access/sign-in/browser-sessions.ts";
import type { SignIn } from "../../access/sign-in/sign-in.ts";
import { AppError } from "../../errors.ts";
import type { Cookie } from "./cookies.ts";
import type { ReadCredentials } from "../credentials.ts";
import { parseJson, readBody } from "../json-body.ts";
import { DATA_HEADERS } from "../safe-headers.ts";
import { beginOidc, finishOidc, OIDC_CALLBACK, type OidcPageDeps, type Redirect } from "./oidc-pages.ts";
import type { Origins } from "../origins.ts";

/** Dependencies of the pages under `/auth/`. */
export interface AuthPageDeps {
  authenticate: Authenticate;
  credentialsOf: ReadCredentials;
  signIn: SignIn;
  browserSessions: BrowserSessions;
  sessionCookie: Cookie;
  origins: Origins;
  audit: Audit;
  /** Sign-in at a provider; undefined without one. */
  oidcPages: OidcPageDeps | undefined;
}

/** An answer of a page, as JSON. */
interface Answer {
  body: object;
  cookie?: string;
  /** Page that the browser goes to, with its cookies. */
  redirect?: Redirect;
}

const credentials = z.object({
  username: z.string({ error: "username must be a text." }).max(1000, "username has at most 1000 characters."),
  password: z.string({ error: "password must be a text." }).max(10_000, "password has at most 10000 characters."),
});

/** Pages for browsers that sign in and out. Returns false for a path that is none of them. */
export type ServeAuth = (pathname: string, request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

/** Returns the pages under `/auth/`. */
export function createAuthPages(deps: AuthPageDeps): ServeAuth {
  const pages: Readonly<Record<string, { method: string; answer(request: IncomingMessage): Promise<Answer> }>> = {
    "/auth/sign-in": { method: "POST", answer: (request) => signIn(deps, request) },
    "/auth/sign-out": { method: "POST", answer: (request) => signOut(deps, request) },
    "/auth/session": { method: "GET", answer: (request) => session(deps, request) },
    "/auth/oidc": { method: "GET", answer: (request) => redirect(deps, request, beginOidc) },
    [OIDC_CALLBACK]: { method: "GET", answer: (request) => redirect(deps, request, finishOidc) },
  };
  return async (pathname, request, response) => {
    const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
    if (!page) return false;
    if (request.method !== page.method) throw new AppError("BAD_USER_INPUT", `${pathname} takes ${page.method} only.`);
    const { body, cookie, redirect: to } = await page.answer(request);
    const text = JSON.stringify(body);
    response.writeHead(to ? 302 : 200, {
      ...DATA_HEADERS,
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(text),
      ...(cookie !== undefined && { "set-cookie": cookie }),
      ...(to && { location: to.location, "set-cookie": to.cookies }),
    });
    response.end(text);
    return true;
  };
}

async function signIn({ signIn: begin, sessionCookie, origins }: AuthPageDeps, request: IncomingMessage): Promise<Answer> {
  origins.mustBeOwn(request);
  const given = credentials.safeParse(parseJson(await readBody(request)));
  if (!given.success) {
    const details = given.error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
    throw new AppError(
      "BAD_USER_INPUT",
      `Send JSON with a username and a password. ${details.map(({ message }) => message).join(" ")}`,
      details,
    );
  }
  const { user, key, expires } = await begin({
    ...given.data,
    address: request.socket.remoteAddress,
    before: sessionCookie.read(request),
  });
  const seconds = Math.floor((expires.getTime() - Date.now()) / 1000);
  return { body: { user, expires: expires.toISOString() }, cookie: sessionCookie.write(request, key, seconds) };
}

async function signOut(
  { browserSessions, sessionCookie, origins, audit, authenticate }: AuthPageDeps,
  request: IncomingMessage,
): Promise<Answer> {
  origins.mustBeOwn(request);
  const key = sessionCookie.read(request);
  if (key !== undefined) {
    const user = await browserSessions.end(key);
    authenticate.forget({ hash: hashKey(key) });
    if (user !== undefined) audit({ event: "sign_out", user, address: request.socket.remoteAddress });
  }
  return { body: { user: null }, cookie: sessionCookie.clear(request) };
}

async function session({ authenticate, credentialsOf, oidcPages }: AuthPageDeps, request: IncomingMessage): Promise<Answer> {
  const found = await authenticate(credentialsOf(request)).catch((error: unknown) => {
    if (error instanceof AppError && error.code === "UNAUTHENTICATED") return undefined;
    throw error;
  });
  const oidc = oidcPages !== undefined;
  return {
    body: found
      ? { user: { id: found.id, username: found.username }, expires: endOf(found), oidc }
      : { user: null, expires: null, oidc },
  };
}

async function redirect({ oidcPages }: AuthPageDeps, request: IncomingMessage, act: typeof beginOidc): Promise<Answer> {
  if (!oidcPages) throw new AppError("NOT_FOUND", "The server knows no provider to sign in at: set OIDC_ISSUER first.");
  return { body: {}, redirect: await act(oidcPages, request) };
}

const endOf = ({ key: { expires } }: Session) => (expires === Infinity ? null : new Date(expires).toISOString());
