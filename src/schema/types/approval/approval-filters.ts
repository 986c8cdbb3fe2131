import { GraphQLBoolean, GraphQLString } from "graphql";
import { type RawBuilder, sql, type SqlBool } from "kysely";
import {
  ApprovalWorkflow,
  ApprovalWorkflowStage,
  ApprovalWorkflowStageDefinition,
  ScheduledJob,
} from "../../../entities/index.ts";
import { isDay } from "../../../entities/times/read-time.ts";
import { shapeOf } from "../../../entities/mapping/shape.ts";
import { shown } from "../../../entities/mapping/shown.ts";
import { columnFilters } from "../../reading/filters/column-filters.ts";
import { type Condition, type Filter, type PlainFilter, refuse, STRINGS } from "../../reading/condition.ts";
import { andSeen } from "../../reading/column-ref.ts";
import { addFilters } from "../../reading/filters/filters.ts";
import { checked, refersTo } from "../../reading/filters/relation-filters.ts";

/* Filters of approvals that do not follow from the shape of a model. */

/** Returns a condition: a stage waits for a decision now. */
const isActive = (stage: string) => sql<SqlBool>`${sql.ref(`${stage}.is_active_stage`)} = true`;

/** Returns a condition: a user is in the group of a stage, is not its requester, and has not approved it yet. */
function mayApprove(stage: string, userId: string): RawBuilder<SqlBool> {
  const of = (column: string) => sql.ref(`${stage}.${column}`);
  return sql`(exists (select 1 from approval_workflow_stage_definition d join group_user g on g.group_id = d.approver_group_id
      where d.id = ${of("approval_workflow_stage_definition_id")} and g.user_id = ${userId})
    and not exists (select 1 from approval_workflow w where w.id = ${of("approval_workflow_id")} and w.user_id = ${userId})
    and not exists (select 1 from approval_workflow_stage_response r
      where r.approval_workflow_stage_id = ${of("id")} and r.user_id = ${userId} and r.state = 'APPROVED'))`;
}

/** Returns a condition or its complement, which also holds where the condition is unknown. */
const asGiven =
  (holds: Condition, given: unknown): Condition =>
  (reader) =>
    given ? holds(reader) : sql<SqlBool>`(${holds(reader)} is not true)`;

addFilters(ApprovalWorkflowStage, {
  pending_my_approvals: {
    type: GraphQLBoolean,
    isPersonal: true,
    description: "True for stages that wait for your approval, false for all others.",
    condition(_, given, viewerId) {
      const waits = sql<SqlBool>`(${isActive("approval_workflow_stage")} and ${mayApprove("approval_workflow_stage", viewerId)})`;
      return asGiven(() => waits, given);
    },
  },
  decision_date_day: {
    type: GraphQLString,
    description: "Day of `decision_date` in UTC: `2026-03-01`.",
    condition(argument, given) {
      const start = new Date(`${String(given)}T00:00:00Z`);
      if (!isDay(String(given)) || String(given) === "9999-12-31")
        return refuse(argument, `${shown(given)} is not a day of ISO 8601, of the years 1 to 9999.`);
      const end = new Date(start.getTime() + 86_400_000);
      const date = sql.ref("approval_workflow_stage.decision_date");
      return () => sql<SqlBool>`(${date} >= ${start.toISOString()} and ${date} < ${end.toISOString()})`;
    },
  },
});

addFilters(ApprovalWorkflowStageDefinition, {
  approval_workflow: {
    type: STRINGS,
    description: "The definition of one of these workflows has the stage; workflows by id.",
    condition(argument, given) {
      const isNamed = refersTo(ApprovalWorkflow, () => sql.ref("id"), argument, given);
      return checked(isNamed, (reader) => {
        const followed = sql`select approval_workflow_definition_id from approval_workflow where ${isNamed(reader)}`;
        return sql<SqlBool>`(approval_workflow_stage_definition.approval_workflow_definition_id in (${followed}))`;
      });
    },
  },
});

addFilters(ScheduledJob, {
  pending_my_approvals: {
    type: GraphQLBoolean,
    isPersonal: true,
    description:
      "True for requests that wait for your approval, by permission or as a member of the active stage's group; false for all others.",
    condition(_, given, viewerId) {
      const stages = sql`from approval_workflow_stage s join approval_workflow o on o.id = s.approval_workflow_id
        where o.object_under_review_object_id = scheduled_job.id and o.current_state = 'PENDING' and ${isActive("s")}`;
      const waits: Condition = ({ database, rights }) => {
        const mine = rights.restrict("approve", ScheduledJob)?.(database) ?? sql<SqlBool>`(true)`;
        return sql<SqlBool>`(scheduled_job.state = 'PENDING' and (scheduled_job.user_id is null or scheduled_job.user_id <> ${viewerId})
        and (exists (select 1 ${stages} and ${mayApprove("s", viewerId)}) or (${mine} and not exists (select 1 ${stages}))))`;
      };
      return asGiven(waits, given);
    },
  },
  ...Object.fromEntries(approvalStateFilters()),
});

/** Yields the filters of Nautobot's `approval_state`, for the state of one of a schedule's workflows. With `n`, no workflow has the state. */
function* approvalStateFilters(): Generator<[string, Filter]> {
  const state = shapeOf(ApprovalWorkflow).columns.get("current_state")!;
  const filters = new Map(columnFilters("approval_state", state, sql.ref("approval_workflow.current_state")));
  for (const [lookup, { type, description }] of filters) {
    const isNegated = lookup.startsWith("n");
    const positive = filters.get(isNegated ? lookup.slice(1) : lookup)!;
    const filter: PlainFilter = {
      type,
      description: `For an approval workflow of the schedule: ${description}`,
      condition(argument, given) {
        const condition = positive.condition(argument, given);
        return (reader) => {
          const found = sql<SqlBool>`exists (select 1 from approval_workflow
            where approval_workflow.object_under_review_object_id = scheduled_job.id and ${condition(reader)}${andSeen(reader, shapeOf(ApprovalWorkflow))})`;
          return isNegated ? sql<SqlBool>`not ${found}` : found;
        };
      },
    };
    yield [lookup ? `approval_state__${lookup}` : "approval_state", filter];
  }
}
