import { DoubleType, IntegerType, StringType, TextType, type Type } from "@mikro-orm/core";

/*
 * Types of columns that may hold a value of another kind. Such a value is told as the plainest of the column's own kind, so that its row is an entity
 * all the same, beside others that have nothing to do with it.
 */

/** Returns a type of column that tells each value of its kind as it is, none as none, and any other as `plainest`. */
const telling = (Base: new () => Type<unknown, unknown>, isOfKind: (value: unknown) => boolean, plainest: number | string) =>
  class extends Base {
    override convertToJSValue(value: unknown): unknown {
      return value === null || value === undefined || isOfKind(value) ? value : plainest;
    }

    /** A value that is told otherwise is no change. */
    override ensureComparable(): boolean {
      return true;
    }
  };

const isText = (value: unknown) => typeof value === "string";

/** A short text. */
export const ToldString = telling(StringType, isText, "");

/** A text of any length. */
export const ToldText = telling(TextType, isText, "");

/** A whole number. */
export const ToldInteger = telling(IntegerType, Number.isFinite, 0);

/** A number. */
export const ToldFloat = telling(DoubleType, Number.isFinite, 0);
