-- What happened, what is running, what must go out. Written by triggers and jobs only.

CREATE TABLE csflow.event (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  seq integer NOT NULL,
  at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL,
  kind text NOT NULL,
  actor_kind text NOT NULL,
  actor_id bigint,
  old_state text,
  new_state text,
  old_value text,
  new_value text,
  clock text,
  run integer,
  step_position smallint,
  due_at timestamptz,
  message_no bigint,
  text_digest bytea,
  same_act boolean,
  hash bytea NOT NULL,
  PRIMARY KEY (desk_id, ticket_no, seq)
) PARTITION BY RANGE (ticket_no);
CREATE INDEX event_step ON csflow.event (desk_id, at) WHERE kind = 'step_fired';
COMMENT ON TABLE csflow.event IS 'Append-only audit: who did what when (handbook H1). Rows cannot be changed or removed; each carries the hash of itself and its predecessor.';
COMMENT ON COLUMN csflow.event.seq IS '1, 2, 3 … within the ticket.';
COMMENT ON COLUMN csflow.event.at IS 'Instant at which it happened in the business.';
COMMENT ON COLUMN csflow.event.recorded_at IS 'Start of the transaction that recorded it.';
COMMENT ON COLUMN csflow.event.kind IS 'opened, assigned, accepted, transferred, state_changed, answered, reopened, closed, category_changed, priority_changed, channel_changed, customer_tier_changed, complexity_changed, handling_tier_changed, reviewer_named, edited, customer_message, automatic_message, reply, note, step_fired, step_skipped, task_created, task_changed, task_done, task_cancelled, clocks_recomputed, right_granted, right_given_back.';
COMMENT ON COLUMN csflow.event.actor_kind IS 'customer, agent, system (a job or rule) or unknown (no agent has this database role).';
COMMENT ON COLUMN csflow.event.old_value IS 'Former agent, team, category or priority, by kind; former due instants (UTC) of recomputed clocks; of a message: senior when a person who is no novice wrote it (signal senior_message).';
COMMENT ON COLUMN csflow.event.new_value IS 'New agent, team, category or priority; close reason; milestone; action of a step; due instants (UTC) of recomputed clocks.';
COMMENT ON COLUMN csflow.event.due_at IS 'For step_fired: when the step was due; at is when it fired. For right_granted and right_given_back: when the right lapses.';
COMMENT ON COLUMN csflow.event.text_digest IS 'SHA-256 of salt and text of csflow.event_text, so that purging the text leaves the chain verifiable.';
COMMENT ON COLUMN csflow.event.same_act IS 'true: recorded by the same INSERT or UPDATE of the ticket as the event before it; NULL: by one of its own. Several at one instant stay apart by it when they are replayed.';
COMMENT ON COLUMN csflow.event.hash IS 'SHA-256 over the previous event''s hash and this event (design 2.19).';

CREATE TABLE csflow.event_text (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  seq integer NOT NULL,
  salt bytea,
  text text NOT NULL,
  PRIMARY KEY (desk_id, ticket_no, seq)
) PARTITION BY RANGE (ticket_no);
COMMENT ON TABLE csflow.event_text IS 'Reasons and other free text of events, apart from them so that it can be purged.';
COMMENT ON COLUMN csflow.event_text.salt IS 'Hashed with the text into csflow.event.text_digest; NULL once personal data in the text are masked.';

CREATE TABLE csflow.ticket_chain (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  seq integer NOT NULL,
  head bytea NOT NULL,
  PRIMARY KEY (desk_id, ticket_no)
) WITH (fillfactor = 70);
COMMENT ON TABLE csflow.ticket_chain IS 'Last sequence number and hash of each ticket''s events.';

