import { DoubleType, IntegerType, StringType, TextType } from "@mikro-orm/core";

/*
 * Values of an entity whose column may hold one of another kind: that is told as the plainest of its own, so that the row is an entity all the same, beside
 * others that have nothing to do with it.
 */

const textOf = (value: unknown) => (value === null || value === undefined || typeof value === "string" ? value : "");

const numberOf = (value: unknown) =>
  value === null || value === undefined || (typeof value === "number" && Number.isFinite(value)) ? value : 0;

/** A short text. */
export class ToldString extends StringType {
  override convertToJSValue(value: unknown): string {
    return textOf(value) as string;
  }

  /** A value that is told otherwise is no change. */
  override ensureComparable(): boolean {
    return true;
  }
}

/** A text of any length. */
export class ToldText extends TextType {
  override convertToJSValue(value: unknown): string {
    return textOf(value) as string;
  }

  /** A value that is told otherwise is no change. */
  override ensureComparable(): boolean {
    return true;
  }
}

/** A whole number. */
export class ToldInteger extends IntegerType {
  override convertToJSValue(value: unknown): number {
    return numberOf(value) as number;
  }

  /** A value that is told otherwise is no change. */
  override ensureComparable(): boolean {
    return true;
  }
}

/** A number. */
export class ToldFloat extends DoubleType {
  override convertToJSValue(value: unknown): number {
    return numberOf(value) as number;
  }

  /** A value that is told otherwise is no change. */
  override ensureComparable(): boolean {
    return true;
  }
}
