/** Reason for which a run, or an attempt of it, failed. */
export interface Failure {
  /** Name of the error. */
  excType: string;
  excMessage: string;
  /** Null when there is none to tell: nothing is wrong with the job's code. */
  traceback: string | null;
}

/** A failure that the server itself tells of. */
export const failed = (excType: string, excMessage: string, cause?: string | null) => ({
  kind: "failure" as const,
  excType,
  excMessage,
  traceback: `${excType}: ${excMessage}${cause ? `\nCaused by: ${cause}` : ""}`,
});

/** An error of the server's own that kept a job from its end. */
export const failureOf = ({ name, message, stack }: Error) => ({
  kind: "failure" as const,
  excType: name,
  excMessage: message,
  traceback: stack ?? message,
});
