import { Type } from "@mikro-orm/core";

/** JSON that keeps the order of its keys: PostgreSQL's `json` does, its `jsonb` sorts them. A new order is a change. */
export class OrderedJson extends Type<unknown, string> {
  override convertToDatabaseValue(value: unknown): string {
    // Null passes through: MikroORM converts it too. So does what was converted before.
    return typeof value === "string" || value === null || value === undefined ? (value as string) : JSON.stringify(value);
  }

  override convertToJSValue(value: unknown): unknown {
    return typeof value === "string" ? (JSON.parse(value) as unknown) : value;
  }

  override compareAsType(): string {
    return "string";
  }

  override getColumnType(): string {
    return "json";
  }
}
