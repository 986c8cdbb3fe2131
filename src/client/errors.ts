/** An error of one field of the input: `field` is its dotted path as the caller wrote it, `message` a sentence. */
export interface ErrorDetail {
  field: string;
  message: string;
}

/** A GraphQL error as it comes over the wire. */
export interface WireError {
  message: string;
  extensions?: { code?: string; details?: readonly ErrorDetail[] };
}

/** The server's answer is no: asking again as it is would not change that. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  /** `UNAUTHENTICATED`, `NOT_FOUND`, `BAD_USER_INPUT`, …: the error's `extensions.code`; `HTTP_404` and the like from a server without GraphQL. */
  readonly code: string;
  /** Errors by field of the input; empty when no field is named. */
  readonly details: readonly ErrorDetail[];

  constructor(code: string, message: string, details: readonly ErrorDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** The server could not be reached, or the connection was cut or fell silent: trying again may help. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** The given text is no URL of a server. */
export class UrlError extends Error {
  override readonly name = "UrlError";

  constructor(given: string) {
    super(`"${given}" is not the URL of a server, such as http://127.0.0.1:4000 or wss://jobs.example.com/graphql.`);
  }
}

/** Returns the error for an answer's list of errors. */
export function refusalOf(errors: readonly WireError[]): RefusedError {
  const [first] = errors;
  const message = errors.map((error) => error.message).join("\n");
  return new RefusedError(first?.extensions?.code ?? "UNKNOWN", message, first?.extensions?.details);
}
