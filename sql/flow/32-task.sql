-- Follow-up tasks (handbook D7): rows that people write; triggers start and stop their clocks.

CREATE SEQUENCE csflow.task_no_seq AS bigint;
CREATE TABLE csflow.task (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  task_no bigint NOT NULL DEFAULT nextval('csflow.task_no_seq'),
  title text NOT NULL CHECK (title <> ''),
  agent_id bigint,
  team_id bigint,
  priority csflow.priority,
  due_at timestamptz,
  message_no bigint,
  created_at timestamptz,
  done_at timestamptz,
  cancelled_at timestamptz,
  changed_at timestamptz,
  changed_by bigint,
  PRIMARY KEY (desk_id, ticket_no, task_no),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket,
  FOREIGN KEY (desk_id, agent_id) REFERENCES csflow.agent,
  FOREIGN KEY (desk_id, team_id) REFERENCES csflow.team,
  CONSTRAINT task_done_or_cancelled CHECK (num_nonnulls(done_at, cancelled_at) < 2)
);
CREATE INDEX task_open ON csflow.task (desk_id, agent_id, due_at) WHERE done_at IS NULL AND cancelled_at IS NULL;
COMMENT ON TABLE csflow.task IS 'Follow-up tasks and steps of a solution: one owner, one date (handbook D7). INSERT makes one; UPDATE of done_at or cancelled_at ends it, of due_at moves it. Clocks whose subject is task follow each.';
COMMENT ON COLUMN csflow.task.agent_id IS 'Its owner; NULL: anybody of team_id.';
COMMENT ON COLUMN csflow.task.team_id IS 'Department that does it.';
COMMENT ON COLUMN csflow.task.due_at IS 'When it is to be done; NULL: no date, its time is measured only. Another date is another promise: what was late before stays late.';
COMMENT ON COLUMN csflow.task.message_no IS 'The message it came from.';
COMMENT ON COLUMN csflow.task.created_at IS 'When it was made; now unless given.';
COMMENT ON COLUMN csflow.task.done_at IS 'When it was done; a task that is done stays so.';
COMMENT ON COLUMN csflow.task.cancelled_at IS 'When it turned out not to be needed: its clock is void, or breached if it was late.';
COMMENT ON COLUMN csflow.task.changed_at IS 'Instant of the last change; not before the ticket''s own last change.';
COMMENT ON COLUMN csflow.task.changed_by IS 'Agent who made the last change, where one who may act for others names them; the event has the actor in every case.';

CREATE TRIGGER task_before BEFORE INSERT OR UPDATE ON csflow.task FOR EACH ROW EXECUTE FUNCTION csflow.task_before();
CREATE TRIGGER task_after_insert AFTER INSERT ON csflow.task
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.task_after();
CREATE TRIGGER task_after_update AFTER UPDATE ON csflow.task
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.task_after();
CREATE TRIGGER task_kept BEFORE DELETE ON csflow.task
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_change('task', 'Cancel the task instead: UPDATE csflow.task SET cancelled_at = now().');
CREATE TRIGGER task_not_truncated BEFORE TRUNCATE ON csflow.task
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.refuse_change('task', 'Cancel tasks instead.');
