import { randomBytes } from "node:crypto";
import type { Database } from "../../entities/database.ts";
import { newId } from "../../entities/new-id.ts";
import { hashKey } from "../authenticate.ts";

/** Browsers in which one user is signed in at a time; of more, the first are signed out. */
const MOST_BROWSERS = 100;

/** The session of a browser that has just begun. */
export interface Begun {
  /** The key, for the browser alone. */
  key: string;
  expires: Date;
}

/** Sessions of browsers. */
export interface BrowserSessions {
  /**
   * Begins a session, with a key that nobody has seen before.
   * @param before the key that the browser has brought: its session ends.
   */
  begin(userId: string, before: string | undefined): Promise<Begun>;
  /** Ends a session. @returns the name of its user; undefined for none. */
  end(key: string): Promise<string | undefined>;
}

/** @param lastsMs time from the sign-in to the end. @param now milliseconds since the epoch. */
export function createBrowserSessions({ rows }: Database, lastsMs: number, now: () => number): BrowserSessions {
  const end = async (key: string) => {
    const keyHash = hashKey(key);
    const found = await rows
      .selectFrom("user_session")
      .innerJoin("user", "user.id", "user_session.user_id")
      .select("user.username")
      .where("user_session.key_hash", "=", keyHash)
      .executeTakeFirst();
    await rows.deleteFrom("user_session").where("key_hash", "=", keyHash).execute();
    return found?.username;
  };

  return {
    async begin(userId, before) {
      if (before !== undefined) await end(before);
      const time = new Date(now()).toISOString();
      await rows.deleteFrom("user_session").where("expires", "<=", time).execute();
      const open = await rows
        .selectFrom("user_session")
        .select("id")
        .where("user_id", "=", userId)
        .orderBy("created", "desc")
        .offset(MOST_BROWSERS - 1)
        .limit(MOST_BROWSERS)
        .execute();
      if (open.length > 0)
        await rows
          .deleteFrom("user_session")
          .where(
            "id",
            "in",
            open.map(({ id }) => id),
          )
          .execute();
      const key = randomBytes(32).toString("base64url");
      const expires = new Date(now() + lastsMs);
      await rows
        .insertInto("user_session")
        .values({ id: newId(), user_id: userId, key_hash: hashKey(key), created: time, expires: expires.toISOString() })
        .execute();
      await rows.updateTable("user").set({ last_login: time }).where("id", "=", userId).execute();
      return { key, expires };
    },
    end,
  };
}
