import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from "jose";
import { AppError } from "../../errors.ts";
import { type ClaimNames, type Identity, identityOf } from "./claims.ts";

/** Settings of tokens of an issuer elsewhere. */
export interface JwtSettings {
  issuer: string;
  audience: string;
  /** Place of the issuer's public keys. */
  jwksUrl: string;
  /** Algorithms that a token may be signed with. */
  algorithms: readonly string[];
  claims: ClaimNames;
}

/** The user of a good token, and the time when it expires, in milliseconds since the epoch. */
export interface Verified {
  identity: Identity;
  expires: number;
}

/** Seconds that the issuer's clock may be off. */
const TOLERANCE = 30;

/**
 * Returns a function that verifies tokens. The issuer's keys are read when the first token comes, and kept; a token with an unknown key has them read
 * again, at most every 30 seconds.
 * @param onAway is told why the keys could not be read.
 */
export function createJwtVerifier(
  { issuer, audience, jwksUrl, algorithms, claims }: JwtSettings,
  onAway: (error: unknown) => void,
): (token: string) => Promise<Verified> {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: 5000, cooldownDuration: 30_000, cacheMaxAge: 600_000 });
  return async (token) => {
    const payload = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: [...algorithms],
      clockTolerance: TOLERANCE,
      requiredClaims: ["exp", "sub"],
    }).then(
      (verified): JWTPayload => verified.payload,
      (error: unknown) => {
        throw refusalOf(error, onAway);
      },
    );
    const identity = identityOf(issuer, payload.sub!, payload, claims);
    return { identity, expires: (payload.exp! + TOLERANCE) * 1000 };
  };
}

function refusalOf(error: unknown, onAway: (error: unknown) => void): AppError {
  if (error instanceof errors.JWTExpired) return new AppError("UNAUTHENTICATED", "The token has expired.");
  if (error instanceof errors.JWTClaimValidationFailed)
    return new AppError(
      "UNAUTHENTICATED",
      `The token is not for this server: its claim "${error.claim}" is missing or another one.`,
    );
  if (isAway(error)) {
    onAway(error);
    return new AppError("UNAVAILABLE", "The keys of the token's issuer cannot be read just now. Try again in a moment.");
  }
  return new AppError("UNAUTHENTICATED", "The token is not one that its issuer has signed.");
}

/** Tells whether an error is one of reading keys, and so says nothing of the token. */
function isAway(error: unknown): boolean {
  if (!(error instanceof errors.JOSEError)) return true;
  return error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === "ERR_JOSE_GENERIC";
}
