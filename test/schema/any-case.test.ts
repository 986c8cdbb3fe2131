import { expect, test } from "vitest";
import { agreesInAnyCase } from "../support/any-case-contract.ts";

test("filters in any case go by Unicode, and agree with each other and with what is live", async () => {
  await expect(agreesInAnyCase()).resolves.toBeUndefined();
});
