import { ApprovalWorkflowStage } from "./approval-workflow-stage.ts";
import { BaseModel } from "./base.ts";
import { ApprovalWorkflowStageResponseState } from "../choices.ts";
import { BelongsTo, Choice, Column, Model } from "../mapping/model.ts";
import { User } from "./user.ts";

/** What one user has decided on a stage, or said of it. */
@Model({
  description: "What one user has decided on a stage, or said of it.",
  ordering: ["approval_workflow_stage", "last_updated"],
  search: ["comments", "state"],
  indexes: [["approvalWorkflowStage", "lastUpdated"]],
})
export class ApprovalWorkflowStageResponse extends BaseModel {
  @BelongsTo(() => ApprovalWorkflowStage, { description: "The stage.", onDelete: "cascade", index: false })
  approvalWorkflowStage!: ApprovalWorkflowStage;

  @BelongsTo(() => User, { description: "Who responded; null once the user is deleted.", nullable: true, onDelete: "set null" })
  user!: User | null;

  @Column("string", { description: "Username of who responded, at the time.", length: 150, default: "" })
  userName!: string;

  @Column("text", { description: "What who responded had to say.", default: "" })
  comments!: string;

  @Choice(ApprovalWorkflowStageResponseState, {
    description: "What was decided.",
    plain: ApprovalWorkflowStageResponseState.COMMENT,
  })
  state!: ApprovalWorkflowStageResponseState;

  @Column("timestamp", { description: "When it was decided or said.", nullable: true, default: () => new Date() })
  lastUpdated!: Date | null;
}
