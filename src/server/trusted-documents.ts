import { hash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { GraphQLSchema } from "graphql";
import { cutText } from "../cut-text.ts";
import { AppError, counted, StartError } from "../errors.ts";
import { checkTrusted, type TrustedDocuments } from "../schema/document/document-reader.ts";
import { plainId } from "./known-documents.ts";

/** Bytes of all manifests together. The validation of so many documents takes some 15 seconds. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Faults of manifests that a start tells of. */
const MOST_FAULTS = 10;
/** Characters of a fault, and of an id or name in it. */
const LONGEST_FAULT = 500;
const TOLD_CHARACTERS = 100;

/** A document of a manifest. */
interface Listed {
  file: string;
  id: string;
  text: string;
}

/**
 * Reads manifests of documents, and checks each document: `{ "<id>": "query …" }`, as GraphQL Code Generator's client preset writes them, or the form of
 * Apollo's tools. An id that looks like a SHA-256 has to be that of its text.
 * @param path of a manifest, or of a folder of manifests.
 * @throws {@link StartError} that names the file and the documents that are wrong.
 */
export async function loadTrustedDocuments(path: string, schema: GraphQLSchema): Promise<TrustedDocuments> {
  const byId = new Map<string, Listed>();
  const faults: string[] = [];
  let bytes = 0;
  for (const file of await listManifests(path)) {
    bytes += (await orRefuse(file, stat(file))).size;
    if (bytes > MAX_BYTES) throw wrong(file, `the manifests have more than ${MAX_BYTES} bytes together.`);
    for (const listed of readManifest(file, await orRefuse(file, readFile(file, "utf8")))) {
      const same = byId.get(listed.id);
      const fault = same && same.text !== listed.text ? `${same.file} has another text for it.` : faultOf(schema, listed);
      if (fault !== undefined) faults.push(`${file}: ${labelOf(listed)}: ${cutText(fault, LONGEST_FAULT, "…")}`);
      byId.set(listed.id, listed);
    }
  }
  if (faults.length > 0) {
    const others = faults.length - MOST_FAULTS;
    const rest = others > 0 ? [`and ${counted(others, "document")} more`] : [];
    throw new StartError(["TRUSTED_DOCUMENTS:", ...faults.slice(0, MOST_FAULTS), ...rest].join("\n  "));
  }
  const texts = new Set(Array.from(byId.values(), ({ text }) => text));
  return { size: byId.size, textOf: (id) => byId.get(id)?.text, has: (text) => texts.has(text) };
}

async function listManifests(path: string): Promise<string[]> {
  if (!(await orRefuse(path, stat(path))).isDirectory()) return [path];
  const names = (await orRefuse(path, readdir(path))).filter((name) => name.endsWith(".json")).toSorted();
  if (names.length === 0) throw wrong(path, "the folder has no manifest, a file whose name ends in .json.");
  return names.map((name) => join(path, name));
}

async function orRefuse<T>(path: string, read: Promise<T>): Promise<T> {
  return read.catch((error: NodeJS.ErrnoException) => {
    throw wrong(path, `it cannot be read: ${error.code}.`);
  });
}

/** @throws {@link StartError} for a text that is no manifest. */
function readManifest(file: string, json: string): Listed[] {
  let manifest: unknown;
  try {
    manifest = JSON.parse(json);
  } catch (error) {
    throw wrong(file, `it is not JSON: ${(error as Error).message}.`);
  }
  return entriesOf(file, manifest).map(([id, text]) => {
    if (typeof id !== "string" || id === "" || typeof text !== "string")
      throw wrong(file, `${JSON.stringify(id)}: an id and its document are texts.`);
    return { file, id: plainId(id), text };
  });
}

const APOLLO_FORMAT = "apollo-persisted-query-manifest";

/** Returns the ids and texts of either form. */
function entriesOf(file: string, manifest: unknown): [id: unknown, text: unknown][] {
  if (!isRecord(manifest)) throw wrong(file, "a manifest is an object of JSON.");
  if (manifest["format"] !== APOLLO_FORMAT) return Object.entries(manifest);
  const { version, operations } = manifest;
  if (version !== 1 || !Array.isArray(operations))
    throw wrong(file, `of ${APOLLO_FORMAT}, version 1 with a list of operations is read.`);
  return operations.map((operation: unknown) =>
    isRecord(operation) ? [operation["id"], operation["body"]] : [operation, undefined],
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns a sentence about a document that is not to be trusted; undefined for a good one. */
function faultOf(schema: GraphQLSchema, { id, text }: Listed): string | undefined {
  if (/^[0-9a-f]{64}$/.test(id) && hash("sha256", text) !== id) return "its text has another SHA-256 than its id.";
  try {
    const [error] = checkTrusted(schema, text);
    return error && [error.message, ...(error.locations ?? []).map(({ line, column }) => `(${line}:${column})`)].join(" ");
  } catch (error) {
    if (error instanceof AppError) return error.message;
    throw error;
  }
}

/** Returns the id of a document, and the name of its first operation if it has one, be the document valid or not. */
function labelOf({ id, text }: Listed): string {
  const [, name] = /\b(?:query|mutation|subscription)\s+(\w+)/.exec(text) ?? [];
  return `${JSON.stringify(cutText(id, TOLD_CHARACTERS))}${name === undefined ? "" : ` (${cutText(name, TOLD_CHARACTERS)})`}`;
}

const wrong = (path: string, message: string) => new StartError(`TRUSTED_DOCUMENTS: ${path}: ${message}`);
