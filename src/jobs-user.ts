import { readFileSync } from "node:fs";

/** A user of the system, by numbers. */
export interface SystemUser {
  uid: number;
  gid: number;
}

/** Returns the user of a name, of a number, or of `UID:GID`; undefined when the system has none, or it is root. */
export function findUser(text: string): SystemUser | undefined {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(text) ?? [];
  const user = uid === undefined ? inPasswd(text) : { uid: Number(uid), gid: Number(gid) };
  return user?.uid === 0 ? undefined : user;
}

function inPasswd(text: string): SystemUser | undefined {
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name, , uid]) => name === text || uid === text);
  return user && { uid: Number(user[2]), gid: Number(user[3]) };
}
