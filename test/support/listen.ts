import type { PrintedText, Progress, RunListener, SaidLine } from "../../src/runner/sandbox/sandbox.ts";

/** Output of a run, kept in memory. */
export interface Said {
  lines: SaidLine[];
  printed: PrintedText[];
  progress: Progress[];
  files: { name: string; bytes: Buffer }[];
  on: RunListener;
}

/** Keeps the output of a run. Given functions are called first, or instead for a file, and hold the run back. */
export function listen({
  lines: onLines,
  printed: onPrinted,
  progress: onProgress,
  file,
  graphql,
}: Partial<RunListener> = {}): Said {
  const said: Omit<Said, "on"> = { lines: [], printed: [], progress: [], files: [] };
  const on: RunListener = {
    async lines(batch) {
      await onLines?.(batch);
      said.lines.push(...batch);
    },
    async printed(batch) {
      await onPrinted?.(batch);
      said.printed.push(...batch);
    },
    progress(progress) {
      onProgress?.(progress);
      said.progress.push(progress);
    },
    file:
      file ??
      (async (name, content) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of content) chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        said.files.push({ name, bytes });
        return { id: String(said.files.length), name, size: bytes.length };
      }),
    graphql: graphql ?? (async (document, variables) => ({ data: { document, variables } })),
  };
  return { ...said, on };
}