CREATE TABLE csflow.clock (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  clock text NOT NULL,
  run integer NOT NULL,
  subject_id bigint,
  target_id bigint NOT NULL,
  calendar text NOT NULL,
  priority csflow.priority,
  started_at timestamptz NOT NULL,
  length_microseconds bigint,
  spent_microseconds bigint NOT NULL DEFAULT 0,
  run_since timestamptz,
  due_at timestamptz,
  next_position smallint,
  next_at timestamptz,
  next_closes boolean NOT NULL DEFAULT false,
  late_steps timestamptz[],
  paused_at timestamptz,
  paused_microseconds bigint NOT NULL DEFAULT 0,
  stopped_at timestamptz,
  outcome text CHECK (outcome IN ('met', 'breached', 'measured', 'void', 'lapsed')),
  missed smallint,
  turn text CHECK (turn IN ('customer', 'partner', 'nobody')),
  counted_until timestamptz,
  own_microseconds bigint,
  customer_microseconds bigint,
  partner_microseconds bigint,
  PRIMARY KEY (desk_id, ticket_no, clock, run)
) PARTITION BY RANGE (ticket_no);
CREATE INDEX clock_next ON csflow.clock (desk_id, next_at) WHERE next_at IS NOT NULL AND NOT next_closes;
CREATE INDEX clock_closing ON csflow.clock (desk_id, next_at) WHERE next_at IS NOT NULL AND next_closes;
-- What is late or about to be, among a year's clocks that have long stopped: csflow.late, due_within().
CREATE INDEX clock_due ON csflow.clock (desk_id, due_at) WHERE stopped_at IS NULL AND due_at IS NOT NULL;
COMMENT ON TABLE csflow.clock IS 'Every deadline of every ticket: a stopwatch in business time (design 2.2). Written by triggers and jobs.';
COMMENT ON COLUMN csflow.clock.run IS '1 for the first run of this clock on this ticket, 2 for the next …, whatever their subjects.';
COMMENT ON COLUMN csflow.clock.subject_id IS 'The department (team_id) or task (task_no) it concerns, as the target''s subject says; NULL: the ticket itself. Runs of different subjects are independent.';
COMMENT ON COLUMN csflow.clock.target_id IS 'The target in force.';
COMMENT ON COLUMN csflow.clock.calendar IS 'The working calendar in force: the clock reckons in it until its target changes or it is recomputed.';
COMMENT ON COLUMN csflow.clock.priority IS 'The ticket''s priority when the target took force.';
COMMENT ON COLUMN csflow.clock.length_microseconds IS 'Business time allowed; NULL: measured only.';
COMMENT ON COLUMN csflow.clock.spent_microseconds IS 'Business time used before run_since; the whole time once stopped.';
COMMENT ON COLUMN csflow.clock.run_since IS 'Since when it has been running; NULL while paused and once stopped.';
COMMENT ON COLUMN csflow.clock.due_at IS 'Due instant; NULL while paused (unless already overdue) and when measured only.';
COMMENT ON COLUMN csflow.clock.next_position IS 'Steps of the target from this position on have not fired.';
COMMENT ON COLUMN csflow.clock.next_at IS 'When the next step is due; NULL: none. The sweeps search this.';
COMMENT ON COLUMN csflow.clock.next_closes IS 'Whether that step closes the ticket (run_auto_close takes it, run_escalation the others).';
COMMENT ON COLUMN csflow.clock.paused_microseconds IS 'Elapsed time in pauses that have ended.';
COMMENT ON COLUMN csflow.clock.late_steps IS 'When the clock paused or stopped before a sweep had looked: the instants at which its next steps, from next_position on, had been due. The next sweep fires them.';
COMMENT ON COLUMN csflow.clock.outcome IS 'met or breached by the stored instants, measured (no length, or no promise), lapsed (a window that came to its end), void (no longer applied); NULL while it lasts.';
COMMENT ON COLUMN csflow.clock.missed IS 'Modes every and daily_at: runs missed in a row just before this one; NULL: none.';
COMMENT ON COLUMN csflow.clock.turn IS 'Whose turn it has been since counted_until: customer or partner (waited for), nobody (answered or closed); NULL: our own, or stopped.';
COMMENT ON COLUMN csflow.clock.counted_until IS 'Up to here the three following count; NULL: none yet (since started_at), or stopped.';
COMMENT ON COLUMN csflow.clock.own_microseconds IS 'Business time in which it was our turn, whether the clock paused or not; NULL: none counted yet.';
COMMENT ON COLUMN csflow.clock.customer_microseconds IS 'Business time in which the customer was waited for.';
COMMENT ON COLUMN csflow.clock.partner_microseconds IS 'Business time in which a partner was waited for.';

