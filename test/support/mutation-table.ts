import { MUTATION_RIGHTS } from "../../src/access/mutation-rights.ts";
import { rightName } from "../../src/access/rights.ts";

/** The rows of the table of mutations and their rights, as docs/access.md has them, without the width of columns. */
export function mutationRows(): string[] {
  return [...MUTATION_RIGHTS].map(([name, { needs, ofKind, besides, decidesItself }]) => {
    const rights = needs.map(({ action, model, ofAll }) => `\`${rightName(action, model)}\`${ofAll ? " for all objects" : ""}`);
    if (ofKind) rights.push(`\`${ofKind.action}\` on the kind of \`${ofKind.argument}\``);
    if (decidesItself) rights.push("decides itself: nothing for one's own, a right for what is others'");
    return `| \`${name}\` | ${rights.join(", ")} | ${besides ?? ""} |`.replaceAll(/ +/g, " ");
  });
}
