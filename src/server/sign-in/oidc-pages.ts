import type { IncomingMessage } from "node:http";
import type { Audit } from "../../access/audit.ts";
import type { BrowserSessions } from "../../access/sign-in/browser-sessions.ts";
import type { Oidc } from "../../access/identity/oidc.ts";
import { AppError } from "../../errors.ts";
import type { Cookie } from "./cookies.ts";
import type { UserOfIdentity } from "./identity-users.ts";

/** Path to which the provider sends browsers back. */
export const OIDC_CALLBACK = "/auth/oidc/callback";

/** Seconds from the begin of a sign-in to its end. */
const LASTS_SECONDS = 600;

/** Page that a browser comes to after the sign-in, unless it asks for another. */
const HOME = "/graphql";

/** Dependencies of the pages. */
export interface OidcPageDeps {
  oidc: Oidc;
  userOf: UserOfIdentity;
  browserSessions: BrowserSessions;
  sessionCookie: Cookie;
  /** The cookie with the secrets of a sign-in under way. */
  oidcCookie: Cookie;
  /** URL at which the provider knows this server's {@link OIDC_CALLBACK}. */
  redirectUri: string;
  audit: Audit;
}

/** A page that a browser is sent to, and the cookies that it gets. */
export interface Redirect {
  location: string;
  cookies: string[];
}

/** Sends a browser to the provider. */
export async function beginOidc({ oidc, oidcCookie }: OidcPageDeps, request: IncomingMessage): Promise<Redirect> {
  const { url, kept } = await oidc.begin();
  const returnTo = Buffer.from(ownPath(queryOf(request).get("return_to"))).toString("base64url");
  return { location: url, cookies: [oidcCookie.write(request, `${kept}.${returnTo}`, LASTS_SECONDS)] };
}

/**
 * Signs in a browser that comes back from the provider.
 * @throws {@link AppError} UNAUTHENTICATED, FORBIDDEN, UNAVAILABLE.
 */
export async function finishOidc(deps: OidcPageDeps, request: IncomingMessage): Promise<Redirect> {
  const { oidc, userOf, browserSessions, sessionCookie, oidcCookie, redirectUri, audit } = deps;
  const address = request.socket.remoteAddress;
  const kept = oidcCookie.read(request);
  if (kept === undefined)
    throw new AppError(
      "UNAUTHENTICATED",
      "No sign-in is under way in this browser, or it took too long: begin again at /auth/oidc.",
    );
  try {
    const url = new URL(redirectUri);
    url.search = queryOf(request).toString();
    const user = await userOf(await oidc.finish(url, kept));
    const { key, expires } = await browserSessions.begin(user.id, sessionCookie.read(request));
    audit({ event: "sign_in", user: user.username, address, by: "oidc" });
    const seconds = Math.floor((expires.getTime() - Date.now()) / 1000);
    const returnTo = ownPath(Buffer.from(kept.split(".")[3] ?? "", "base64url").toString());
    return { location: returnTo, cookies: [sessionCookie.write(request, key, seconds), oidcCookie.clear(request)] };
  } catch (error) {
    audit({ event: "sign_in_failed", address, by: "oidc" });
    throw error;
  }
}

const queryOf = ({ url = "" }: IncomingMessage) => new URL(url, "http://localhost").searchParams;

/** Returns a path of this server; another text leads home, and to no other site. */
function ownPath(text: string | null): string {
  if (text === null || !/^\/(?![/\\])[\u0021-\u007e]*$/.test(text)) return HOME;
  const base = "http://localhost";
  return URL.canParse(text, base) && new URL(text, base).origin === base ? text : HOME;
}
