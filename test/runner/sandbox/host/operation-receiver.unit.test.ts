import { expect, test } from "vitest";
import { createOperationReceiver } from "../../../../src/runner/sandbox/host/operation-receiver.ts";

const sent = (operation: number) => ({ operation, document: "{ a }", variables: {} });
const many = (count: number) => Array.from({ length: count }, (_, n) => sent(n));

function setup() {
  const begun: (() => void)[] = [];
  const answers = new Map<number, any>();
  const receiver = createOperationReceiver(
    () => new Promise((resolve) => begun.push(() => resolve({ data: {} }))),
    (operation, answer) => void answers.set(operation, JSON.parse(answer)),
  );
  return { begun, answers, receiver };
}

test("a job that goes round the queue of its own side is refused more than ten at once", async () => {
  const { begun, answers, receiver } = setup();
  receiver.receive(many(12));
  await expect.poll(() => [...answers.keys()]).toEqual([10, 11]);
  expect(answers.get(10).errors[0]).toEqual({
    message: "A run may have 10 operations under way at once.",
    extensions: { code: "LIMIT_EXCEEDED" },
  });
  for (const end of begun) end();
  await receiver.close(60_000);
  expect(answers.size).toBe(12);
  receiver.receive([sent(12)]);
  expect(begun).toHaveLength(11);
});

test("nothing is begun for a run that is ended, and begun operations are waited for within bounds", async () => {
  const { begun, receiver } = setup();
  receiver.receive(many(2));
  receiver.stop();
  receiver.receive(many(2));
  expect(begun).toHaveLength(2);
  await receiver.close(1);
});
