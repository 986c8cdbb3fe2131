import { once } from "node:events";
import { type IncomingHttpHeaders, request } from "node:http";

/** An answer as it came; the body is parsed where it is JSON. */
export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  body: any;
}

/** Sends a request with any headers, also those that `fetch` keeps for itself. */
export async function send(
  url: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: object | string } = {},
): Promise<HttpAnswer> {
  const sent = request(url, {
    method,
    headers: { ...(typeof body === "object" && { "content-type": "application/json" }), ...headers },
  });
  sent.end(typeof body === "object" ? JSON.stringify(body) : body);
  const [response] = await once(sent, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    status: response.statusCode,
    headers: response.headers,
    text,
    body: /^[[{]/.test(text) ? JSON.parse(text) : undefined,
  };
}

/** Signs in, and returns the header with the cookie, as a browser sends it. */
export async function signIn(
  url: string,
  username: string,
  password: string,
  headers: Record<string, string> = {},
): Promise<{ cookie: string }> {
  const {
    status,
    headers: answered,
    text,
  } = await send(`${url}/auth/sign-in`, {
    method: "POST",
    headers,
    body: { username, password },
  });
  if (status !== 200) throw new Error(`${status}: ${text}`);
  return { cookie: cookieOf(answered) };
}

/** The cookies that an answer sets. */
export const cookiesOf = ({ "set-cookie": set = [] }: IncomingHttpHeaders): [name: string, value: string][] =>
  set.map((one) => {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(one)!;
    return [name!, value!];
  });

/** The cookies that an answer sets, as a browser sends them back. */
const cookieOf = (headers: IncomingHttpHeaders): string =>
  cookiesOf(headers)
    .map(([name, value]) => `${name}=${value}`)
    .join("; ");
