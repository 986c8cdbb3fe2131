import { AppError } from "../../errors.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { doesNotLoad } from "./admit.ts";
import { fileVersion } from "../catalog/file-version.ts";

/**
 * SHA-256 of the text of a job's file, if it is still what the catalog has read: only then is the code of a run known.
 * @throws {@link AppError} JOB_NOT_INSTALLED, CONFLICT
 */
export async function sourceVersion(catalog: Catalog, classPath: string): Promise<string> {
  const error = catalog.loadError(classPath);
  if (error !== undefined) throw doesNotLoad(classPath, error);
  const source = catalog.source(classPath);
  const version = source && (await fileVersion(source.file));
  if (!version) throw new AppError("JOB_NOT_INSTALLED", `The source of the job ${classPath} is not installed.`);
  if (version === source.version) return version;
  const message = `The source of the job ${classPath} has changed since the server read it: read it again with refresh_jobs first.`;
  throw new AppError("CONFLICT", message);
}
