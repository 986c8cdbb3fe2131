import * as oidc from "openid-client";
import { AppError } from "../../errors.ts";
import { claimOf, type ClaimNames, type Claims, type Identity, identityOf } from "./claims.ts";

/** Settings of sign-in at a provider of OpenID Connect. */
export interface OidcSettings {
  issuer: string;
  clientId: string;
  /** Undefined for a client that has none. */
  clientSecret: string | undefined;
  scopes: string;
  claims: ClaimNames;
}

/** A sign-in that has begun: the browser keeps its secrets until it comes back. */
export interface OidcBegun {
  /** The provider's page. */
  url: string;
  /** The secrets, in characters of a cookie. */
  kept: string;
}

/** Sign-in at a provider: the code flow, with PKCE, state and nonce. */
export interface Oidc {
  /** @throws {@link AppError} UNAVAILABLE when the provider does not answer. */
  begin(): Promise<OidcBegun>;
  /**
   * Returns the user that a browser comes back with.
   * @param url at which it came back. @param kept the secrets of the begin, from the browser.
   * @throws {@link AppError} UNAUTHENTICATED, UNAVAILABLE.
   */
  finish(url: URL, kept: string): Promise<Identity>;
}

/** Seconds that the provider's clock may be off. */
const TOLERANCE = 30;

/** Words of the provider that are told to the browser; it is the browser that brings them. */
const WORD = /^[a-z_]{1,50}$/;

/**
 * @param redirectUri to which the provider sends browsers back.
 * @param onFault is told what went wrong between this server and the provider.
 */
export function createOidc(
  { issuer, clientId, clientSecret, scopes, claims: names }: OidcSettings,
  redirectUri: string,
  onFault: (error: unknown) => void,
): Oidc {
  let discovered: Promise<oidc.Configuration> | undefined;

  /** Secrets go in the header, unless the provider takes them in the body only. */
  const authenticate: oidc.ClientAuth = (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const way = methods.includes("client_secret_basic") ? oidc.ClientSecretBasic : oidc.ClientSecretPost;
    return (clientSecret === undefined ? oidc.None() : way(clientSecret))(server, client, body, headers);
  };

  function discover(): Promise<oidc.Configuration> {
    const url = new URL(issuer);
    discovered ??= oidc
      .discovery(url, clientId, { [oidc.clockTolerance]: TOLERANCE, redirect_uris: [redirectUri] }, authenticate, {
        timeout: 10,
        execute: [oidc.enableNonRepudiationChecks, ...(url.protocol === "http:" ? [oidc.allowInsecureRequests] : [])],
      })
      .catch((error: unknown) => {
        // The next sign-in asks again.
        discovered = undefined;
        throw away(error);
      });
    return discovered;
  }

  function away(error: unknown): AppError {
    onFault(error);
    return new AppError("UNAVAILABLE", "The provider of the sign-in does not answer as it should. Try again in a moment.");
  }

  /** Returns what the provider tells of a user: in the token and, where a claim is not in it, at its page of user information. */
  async function claimsOf(config: oidc.Configuration, token: Claims, accessToken: string, subject: string): Promise<Claims> {
    const wanted = [names.username, names.groups].filter((name) => name !== undefined);
    const isComplete = wanted.every((name) => claimOf(token, name) !== undefined);
    if (isComplete || config.serverMetadata().userinfo_endpoint === undefined) return token;
    return { ...(await oidc.fetchUserInfo(config, accessToken, subject)), ...token };
  }

  return {
    async begin() {
      const config = await discover();
      const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: scopes,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, kept: [state, nonce, verifier].join(".") };
    },
    async finish(url, kept) {
      const [expectedState, expectedNonce, pkceCodeVerifier] = kept.split(".");
      const config = await discover();
      try {
        const tokens = await oidc.authorizationCodeGrant(config, url, {
          expectedState: expectedState!,
          expectedNonce: expectedNonce!,
          pkceCodeVerifier: pkceCodeVerifier!,
          idTokenExpected: true,
        });
        const token = tokens.claims()!;
        return identityOf(issuer, token.sub, await claimsOf(config, token, tokens.access_token, token.sub), names);
      } catch (error) {
        if (error instanceof oidc.AuthorizationResponseError) {
          const word = WORD.test(error.error) ? ` It said: ${error.error}.` : "";
          throw new AppError("UNAUTHENTICATED", `The provider did not sign you in.${word}`);
        }
        onFault(error);
        throw new AppError("UNAUTHENTICATED", "The sign-in did not come back from the provider as it began. Begin again.");
      }
    },
  };
}
