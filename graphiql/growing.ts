import type { ExecutionResult } from "graphql";

/** Objects of a list that an answer shows; older ones make room, because the editor takes the whole answer anew for each event. */
export const SHOWN_OBJECTS = 1000;

/**
 * An answer to show for each event of a subscription: its lists hold the objects of earlier events before the new ones,
 * so that a log grows. All else is the event's own.
 */
export function growing(): (event: ExecutionResult) => ExecutionResult {
  const shown = new Map<string, unknown[]>();
  return (event) => {
    if (!event.data) return event;
    const grown = Object.entries(event.data).map(([key, value]) => {
      if (!Array.isArray(value)) return [key, value];
      const objects = [...(shown.get(key) ?? []), ...(value as unknown[])].slice(-SHOWN_OBJECTS);
      shown.set(key, objects);
      return [key, objects];
    });
    return { ...event, data: Object.fromEntries(grown) as Record<string, unknown> };
  };
}
