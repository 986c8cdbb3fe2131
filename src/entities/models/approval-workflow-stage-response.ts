import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { BaseModel } from "./base.ts";
import { ApprovalWorkflowStageResponseState } from "../choices.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** A decision or comment of one user on a stage. */
@Model({
  description: "The decision or comment of one user on a stage.",
  ordering: ["approval_workflow_stage", "last_updated"],
  search: ["comments", "state"],
  indexes: [["approvalWorkflowStage", "lastUpdated"]],
})
export class ApprovalWorkflowStageResponse extends BaseModel {
  @BelongsTo(() => ApprovalWorkflowStage, { description: "The stage.", onDelete: "cascade", index: false })
  approvalWorkflowStage!: ApprovalWorkflowStage;

  @BelongsTo(() => User, { description: "The user; null once the user is deleted.", nullable: true, onDelete: "set null" })
  user!: User | null;

  @Column("string", { description: "Username at the time of the response.", length: 150, default: "" })
  userName!: string;

  @Column("text", { description: "Comment of the user.", default: "" })
  comments!: string;

  @Choice(ApprovalWorkflowStageResponseState, {
    description: "The decision.",
    plain: ApprovalWorkflowStageResponseState.COMMENT,
  })
  state!: ApprovalWorkflowStageResponseState;

  @Column("timestamp", { description: "Time of the response.", nullable: true, default: () => new Date() })
  lastUpdated!: Date | null;
}
