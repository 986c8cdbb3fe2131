import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createRedactor } from "../redaction/redaction.ts";
import { failure } from "../wire/thrown.ts";

/** The import that could not be resolved, of each error about one. */
const unresolved = new WeakMap<object, { specifier: string; parent: string }>();

/** Remembers which import of which module an error is about: its stack has no place. */
export function noteUnresolved(error: unknown, specifier: string, parent: string | undefined): void {
  if (typeof error === "object" && error !== null && parent?.startsWith("file:")) unresolved.set(error, { specifier, parent });
}

/** A line of a stack that names a place: a frame, or the head of a syntax error's. */
const PLACE = /^(?:\s+at (?:async )?(?:[^()\n]*\()?)?((?:file:\/\/)?\/[^()\n]*?):(\d+)(?::(\d+))?\)?$/gm;

/**
 * Returns why a file does not load, as one text: the absolute path of the file at fault, line and column as far as they are known, and
 * the error.
 */
export function loadErrorOf(file: string, error: unknown): string {
  const { excType, excMessage, traceback } = failure(error, createRedactor());
  const place = placeOfImport(error) ?? placeIn(traceback ?? "") ?? (excType === "SyntaxError" ? checkSyntax(file) : undefined);
  return `${place ?? file}: ${excType}: ${excMessage}`;
}

function placeIn(stack: string): string | undefined {
  for (const [, where, line, column] of stack.matchAll(PLACE)) {
    const path = where!.startsWith("file:") ? fileURLToPath(where!) : where!;
    if (path === OWN || path.includes("/node_modules/")) continue;
    return column === undefined ? `${path}:${line}` : `${path}:${line}:${column}`;
  }
  return undefined;
}

/** The bundle that this code is part of; its frames stand above those of the definition that it refuses. */
const OWN = fileURLToPath(import.meta.url);

function placeOfImport(error: unknown): string | undefined {
  const found = unresolved.get(error as object);
  if (!found) return undefined;
  const path = fileURLToPath(found.parent);
  const lines = readFileSync(path, "utf8").split("\n");
  const at = lines.findIndex((line) => ['"', "'"].some((quote) => line.includes(quote + found.specifier + quote)));
  return at === -1 ? path : `${path}:${at + 1}`;
}

/** Longest time that a check of a file's syntax takes, in milliseconds. */
const CHECK_MS = 5000;

/** Asks the engine for the place of a syntax error in JavaScript: it prints it, and keeps it out of the error's stack. */
function checkSyntax(file: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--check", file], { encoding: "utf8", timeout: CHECK_MS });
  return placeIn(stderr ?? "");
}
