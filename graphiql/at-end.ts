/** Place of a reader in a text, in pixels, as the editor has it. */
export interface Place {
  /** Upper edge of the part that is shown. */
  scrollTop: number;
  /** Height of that part. */
  height: number;
  /** Height of the whole text. */
  scrollHeight: number;
}

/** Pixels from the end that still count as the end: a line, and rounding errors of zooming. */
const NEAR = 24;

/** True if a reader is at the end of a text, and so would see text that is added to it. */
export function isAtEnd({ scrollTop, height, scrollHeight }: Place): boolean {
  return scrollTop + height >= scrollHeight - NEAR;
}
