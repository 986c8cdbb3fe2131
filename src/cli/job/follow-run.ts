import { type Client, ConnectionError, type FinishedRun, RefusedError } from "../../client/index.ts";
import type { JobCommand } from "./options.ts";
import { createPrinter } from "./printer.ts";

/** Exit codes by a run's final status. */
const EXIT_CODES: Readonly<Record<FinishedRun["status"], number>> = { SUCCESS: 0, FAILURE: 1, REVOKED: 2 };
const NOT_DONE = 3;
const INTERRUPTED = 130;

/** Output streams: one for the run, and one for messages of the command. */
interface Outputs {
  run: (text: string) => void;
  us: (text: string) => void;
  isTerminal: boolean;
}

/** Carries out a command to the end of the run, or until `stop` is aborted. Answers the exit code. */
export async function followRun(
  client: Client,
  command: JobCommand,
  stop: AbortSignal,
  { run, us, isTerminal }: Outputs,
): Promise<number> {
  const printer = createPrinter(isTerminal);
  let id = command.act === "follow" ? command.jobResultId : undefined;
  let isCut = false;
  const options = {
    signal: stop,
    onLine: (line: Parameters<typeof printer.line>[0]) => {
      isCut = false;
      run(printer.line(line));
    },
    onRetry(error: Error) {
      if (!isCut) us(`${error.message} Trying again.\n`);
      isCut = true;
    },
  };
  try {
    // Once without patience: a wrong address or key is told at once.
    await client.query("{ __typename }", {}, { signal: stop });
    const finished =
      command.act === "follow"
        ? await client.follow(command.jobResultId, { ...options, after: command.after })
        : await client.runAndFollow(command.classPath, command.data, {
            ...options,
            ...command.options,
            onStart(made) {
              id = made.id;
              us(`${made.name}: ${id}\n`);
            },
          });
    run(printer.end(finished));
    return EXIT_CODES[finished.status];
  } catch (error) {
    if (stop.aborted) {
      us(
        id
          ? `\nNo longer following; the run goes on: npm run job -- follow ${id}\n`
          : "\nStopped before the server had answered.\n",
      );
      return INTERRUPTED;
    }
    if (!(error instanceof RefusedError || error instanceof ConnectionError)) throw error;
    us(`${error.message}\n`);
    return NOT_DONE;
  }
}
