import { registerEnumType } from "type-graphql";

/** Names by area that Node's `Intl` takes and does not list: older names of other zones, newer ones, and zones that are no place's. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  "": "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal W-SU WET Zulu",
  Africa: "Asmara Timbuktu",
  America:
    "Argentina/Buenos_Aires Argentina/Catamarca Argentina/ComodRivadavia Argentina/Cordoba Argentina/Jujuy Argentina/Mendoza Atikokan Atka Ensenada Fort_Wayne Indiana/Indianapolis Kentucky/Louisville Knox_IN Montreal Nipigon Nuuk Pangnirtung Porto_Acre Rainy_River Rosario Santa_Isabel Shiprock Thunder_Bay Virgin Yellowknife",
  Antarctica: "South_Pole",
  Asia: "Ashkhabad Choibalsan Chongqing Chungking Dacca Harbin Ho_Chi_Minh Istanbul Kashgar Kathmandu Kolkata Macao Tel_Aviv Thimbu Ujung_Pandang Ulan_Bator Yangon",
  Atlantic: "Faroe Jan_Mayen",
  Australia: "ACT Canberra Currie LHI NSW North Queensland South Tasmania Victoria West Yancowinna",
  Brazil: "Acre DeNoronha East West",
  Canada: "Atlantic Central Eastern Mountain Newfoundland Pacific Saskatchewan Yukon",
  Chile: "Continental EasterIsland",
  Etc: "GMT GMT+0 GMT+1 GMT+10 GMT+11 GMT+12 GMT+2 GMT+3 GMT+4 GMT+5 GMT+6 GMT+7 GMT+8 GMT+9 GMT-0 GMT-1 GMT-10 GMT-11 GMT-12 GMT-13 GMT-14 GMT-2 GMT-3 GMT-4 GMT-5 GMT-6 GMT-7 GMT-8 GMT-9 GMT0 Greenwich UCT UTC Universal Zulu",
  Europe: "Belfast Kyiv Nicosia Tiraspol Uzhgorod Zaporozhye",
  Mexico: "BajaNorte BajaSur General",
  Pacific: "Chuuk Johnston Kanton Pohnpei Samoa Yap",
  US: "Alaska Aleutian Arizona Central East-Indiana Eastern Hawaii Indiana-Starke Michigan Mountain Pacific Samoa",
};

const names = new Set([
  ...Object.entries(OTHER_NAMES).flatMap(([area, list]) => list.split(" ").map((name) => (area ? `${area}/${name}` : name))),
  ...Intl.supportedValuesOf("timeZone"),
]);

const SIGNS: Readonly<Record<string, string>> = { "+": "_PLUS_", "-": "_MINUS_" };

/** `Etc/GMT+5` and `Etc/GMT-5` are two zones: a sign before a digit is spelled out. */
const wireName = (name: string) =>
  name
    .replaceAll(/[+-](?=\d)/g, (sign) => SIGNS[sign]!)
    .replaceAll(/\W/g, "_")
    .toUpperCase();

/** Time zones: on the wire `AMERICA_NEW_YORK`, stored and used as `America/New_York`. */
export const TimeZone: Readonly<Record<string, string>> = Object.fromEntries(
  [...names].toSorted().map((name) => [wireName(name), name]),
);
/** Name of a time zone in the IANA database. */
export type TimeZone = string;

const bySpelling = new Map(Object.entries(TimeZone).flatMap((both) => both.map((text) => [text.toUpperCase(), both[1]])));

/** Returns the time zone that a text names in any case, `Europe/Paris` or `EUROPE_PARIS`; undefined for none. */
export function zoneNamed(text: string): TimeZone | undefined {
  return bySpelling.get(text.toUpperCase());
}

registerEnumType(TimeZone, {
  name: "ExtrasScheduledJobTimeZoneChoices",
  description:
    "A time zone of the IANA database: its name in capitals, `_` for every other character, `_PLUS_` and `_MINUS_` for a sign before a digit.",
  valuesConfig: Object.fromEntries(Object.entries(TimeZone).map(([name, zone]) => [name, { description: `\`${zone}\`` }])),
});
