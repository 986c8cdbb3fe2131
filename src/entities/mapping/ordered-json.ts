import { Type } from "@mikro-orm/core";
import { isDeep } from "../stored-json.ts";

/** JSON that keeps the order of its keys: PostgreSQL's `json` does, its `jsonb` sorts them. A new order is a change. */
export class OrderedJson extends Type<unknown, string> {
  override convertToDatabaseValue(value: unknown): string {
    // Null passes through: MikroORM converts it too. So does a converted value.
    return typeof value === "string" || value === null || value === undefined ? (value as string) : JSON.stringify(value);
  }

  override convertToJSValue(value: unknown): unknown {
    try {
      const read: unknown = typeof value === "string" ? JSON.parse(value) : value;
      return isDeep(read) ? {} : read;
    } catch {
      // A row with an odd value is an entity all the same, beside others that have nothing to do with it.
      return {};
    }
  }

  override compareAsType(): string {
    return "string";
  }

  override getColumnType(): string {
    return "json";
  }
}
