import { JsonType, type Platform, type TransformContext } from "@mikro-orm/core";
import { isDeep } from "../stored-json.ts";

/** JSON of an entity: a value that is nested too deeply for a unit of work is none, so that the row is an entity all the same. */
export class ToldJson extends JsonType {
  override convertToJSValue(value: string, platform: Platform, context?: TransformContext): unknown {
    const read: unknown = super.convertToJSValue(value, platform, context);
    return isDeep(read) ? {} : read;
  }
}
