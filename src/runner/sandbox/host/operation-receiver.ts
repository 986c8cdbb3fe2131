import { setTimeout as delay } from "node:timers/promises";
import type { OperationAnswer, RunListener } from "../sandbox.ts";
import { MAX_OPERATIONS } from "../wire/protocol.ts";
import type { SentOperation } from "../wire/record-codec.ts";

/** Longest answer that goes into a sandbox, in characters of JSON. */
const MAX_ANSWER = 16_000_000;

/** Has operations answered that come out of a sandbox. */
export interface OperationReceiver {
  receive(operations: readonly SentOperation[]): void;
  /** Drops further operations of the run, which is ended by force. */
  stop(): void;
  /** Resolves once nothing is under way, or after `graceMs`. Operations that have begun go on. */
  close(graceMs: number): Promise<void>;
}

/** @param answer tells the sandbox the answer to an operation, as JSON. */
export function createOperationReceiver(
  execute: RunListener["graphql"],
  answer: (operation: number, answer: string) => void,
): OperationReceiver {
  const underWay = new Set<Promise<void>>();
  let isStopped = false;

  async function handle({ operation, document, variables }: SentOperation, isTooMany: boolean): Promise<void> {
    const answered = isTooMany
      ? refusal(`A run may have ${MAX_OPERATIONS} operations under way at once.`)
      : await execute(document, variables).catch(({ message }: Error): OperationAnswer => ({ errors: [{ message }] }));
    const json = JSON.stringify(answered);
    const isFit = json.length <= MAX_ANSWER;
    answer(operation, isFit ? json : JSON.stringify(refusal(tooLong(json.length))));
  }

  return {
    receive(operations) {
      for (const sent of operations) {
        if (isStopped) return;
        const handled = handle(sent, underWay.size >= MAX_OPERATIONS).finally(() => underWay.delete(handled));
        underWay.add(handled);
      }
    },
    stop: () => void (isStopped = true),
    async close(graceMs) {
      if (underWay.size === 0) return;
      const wait = new AbortController();
      await Promise.race([Promise.all(underWay), delay(graceMs, undefined, { signal: wait.signal })]);
      wait.abort();
    },
  };
}

const refusal = (message: string): OperationAnswer => ({ errors: [{ message, extensions: { code: "LIMIT_EXCEEDED" } }] });

const tooLong = (length: number) =>
  `The answer has ${length} characters of JSON; a job is given ${MAX_ANSWER} at most: ask for fewer fields, or page by page.`;
