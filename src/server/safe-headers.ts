/** Headers of every answer: no browser takes it for another kind of thing than it says. Given with the others, as setting one apart takes longer. */
export const NO_SNIFFING = { "x-content-type-options": "nosniff" } as const;

/** Headers of every page and its files, and of every other answer that a browser may open: no other site shows them in a frame, or takes them in. */
export const PAGE_HEADERS = {
  ...NO_SNIFFING,
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
} as const;

/** Headers of an answer that is data, for one user alone: shown as a page, it loads and runs nothing, and no cache keeps it. */
export const DATA_HEADERS = {
  ...PAGE_HEADERS,
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  "cache-control": "no-store",
} as const;
