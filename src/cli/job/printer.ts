import { stripVTControlCharacters, styleText } from "node:util";
import type { FinishedRun, LogLine } from "../../client/index.ts";

/** Makes text of a run's output. */
export interface Printer {
  line(line: LogLine): string;
  end(run: FinishedRun): string;
}

type Style = Parameters<typeof styleText>[0];

const STYLES: Readonly<Record<LogLine["log_level"] | FinishedRun["status"], Style>> = {
  DEBUG: "dim",
  INFO: "blue",
  SUCCESS: "green",
  WARNING: "yellow",
  FAILURE: "red",
  ERROR: "red",
  CRITICAL: ["bold", "red"],
  REVOKED: "yellow",
};

/** Width of the longest level. */
const WIDTH = 8;

/** @param isTerminal whether a person looks: colours, the time of day where they are, and nothing of the run's that would steer the terminal. */
export function createPrinter(isTerminal: boolean): Printer {
  const styled = (word: keyof typeof STYLES, text: string) =>
    isTerminal ? styleText(STYLES[word], text, { validateStream: false }) : text;
  const shown = (text: string) => (isTerminal ? stripVTControlCharacters(text) : text);
  const time = (iso: string) => (isTerminal ? new Date(iso).toLocaleTimeString("en-GB") : iso);
  return {
    line: ({ log_level, created, message }) =>
      `${styled(log_level, log_level.padEnd(WIDTH))} ${time(created)} ${shown(message)}\n`,
    end: ({ status, result, error }) =>
      `${styled(status, status)} ${error ? shown(`${error.type}: ${error.message}`) : JSON.stringify(result)}\n`,
  };
}
