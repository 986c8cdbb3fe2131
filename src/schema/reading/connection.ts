import type { Reader } from "./reader.ts";
import type { ClassType } from "type-graphql";
import { Field, Int, ObjectType } from "type-graphql";
import type { ModelShape } from "../../entities/mapping/shape.ts";
import { fieldError } from "../../errors.ts";
import { encodeCursor, seek } from "./cursor.ts";
import { type ListArguments, type ListScope, readCount, readFilters } from "./list-arguments.ts";
import { countRows, type ListRequest, readLists, readRows, type Row } from "./list.ts";
import { type Owners, owningColumn } from "./list-statement.ts";
import { weighRows, weightOf } from "./weights.ts";
import { orderOf, type OrderKey } from "./order.ts";
import { alsoReading } from "./selection.ts";

/** The position of a page in its list. */
@ObjectType({ description: "The position of a page in its list." })
export class PageInfo {
  @Field(() => Boolean, { description: "True when more objects follow the page." })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "True when objects precede the page." })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: "Cursor of the page's first object; null for an empty page." })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "Cursor of the page's last object; null for an empty page." })
  endCursor!: string | null;
}

/** An object of a page, and its place. */
export interface Edge {
  node: Row;
  cursor: string;
}

/** A page of a list. */
export interface Connection {
  edges: Edge[];
  nodes: Row[];
  pageInfo: PageInfo;
  /** A promise once it is read, so that an operation without it counts nothing. */
  readonly totalCount: Promise<number>;
}

const types = new Map<object, ClassType<object>>();

/** The type of a page of a model's objects, with that of its edges: `JobTypeConnection`, `JobTypeEdge`. Each model has one. */
export function connectionOf(model: { name: string }): ClassType<object> {
  let type = types.get(model);
  if (!type) types.set(model, (type = declareTypes(model)));
  return type;
}

function declareTypes(model: { name: string }): ClassType<object> {
  @ObjectType(`${model.name}TypeEdge`, { description: "An object of a page, with its cursor." })
  class ModelEdge {
    @Field(() => model as never, { description: "The object." })
    node!: object;

    @Field(() => String, { description: "Cursor of the object, for `after` or `before`." })
    cursor!: string;
  }

  @ObjectType(`${model.name}TypeConnection`, { description: "A page of a list." })
  class ModelConnection {
    @Field(() => [ModelEdge], { description: "The objects of the page, with their cursors." })
    edges!: ModelEdge[];

    @Field(() => [model] as never, { description: "The objects of the page." })
    nodes!: object[];

    @Field(() => PageInfo, { description: "The position of the page in its list." })
    pageInfo!: PageInfo;

    @Field(() => Int, { description: "Number of objects in the list." })
    totalCount!: number;
  }
  return ModelConnection;
}

/** A connection's arguments, understood. */
interface PageRequest extends ListRequest {
  /** The order of the list; the page is read in the opposite one when it is taken from the end. */
  listOrder: readonly OrderKey[];
  /** Filters alone, without the place: the total counts their objects. */
  filters: NonNullable<ListRequest["where"]>;
  size: number;
  backward: boolean;
  isSought: boolean;
}

/** @throws {@link AppError} BAD_USER_INPUT that names the argument. */
async function readPageRequest(
  reader: Reader,
  shape: ModelShape,
  args: ListArguments,
  scope: ListScope,
  owners: Owners | undefined,
): Promise<PageRequest> {
  const { maxPageSize, defaultPageSize, viewerId } = scope;
  const [first, last] = (["first", "last"] as const).map((name) => readCount(name, args[name], maxPageSize));
  if (first !== undefined && last !== undefined) refuse("last", "Give first or last, not both.");
  const order = orderOf(shape, (args["sort"] as readonly string[] | null | undefined) ?? undefined);
  const filters = await readFilters(reader, shape, args, viewerId);
  const places = (["after", "before"] as const).flatMap((name) =>
    typeof args[name] === "string" ? [seek(shape, order, name, args[name], owningColumn(owners))] : [],
  );
  const backward = last !== undefined;
  const size = first ?? last ?? defaultPageSize ?? maxPageSize;
  return {
    filters,
    where: [...filters, ...places],
    listOrder: order,
    order: backward ? order.map((key) => ({ ...key, descending: !key.descending })) : order,
    // A further row tells whether the list goes on.
    limit: size + 1,
    size,
    backward,
    isSought: places.length > 0,
  };
}

function refuse(field: string, message: string): never {
  throw fieldError("BAD_USER_INPUT", field, message);
}

/**
 * Pages of a model's list, one for each owner, or one of the whole; as one statement, and one more for the totals where they are looked at.
 * @throws {@link AppError} BAD_USER_INPUT that names the argument.
 */
export async function readConnections(
  reader: Reader,
  shape: ModelShape,
  columns: readonly string[],
  args: ListArguments,
  scope: ListScope,
  owners?: Owners,
): Promise<Connection[]> {
  const request = await readPageRequest(reader, shape, args, scope, owners);
  const needed = alsoReading(columns, ["id", ...request.listOrder.map(({ column }) => column)]);
  let totals: Promise<Map<string | undefined, number>> | undefined;
  const countAll = async () =>
    new Map((await countRows(reader, shape, request.filters, owners)).map(({ owner, count }) => [owner, count]));
  const page = (owner: string | undefined, found: Row[]) =>
    pageOf(shape, request, found, async () => (await (totals ??= countAll())).get(owner) ?? 0);
  if (!owners) return [page(undefined, await readRows(reader, shape, needed, request))];
  const lists = await readLists(reader, shape, needed, request, owners);
  return lists.map((rows, n) => page(owners.ids[n], rows));
}

/** About how many characters a page adds to an answer. @param columns of the selection of its objects. */
export function weighConnection({ nodes }: Connection, columns: readonly string[]): number {
  return weighRows(nodes, weightOf(columns)) + nodes.length * CURSOR_LENGTH;
}

/** About. */
const CURSOR_LENGTH = 100;

function pageOf(
  shape: ModelShape,
  { size, backward, isSought, listOrder }: PageRequest,
  found: Row[],
  count: () => Promise<number>,
): Connection {
  const goesOn = found.length > size;
  const nodes = found.slice(0, size);
  if (backward) nodes.reverse();
  const edges = nodes.map((node) => ({ node, cursor: encodeCursor(shape, node, listOrder) }));
  return {
    nodes,
    edges,
    pageInfo: {
      hasNextPage: backward ? isSought : goesOn,
      hasPreviousPage: backward ? goesOn : isSought,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return count();
    },
  };
}
