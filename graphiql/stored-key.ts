const STORAGE_KEY = "jobgraph:token";

/**
 * Returns the key that a person has given to the page, kept for as long as the browser tab is open; empty when there is none. A `#token=KEY` of the
 * address is such a key, and moves out of sight before it can be copied or bookmarked along with the page.
 */
export function storedKey(): string {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given !== null) {
    storeKey(given);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(STORAGE_KEY) ?? "";
}

/** Keeps a key; an empty one forgets it. */
export function storeKey(key: string): void {
  if (key) sessionStorage.setItem(STORAGE_KEY, key);
  else sessionStorage.removeItem(STORAGE_KEY);
}
