import { cutText } from "../../cut-text.ts";

/** Longest text that is told whole, in characters. */
const MAX_TEXT = 100;

/** Returns a rejected value as a sentence names it: texts cut short, and lists and objects by their kind only. */
export function shown(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "an object";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(cutText(value, MAX_TEXT, "…"));
}
