import type { Row } from "./workload.ts";

const HEAD = ["", "figure", "range", "Nautobot 3.2.7", "PostGraphile 5.1.5"];

/** Rows as text: the figure over all samples, and the lowest and highest of its repetitions where there were several. */
export function formatTable(title: string, rows: readonly Row[]): string {
  const body = rows.map(format);
  // A column that says nothing of any row is left out.
  const columns = [...HEAD.keys()].filter((column) => body.some((row) => row[column] !== ""));
  const cells = [[title, ...HEAD.slice(1)], ...body].map((row) => columns.map((column) => row[column]!));
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("   ")
      .trimEnd(),
  );
  lines.splice(1, 0, widths.map((width) => "─".repeat(width)).join("───"));
  return lines.join("\n");
}

function format({ name, unit, statistic, repetitions, nautobot = "", postgraphile = "" }: Row): string[] {
  const each = repetitions.map(statistic);
  const range = each.length > 1 ? `${number(Math.min(...each))}–${number(Math.max(...each))}` : "";
  return [name, `${number(statistic(repetitions.flat()))} ${unit}`, range, nautobot, postgraphile];
}

/** Three significant digits, and no fewer than stand before the point. */
function number(value: number): string {
  const digits = value === 0 ? 0 : Math.min(2, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