CREATE SEQUENCE csflow.outbox_id_seq AS bigint;
CREATE TABLE csflow.outbox (
  desk_id bigint NOT NULL,
  outbox_id bigint NOT NULL DEFAULT nextval('csflow.outbox_id_seq'),
  ticket_no csflow.ticket_no,
  created_at timestamptz NOT NULL,
  topic text NOT NULL,
  recipient_kind text NOT NULL CHECK (recipient_kind IN ('agent', 'team', 'role', 'customer')),
  recipient_id bigint,
  recipient text,
  clock text,
  due_at timestamptz,
  event_seq integer,
  payload jsonb,
  message_no bigint,
  sent_at timestamptz,
  PRIMARY KEY (desk_id, outbox_id)
);
CREATE INDEX outbox_ticket ON csflow.outbox (desk_id, ticket_no) WHERE ticket_no IS NOT NULL;
CREATE INDEX outbox_unsent ON csflow.outbox (desk_id, created_at) WHERE sent_at IS NULL;
COMMENT ON TABLE csflow.outbox IS 'What must reach people, written in the transaction that decided it (design 2.16). Whoever delivers sets sent_at.';
COMMENT ON COLUMN csflow.outbox.event_seq IS 'The event it tells of: csflow.event.seq of the ticket.';
COMMENT ON COLUMN csflow.outbox.topic IS 'warning, breach, escalation, review, offer, late_cause, approval, message, priority_risk, incident, survey, confirmation, surge, audit_anchor, erase_file.';
COMMENT ON COLUMN csflow.outbox.payload IS 'What the message needs besides: for survey and confirmation token, expires_at, language and questions. The token is removed when sent_at is set.';
COMMENT ON COLUMN csflow.outbox.message_no IS 'For topic message: the message of the ticket that must go out.';

CREATE SEQUENCE csflow.review_no_seq AS bigint;
CREATE TABLE csflow.review (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  review_no bigint NOT NULL DEFAULT nextval('csflow.review_no_seq'),
  kind text NOT NULL DEFAULT 'escalation' CHECK (kind IN ('escalation', 'supervisor', 'objection', 'emergency')),
  opened_at timestamptz NOT NULL,
  clock text,
  run integer,
  participants text[] NOT NULL,
  participant_ids bigint[] NOT NULL DEFAULT '{}',
  closed_at timestamptz,
  outcome text,
  explanation text,
  closed_by bigint,
  PRIMARY KEY (desk_id, ticket_no, review_no),
  UNIQUE (desk_id, ticket_no, clock, run, kind),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket
);
COMMENT ON TABLE csflow.review IS 'Reviews with their participants: opened by a step (open_review) or csflow.open_review(), ended by csflow.close_review() (handbook D3, F3, F6, B3).';
COMMENT ON COLUMN csflow.review.kind IS 'escalation: no breakthrough (D3); supervisor: after a low score (F6); objection: of the answer (F3); emergency: the emergency group (B3).';
COMMENT ON COLUMN csflow.review.clock IS 'Clock and run whose step opened it; NULL: a person did.';
COMMENT ON COLUMN csflow.review.participants IS 'Who takes part, as csflow.step.recipients names them.';
COMMENT ON COLUMN csflow.review.participant_ids IS 'Beside each participant the agent it was when the review was opened; NULL: a department, or a post that was vacant.';
COMMENT ON COLUMN csflow.review.closed_at IS 'When it ended; NULL: it lasts.';
COMMENT ON COLUMN csflow.review.outcome IS 'What it came to; for objections uphold, amend or higher_level.';
COMMENT ON COLUMN csflow.review.explanation IS 'Why.';
COMMENT ON COLUMN csflow.review.closed_by IS 'Agent who ended it.';

CREATE TABLE csflow.late_cause (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  clock text NOT NULL,
  run integer NOT NULL,
  cause text NOT NULL,
  explanation text,
  recorded_by bigint,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (desk_id, ticket_no, clock, run),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket
);
COMMENT ON TABLE csflow.late_cause IS 'Why promises were broken, one row a run of a clock: written by csflow.record_late_cause(); what is missing is in csflow.late_cause_missing (handbook G5).';
COMMENT ON COLUMN csflow.late_cause.cause IS 'Code of csflow.caption of kind late_cause: process_design, staff_skill, resources, or the desk''s own.';
COMMENT ON COLUMN csflow.late_cause.recorded_by IS 'Agent who recorded it; NULL: no agent has that role.';

CREATE SEQUENCE csflow.approval_no_seq AS bigint;
CREATE TABLE csflow.approval (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  approval_no bigint NOT NULL DEFAULT nextval('csflow.approval_no_seq'),
  subject text NOT NULL,
  amount numeric CHECK (amount >= 0 AND amount < 'Infinity'),
  proposal text NOT NULL,
  proposed_by bigint,
  proposed_at timestamptz NOT NULL,
  approver text,
  is_approved boolean,
  decision text,
  decided_by bigint,
  decided_at timestamptz,
  PRIMARY KEY (desk_id, ticket_no, approval_no),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket,
  CONSTRAINT approval_not_by_proposer CHECK (decided_by <> proposed_by),
  CONSTRAINT approval_decided CHECK ((decided_at IS NULL) = (is_approved IS NULL))
);
COMMENT ON TABLE csflow.approval IS 'What was put up for approval and how it was decided: written by csflow.request_approval() and csflow.decide() (handbook E2). A row that is undecided tells who decides, csflow.outbox topic approval. Nobody decides what they have proposed.';
COMMENT ON COLUMN csflow.approval.subject IS 'Code of csflow.caption of kind approval_subject: refund, large_compensation, other_departments, plan, or the desk''s own.';
COMMENT ON COLUMN csflow.approval.amount IS 'Amount it is about, in the desk''s currency.';
COMMENT ON COLUMN csflow.approval.proposal IS 'What is to be approved.';
COMMENT ON COLUMN csflow.approval.approver IS 'The lowest approver of csflow.approval_limit whose limit covers the amount, filled by a trigger; NULL: anybody but the proposer.';
COMMENT ON COLUMN csflow.approval.is_approved IS 'NULL: not decided yet.';
COMMENT ON COLUMN csflow.approval.decision IS 'Reason of the decision.';

