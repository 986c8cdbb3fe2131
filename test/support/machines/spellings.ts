/** Ways to write the URL of a server: all lead to the same. */
export function spellings(httpUrl: string): string[] {
  return ["http", "ws"].flatMap((scheme) =>
    ["", "/", "/graphql", "/graphql/"].map((path) => `${httpUrl.replace("http", scheme)}${path}`),
  );
}
