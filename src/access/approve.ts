import { ScheduledJob } from "../entities/index.ts";
import { AppError } from "../errors.ts";
import { lacks } from "./rights.ts";

/** A group whose users may decide on a stage. */
export interface Approvers {
  /** Name of the group, for people. */
  name: string;
  userIds: ReadonlySet<string>;
}

/** A request that waits for an approval, and a user who wants to take part in that. */
export interface Participation {
  userId: string | null;
  /** Null for a requester who is deleted. */
  requesterId: string | null;
  /** The group of the active stage; undefined for a request without stages. */
  approvers: Approvers | undefined;
  /** True for a user with the right to approve the request. */
  mayApprove: boolean;
}

/** A part in an approval: to decide, to comment, or to withdraw the request. */
export type Part = "comment" | "decide" | "withdraw";

/** Throws unless the user may take that part in an approval. @throws {@link AppError} FORBIDDEN. */
export function mustTakePart(part: Part, participation: Participation): void {
  if (part === "decide") return mustDecide(participation);
  const { userId, requesterId, approvers, mayApprove } = participation;
  const isRequester = userId !== null && userId === requesterId;
  const isApprover = part === "comment" && userId !== null && approvers?.userIds.has(userId);
  if (!isRequester && !isApprover && !mayApprove) throw lacks("approve", ScheduledJob);
}

/** Users of the stage's group decide, and on a request without stages those with the right. Requesters do not decide on their own. */
function mustDecide({ userId, requesterId, approvers, mayApprove }: Participation): void {
  if (!approvers && !mayApprove) throw lacks("approve", ScheduledJob);
  if (approvers && (userId === null || !approvers.userIds.has(userId)))
    throw new AppError("FORBIDDEN", `Only users of the group "${approvers.name}" may decide on this stage.`);
  if (userId === requesterId) throw new AppError("FORBIDDEN", "This is your own request: another user has to decide on it.");
}
