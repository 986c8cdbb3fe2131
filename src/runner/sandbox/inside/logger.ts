import type { LogLevel } from "../../../entities/choices.ts";
import type { JobLogger, LineOptions } from "../../../sdk/define-job.ts";
import { now } from "../wire/real-builtins.ts";
import type { LineRecord } from "../wire/record-codec.ts";
import { MAX_LINE } from "../wire/record-limits.ts";
import type { Redactor } from "../redaction/redaction.ts";

/** Returns the logger of a job. Its lines are fit for storage. */
export function createLogger(write: (line: LineRecord) => void, redactor: Redactor): JobLogger {
  const at = (level: LogLevel) => (message: string, options?: LineOptions) => {
    // Authors without types pass null for "none"; a log call must never make a job fail.
    const { object, grouping } = options ?? {};
    const { display, absoluteUrl } =
      typeof object === "object" && object !== null ? object : { display: object, absoluteUrl: undefined };
    write([
      level,
      redactor.text(String(grouping ?? "main"), MAX_LINE.grouping),
      redactor.text(String(message), MAX_LINE.message),
      now(),
      redactor.text(String(display ?? ""), MAX_LINE.log_object),
      redactor.text(String(absoluteUrl ?? ""), MAX_LINE.absolute_url),
    ]);
  };
  return {
    debug: at("DEBUG"),
    info: at("INFO"),
    success: at("SUCCESS"),
    warning: at("WARNING"),
    failure: at("FAILURE"),
    error: at("ERROR"),
    critical: at("CRITICAL"),
  };
}
