import { expect, test } from "vitest";
import { readInventory } from "../../jobs/inventory.ts";
import { shippedRows } from "./inventory-file.ts";

test("reads every shipped row", async () => {
  const devices = await readInventory();
  expect(devices.map(({ name, site, serial }) => ({ name, site, serial }))).toEqual(await shippedRows());
  expect(devices.map(({ model }) => model)).toEqual(
    expect.arrayContaining(["Skylark A7, outdoor", 'Halyard S24, 10" half rack']),
  );
});
