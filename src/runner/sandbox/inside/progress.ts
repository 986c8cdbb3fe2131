import type { JobContext } from "../../../sdk/define-job.ts";
import { encodeProgress } from "../wire/record-codec.ts";
import { MAX_PROGRESS_MESSAGE } from "../wire/record-limits.ts";
import type { Redactor } from "../redaction/redaction.ts";

/** Returns the `progress` of a job's context. Its messages are fit for storage. It never fails a job: a value that is no number counts as none. */
export function createProgress(write: (record: string) => void, redactor: Redactor): JobContext["progress"] {
  return (done, total, message) =>
    write(
      encodeProgress({
        done: finite(done) ?? 0,
        total: finite(total),
        message: redactor.text(String(message ?? ""), MAX_PROGRESS_MESSAGE),
      }),
    );
}

function finite(value: unknown): number | null {
  const number = value === undefined || value === null ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}
