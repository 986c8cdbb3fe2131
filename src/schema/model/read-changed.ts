import { fullReader, type Reader } from "../reading/reader.ts";
import type { GraphQLResolveInfo } from "graphql";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { AppError } from "../../errors.ts";
import { readOne, type Row } from "../reading/list.ts";
import { selectedColumns } from "../reading/selection.ts";

/**
 * Returns an object as a mutation has left it, with the columns that the operation selects.
 * @throws {@link AppError} NOT_FOUND when somebody else has deleted it since; FORBIDDEN when the user may not view it as it is now.
 */
export async function readChanged(reader: Reader, info: GraphQLResolveInfo, shape: ModelShape, id: string): Promise<Row> {
  const row = await readOne(reader, shape, selectedColumns(info, shape), id);
  if (row) return row;
  if (await readOne(fullReader(reader.database), shape, ["id"], id))
    throw new AppError("FORBIDDEN", `The object with id "${id}" was written, but you may not view it.`);
  throw new AppError("NOT_FOUND", `The object with id "${id}" was written, but another user has deleted it since.`);
}
