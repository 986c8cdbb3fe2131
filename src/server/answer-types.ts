import { LRUCache } from "lru-cache";
import Negotiator from "negotiator";

/** The types of answer that a client takes. */
export interface AnswerTypes {
  /** The one of the two JSON types that it prefers; undefined when it takes neither. */
  json: (typeof JSON_TYPES)[number] | undefined;
  /** True when it names event streams. `*`/`*` names none: a client that takes anything waits for one answer. */
  stream: boolean;
}

const JSON_TYPES = ["application/json", "application/graphql-response+json"] as const;
const STREAM_TYPE = "text/event-stream";

/** Parameters of a media type other than its quality, such as `version=3.2` of Nautobot's clients: every version gets the same answer. */
const PARAMETERS = /;(?!\s*q\s*=)[^;,="]*(?:=\s*(?:"(?:[^"\\]|\\.)*"|[^;,"]*))?/gi;

/** Headers that are kept read; clients send few. */
const kept = new LRUCache<string, AnswerTypes>({ max: 100, memoMethod: read });

/** Reads an `Accept` header, by quality and order. */
export function answerTypesOf(accept: string | undefined): AnswerTypes {
  return kept.memo(accept ?? "*/*");
}

function read(header: string): AnswerTypes {
  const accept = header.replace(PARAMETERS, "");
  const types = new Negotiator({ headers: { accept } });
  const namesStream = /\btext\/(event-stream|\*)/i.test(accept);
  return {
    json: types.mediaTypes([...JSON_TYPES])[0] as AnswerTypes["json"],
    stream: namesStream && types.mediaTypes([STREAM_TYPE]).length > 0,
  };
}