CREATE TABLE csflow.duplicate_queue (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  PRIMARY KEY (desk_id, ticket_no)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
COMMENT ON TABLE csflow.duplicate_queue IS 'Tickets that run_duplicate_check has not looked at yet: those with a customer, written with them (handbook A8). Rows go once they are checked.';

CREATE TABLE csflow.incident (
  desk_id bigint NOT NULL,
  parent_no csflow.ticket_no NOT NULL,
  category_id bigint NOT NULL,
  facet text NOT NULL CHECK (facet IN ('region', 'version', 'category')),
  value text NOT NULL,
  opened_at timestamptz NOT NULL,
  checked_at timestamptz NOT NULL,
  workaround text CHECK (workaround <> ''),
  resolved_at timestamptz,
  PRIMARY KEY (desk_id, parent_no),
  FOREIGN KEY (desk_id, parent_no) REFERENCES csflow.ticket
);
CREATE UNIQUE INDEX incident_open ON csflow.incident (desk_id, category_id, facet, value) WHERE resolved_at IS NULL;
CREATE INDEX incident_category ON csflow.incident (desk_id, category_id, facet, value);
COMMENT ON TABLE csflow.incident IS 'Mass incidents: many customers with one problem (handbook B9). The children of parent_no are the tickets with that parent_no. Write workaround; the rest is kept by run_incident_watch and resolve_incident.';
COMMENT ON COLUMN csflow.incident.parent_no IS 'The parent ticket, which stands for the incident.';
COMMENT ON COLUMN csflow.incident.facet IS 'In what the tickets agree besides the category: region, version, or nothing else (category).';
COMMENT ON COLUMN csflow.incident.value IS 'That region or version, folded; empty for facet category.';
COMMENT ON COLUMN csflow.incident.checked_at IS 'Instant of the last pass that looked for more.';
COMMENT ON COLUMN csflow.incident.workaround IS 'What customers can do meanwhile: each child''s customer is told it once, by an automatic message.';
COMMENT ON COLUMN csflow.incident.resolved_at IS 'When it ended; NULL: it lasts.';

CREATE SEQUENCE csflow.job_run_id_seq AS bigint;
CREATE TABLE csflow.job_run (
  run_id bigint NOT NULL DEFAULT nextval('csflow.job_run_id_seq') PRIMARY KEY,
  job text NOT NULL,
  at timestamptz NOT NULL,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  rows bigint NOT NULL DEFAULT 0,
  errors bigint NOT NULL DEFAULT 0,
  error_code text,
  error text
);
CREATE INDEX job_run_job ON csflow.job_run (job, started_at DESC);
COMMENT ON TABLE csflow.job_run IS 'History of the scheduled jobs (handbook H3). A row without finished_at is running or was killed.';
COMMENT ON COLUMN csflow.job_run.at IS 'The instant the run worked for.';
COMMENT ON COLUMN csflow.job_run.rows IS 'Steps fired, tickets closed, entries chased, duplicates marked, things done for incidents, or partitions created and old runs forgotten.';
COMMENT ON COLUMN csflow.job_run.errors IS 'Tickets set aside by this run, see csflow.set_aside.';
COMMENT ON COLUMN csflow.job_run.error_code IS 'SQLSTATE of the error that ended the run; NULL: it ran to its end.';
COMMENT ON COLUMN csflow.job_run.error IS 'That error, else the first of a ticket set aside.';

CREATE TABLE csflow.set_aside (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  job text NOT NULL,
  at timestamptz NOT NULL,
  retry_at timestamptz NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  error_code text NOT NULL,
  error text NOT NULL,
  PRIMARY KEY (desk_id, ticket_no, job)
);
COMMENT ON TABLE csflow.set_aside IS 'Tickets whose step raised an error in a sweep: left out until retry_at, so that they never block the rest. csflow.retry_set_aside() has them tried at once.';
