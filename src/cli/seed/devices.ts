import type { Random } from "./random.ts";

/** Something on the network that a line can be about. */
export interface Device {
  name: string;
  address: string;
}

/** Short names of sites, as they start the names of their devices. */
export const SITES = ["ams01", "ber02", "cph01", "lis01", "osl03", "prg01"] as const;

const ROLES = ["access", "core", "leaf", "spine", "wan"] as const;

/** A device of one of the {@link SITES}; the same name always has the same address. */
export function pickDevice(random: Random): Device {
  const site = random.integer(0, SITES.length - 1);
  const role = random.integer(0, ROLES.length - 1);
  const number = random.integer(1, 24);
  return {
    name: `${SITES[site]}-${ROLES[role]}-${String(number).padStart(2, "0")}`,
    address: `10.${20 + site}.${role}.${10 + number}`,
  };
}
