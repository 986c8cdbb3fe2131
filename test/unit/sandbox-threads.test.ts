import { describe } from "vitest";
import { openThreads } from "../../src/runner/sandbox/threads.ts";
import { sandboxContract } from "../support/sandbox-contract.ts";

describe("threads, with spares", () =>
  sandboxContract((settings) => openThreads({ ...settings, spares: 2, shared: 2, onOutput: () => undefined })));
describe("threads, without spares", () =>
  sandboxContract((settings) => openThreads({ ...settings, spares: 0, shared: 1, onOutput: () => undefined })));
