import { expect, test } from "vitest";
import { agreesInAnyCase } from "../../../support/contracts/any-case.ts";

test("filters in any case go by Unicode, and agree with each other and with live ones", async () => {
  await expect(agreesInAnyCase()).resolves.toBeUndefined();
});
