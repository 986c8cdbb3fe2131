import { registerEnumType } from "type-graphql";

/** Names that Nautobot offers and JavaScript knows, but lists under an older one or not at all. */
const OTHER_NAMES = [
  "UTC",
  "GMT",
  "Africa/Asmara",
  "America/Argentina/Buenos_Aires",
  "America/Argentina/Catamarca",
  "America/Argentina/Cordoba",
  "America/Argentina/Jujuy",
  "America/Argentina/Mendoza",
  "America/Atikokan",
  "America/Indiana/Indianapolis",
  "America/Kentucky/Louisville",
  "America/Nuuk",
  "Asia/Ho_Chi_Minh",
  "Asia/Kathmandu",
  "Asia/Kolkata",
  "Asia/Yangon",
  "Atlantic/Faroe",
  "Canada/Atlantic",
  "Canada/Central",
  "Canada/Eastern",
  "Canada/Mountain",
  "Canada/Newfoundland",
  "Canada/Pacific",
  "Europe/Kyiv",
  "Pacific/Chuuk",
  "Pacific/Kanton",
  "Pacific/Pohnpei",
  "US/Alaska",
  "US/Arizona",
  "US/Central",
  "US/Eastern",
  "US/Hawaii",
  "US/Mountain",
  "US/Pacific",
] as const;

const names = [...new Set([...OTHER_NAMES, ...Intl.supportedValuesOf("timeZone")])].toSorted();

/** Time zones: on the wire `AMERICA_NEW_YORK`, stored and used as `America/New_York`. */
export const TimeZone: Readonly<Record<string, string>> = Object.fromEntries(
  names.map((name) => [name.replaceAll(/\W/g, "_").toUpperCase(), name]),
);
/** Name of a time zone in the IANA database. */
export type TimeZone = string;

registerEnumType(TimeZone, {
  name: "ExtrasScheduledJobTimeZoneChoices",
  description: "A time zone of the IANA database: its name in capitals, `_` for every other character.",
  valuesConfig: Object.fromEntries(Object.entries(TimeZone).map(([name, zone]) => [name, { description: `\`${zone}\`` }])),
});
