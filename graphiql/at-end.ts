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

/** Tells whether a reader looks at the end of a text, and so would see what is added to it. */
export function isAtEnd({ scrollTop, height, scrollHeight }: Place): boolean {
  return scrollTop + height >= scrollHeight - NEAR;
}
