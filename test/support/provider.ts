import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { onTestFinished } from "vitest";
import { cookiesOf, type HttpAnswer, send } from "./http.ts";

/** The client that the provider knows. */
export const CLIENT = { id: "jobgraph", secret: "secret-of-the-client" };

/** Somebody at the provider, and the way in which it answers. A test changes both. */
interface Mood {
  /** Claims of the one who signs in. */
  claims: JWTPayload;
  /** Claims that the page of user information has besides. */
  userInfo: JWTPayload;
  /** Replaces claims of the token that it signs. */
  wrong: JWTPayload;
  /** Signs with a key that nobody knows. */
  isForged: boolean;
  /** The provider refuses the sign-in. */
  refusal: string | undefined;
  isAway: boolean;
}

/** A provider of OpenID Connect, and an issuer of tokens. */
export interface Provider {
  issuer: string;
  jwksUrl: string;
  mood: Mood;
  /** Requests so far, by path. */
  asked: string[];
  /** Signs a token for an audience. */
  sign(claims: JWTPayload, options?: { isForged?: boolean; algorithm?: string; kid?: string }): Promise<string>;
  /** Puts another key in the place of the one that it signs with. */
  changeKey(): Promise<void>;
}

interface Asked {
  nonce: string;
  challenge: string;
  redirectUri: string;
}

/** Starts a provider that lets in whoever its mood says, without asking. It insists on the client's secret, and on PKCE. */
export async function startProvider(): Promise<Provider> {
  const mood: Mood = {
    claims: { sub: "42", preferred_username: "ada", email: "ada@example.com", given_name: "Ada", family_name: "L" },
    userInfo: {},
    wrong: {},
    isForged: false,
    refusal: undefined,
    isAway: false,
  };
  const asked: string[] = [];
  const codes = new Map<string, Asked>();
  let kid = "first";
  let pair = await generateKeyPair("ES256", { extractable: true });
  const stranger = await generateKeyPair("ES256");
  const server = createServer((request, response) => {
    const url = new URL(request.url!, "http://localhost");
    asked.push(url.pathname);
    const json = (body: object, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    void (async () => {
      if (mood.isAway) return json({ error: "away" }, 503);
      if (url.pathname === "/.well-known/openid-configuration")
        return json({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["ES256"],
          code_challenge_methods_supported: ["S256"],
        });
      if (url.pathname === "/jwks")
        return json({ keys: [{ ...(await exportJWK(pair.publicKey)), kid, alg: "ES256", use: "sig" }] });
      if (url.pathname === "/authorize") {
        const given = url.searchParams;
        const back = new URL(given.get("redirect_uri")!);
        back.searchParams.set("state", given.get("state")!);
        if (mood.refusal !== undefined) back.searchParams.set("error", mood.refusal);
        else {
          const code = randomBytes(8).toString("hex");
          codes.set(code, {
            nonce: given.get("nonce")!,
            challenge: given.get("code_challenge_method") === "S256" ? given.get("code_challenge")! : "",
            redirectUri: given.get("redirect_uri")!,
          });
          back.searchParams.set("code", code);
        }
        return response.writeHead(302, { location: back.href }).end();
      }
      if (url.pathname === "/token") {
        const form = new URLSearchParams(await textOf(request));
        const code = codes.get(form.get("code")!);
        codes.delete(form.get("code")!);
        const challenge = createHash("sha256")
          .update(form.get("code_verifier") ?? "")
          .digest("base64url");
        const basic = Buffer.from(request.headers.authorization?.replace(/^Basic /, "") ?? "", "base64").toString();
        // RFC 6749: both halves are encoded as those of a form.
        if (decodeURIComponent(basic) !== `${CLIENT.id}:${CLIENT.secret}`) return json({ error: "invalid_client" }, 401);
        if (!code || challenge !== code.challenge || form.get("redirect_uri") !== code.redirectUri)
          return json({ error: "invalid_grant" }, 400);
        const claims = { aud: CLIENT.id, nonce: code.nonce, ...mood.claims, ...mood.wrong };
        return json({
          access_token: "an-access-token",
          token_type: "Bearer",
          id_token: await sign(claims, { isForged: mood.isForged }),
        });
      }
      if (url.pathname === "/userinfo" && request.headers.authorization === "Bearer an-access-token")
        return json({ ...mood.claims, ...mood.userInfo });
      return json({ error: "not found" }, 404);
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const sign: Provider["sign"] = async (claims, { isForged = false, algorithm = "ES256", kid: named = kid } = {}) => {
    const payload = { iss: issuer, exp: Math.floor(Date.now() / 1000) + 600, iat: Math.floor(Date.now() / 1000), ...claims };
    if (algorithm === "none") return new UnsecuredJWT(payload).encode();
    const key = isForged ? stranger.privateKey : pair.privateKey;
    if (algorithm.startsWith("HS"))
      return new SignJWT(payload)
        .setProtectedHeader({ alg: algorithm, kid: named })
        .sign(Buffer.from(JSON.stringify(await exportJWK(pair.publicKey))));
    return new SignJWT(payload).setProtectedHeader({ alg: algorithm, kid: named }).sign(key);
  };
  return {
    issuer,
    jwksUrl: `${issuer}/jwks`,
    mood,
    asked,
    sign,
    async changeKey() {
      pair = await generateKeyPair("ES256", { extractable: true });
      kid = "second";
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

/** A browser that follows redirects, and keeps the cookies of the server that it starts at. */
export async function visit(
  url: string,
  cookies: Map<string, string> = new Map(),
): Promise<HttpAnswer & { cookies: Map<string, string>; url: string }> {
  const origin = new URL(url).origin;
  let at = url;
  for (let n = 0; n < 10; n++) {
    const isOwn = new URL(at).origin === origin;
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await send(at, { headers: isOwn && cookie !== "" ? { cookie } : {} });
    if (isOwn) for (const [name, value] of cookiesOf(answer.headers)) cookies.set(name, value);
    const { location } = answer.headers;
    if (answer.status !== 302 || location === undefined || new URL(location, at).pathname === "/graphql")
      return { ...answer, cookies, url: new URL(location ?? at, at).href };
    at = new URL(location, at).href;
  }
  throw new Error("too many redirects");
}
