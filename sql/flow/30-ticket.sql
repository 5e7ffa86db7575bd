-- Tickets and what is said about them. Rows are the interface: INSERT and UPDATE, triggers do the rest (design 2.1).

CREATE SEQUENCE csflow.ticket_no_seq AS bigint MINVALUE 1;
COMMENT ON SEQUENCE csflow.ticket_no_seq IS 'Carries YYYYMM * 10^10 + serial; moved to the next month by csflow.next_ticket_no().';

CREATE TABLE csflow.ticket_month (
  month date PRIMARY KEY,
  last_serial bigint NOT NULL
);
COMMENT ON TABLE csflow.ticket_month IS 'Last serial given to imported tickets of a month before the current one (csflow.next_ticket_no(timestamptz)).';

CREATE TABLE csflow.ticket (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL DEFAULT csflow.next_ticket_no(),
  state text NOT NULL DEFAULT 'new',
  channel text NOT NULL,
  customer_id bigint,
  customer_tier text,
  title text,
  body text NOT NULL DEFAULT '',
  body_origin text NOT NULL DEFAULT 'customer' CHECK (body_origin IN ('customer', 'transcript', 'staff')),
  kind text,
  category_id bigint,
  category_given boolean NOT NULL DEFAULT false,
  domain text,
  tag csflow.tag,
  impact smallint CHECK (impact BETWEEN 1 AND 3),
  urgency smallint CHECK (urgency BETWEEN 1 AND 3),
  priority csflow.priority,
  priority_reason text,
  score integer,
  needs_review boolean,
  emotion double precision,
  anger double precision,
  anxiety double precision,
  rules_version bigint,
  notified_team_ids bigint[],
  complexity text,
  handling_tier smallint CHECK (handling_tier BETWEEN 1 AND 4),
  team_id bigint,
  agent_id bigint,
  first_handler_id bigint,
  reviewer_id bigint,
  amount numeric CHECK (amount >= 0 AND amount < 'Infinity'),
  attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  source text NOT NULL DEFAULT 'csflow',
  external_id text,
  parent_no csflow.ticket_no,
  duplicate_of csflow.ticket_no,
  opened_at timestamptz,
  accepted_at timestamptz,
  first_response_at timestamptz,
  answered_at timestamptz,
  closed_at timestamptz,
  close_reason text,
  archived_at timestamptz,
  last_customer_message_at timestamptz,
  last_public_message_at timestamptz,
  next_news_at timestamptz,
  transfer_count integer NOT NULL DEFAULT 0,
  reopen_count integer NOT NULL DEFAULT 0,
  changed_at timestamptz,
  changed_by bigint,
  changed_by_kind text CHECK (changed_by_kind IN ('agent', 'customer', 'system', 'unknown')),
  change_reason text,
  PRIMARY KEY (desk_id, ticket_no),
  UNIQUE (desk_id, source, external_id),
  FOREIGN KEY (desk_id, customer_id) REFERENCES csflow.customer
) WITH (fillfactor = 85);
CREATE INDEX ticket_customer ON csflow.ticket (desk_id, customer_id, opened_at) WHERE customer_id IS NOT NULL;
CREATE INDEX ticket_queue ON csflow.ticket (desk_id, team_id, priority DESC, opened_at) WHERE state NOT IN ('answered', 'closed', 'duplicate', 'invalid');
CREATE INDEX ticket_category ON csflow.ticket (desk_id, category_id, opened_at) WHERE state NOT IN ('answered', 'closed', 'duplicate', 'invalid');
CREATE INDEX ticket_opened ON csflow.ticket (desk_id, opened_at);
CREATE INDEX ticket_to_archive ON csflow.ticket (desk_id, closed_at) WHERE closed_at IS NOT NULL AND archived_at IS NULL;
-- These are never closed. By opened_at, which no UPDATE changes.
CREATE INDEX ticket_dead_to_archive ON csflow.ticket (desk_id, opened_at) WHERE state IN ('duplicate', 'invalid') AND archived_at IS NULL;
CREATE INDEX ticket_parent ON csflow.ticket (desk_id, parent_no) WHERE parent_no IS NOT NULL;
COMMENT ON TABLE csflow.ticket IS 'One row a problem. INSERT opens, UPDATE of state, team_id, agent_id, priority or category_id moves it; everything else is filled by triggers unless given (handbook A, B, C, F).';
COMMENT ON COLUMN csflow.ticket.state IS 'new, assigned, in_progress, waiting_customer, waiting_partner, waiting_approval, answered, under_review, closed, duplicate, invalid; changes must be in csflow.transition.';
COMMENT ON COLUMN csflow.ticket.customer_tier IS 'The customer''s tier when the ticket was opened; taken from customer.tier unless given.';
COMMENT ON COLUMN csflow.ticket.title IS 'Generated from the body when missing (handbook A3).';
COMMENT ON COLUMN csflow.ticket.body_origin IS 'Whose words body is: the customer''s own, a transcript, or staff''s.';
COMMENT ON COLUMN csflow.ticket.kind IS 'Code of the first level of category_id.';
COMMENT ON COLUMN csflow.ticket.category_given IS 'Whoever opened the ticket named its kind or category, so that the rules did not decide it. Filled when it is opened.';
COMMENT ON COLUMN csflow.ticket.priority_reason IS 'Why the ticket has its priority: matrix cell, rule or step, or that it was corrected; in no words of a person, which are with the event.';
COMMENT ON COLUMN csflow.ticket.score IS 'Weight of the rules that spoke for the category.';
COMMENT ON COLUMN csflow.ticket.needs_review IS 'The rules could not decide; a coordinator sorts it (handbook C2).';
COMMENT ON COLUMN csflow.ticket.emotion IS '-1 very negative … 1 positive (handbook B8).';
COMMENT ON COLUMN csflow.ticket.rules_version IS 'configuration_version.version with which it was classified.';
COMMENT ON COLUMN csflow.ticket.notified_team_ids IS 'Departments told at once when it was opened (handbook B4).';
COMMENT ON COLUMN csflow.ticket.complexity IS 'general, complex or cross_department, where the playbook tells them apart.';
COMMENT ON COLUMN csflow.ticket.first_handler_id IS 'Agent who took it up first, or answered it untaken.';
COMMENT ON COLUMN csflow.ticket.reviewer_id IS 'While under review: agent who reviews it, never first_handler_id (handbook F3); empty again with each objection.';
COMMENT ON COLUMN csflow.ticket.amount IS 'Amount at stake, in the desk''s currency.';
COMMENT ON COLUMN csflow.ticket.attributes IS 'The structured snapshot: account, device, versions, operation path, region, order number, … (handbook A3).';
COMMENT ON COLUMN csflow.ticket.external_id IS 'Number in the system it came from; unique per desk and source, so that intake is idempotent (handbook I1).';
COMMENT ON COLUMN csflow.ticket.archived_at IS 'When personal data in its texts were masked for good (desk.archive_after; handbook F8); NULL: not yet, or not what came after.';
COMMENT ON COLUMN csflow.ticket.transfer_count IS 'Changes of department after the first.';
COMMENT ON COLUMN csflow.ticket.reopen_count IS 'Times it left answered or closed for a working state.';
COMMENT ON COLUMN csflow.ticket.changed_at IS 'Instant of the last change. Given in an UPDATE it is that change''s instant, not before the last one; else greatest(now(), last change).';
COMMENT ON COLUMN csflow.ticket.changed_by IS 'Agent who made the last change: the one whose role_name is current_user, or named by one who may act for others.';
COMMENT ON COLUMN csflow.ticket.changed_by_kind IS 'Whose doing the last change was: agent, customer, system (a job or rule) or unknown (no agent has this database role). Filled unless given.';
COMMENT ON COLUMN csflow.ticket.change_reason IS 'Reason of the last change, kept with its event.';

CREATE SEQUENCE csflow.message_no_seq AS bigint;
CREATE TABLE csflow.message (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  message_no bigint NOT NULL DEFAULT nextval('csflow.message_no_seq'),
  at timestamptz,
  author_kind text CHECK (author_kind IN ('customer', 'agent', 'system')),
  is_public boolean NOT NULL DEFAULT true,
  body text NOT NULL DEFAULT '',
  milestone text,
  next_news_at timestamptz,
  channel text,
  source text NOT NULL DEFAULT 'csflow',
  external_id text,
  changed_by bigint,
  team_id bigint,
  PRIMARY KEY (desk_id, ticket_no, message_no),
  UNIQUE (desk_id, ticket_no, source, external_id)
) PARTITION BY RANGE (ticket_no);
COMMENT ON TABLE csflow.message IS 'What customers, agents and the system say about a ticket, and the milestones they record. Messages start and stop clocks.';
COMMENT ON COLUMN csflow.message.author_kind IS 'customer, agent or system (automatic); agent when the author is an agent and nothing is given.';
COMMENT ON COLUMN csflow.message.is_public IS 'True: the customer sees it. A note between colleagues is not public.';
COMMENT ON COLUMN csflow.message.milestone IS 'What this message records, such as cause_located or progress_entered; one of the desk''s milestone captions.';
COMMENT ON COLUMN csflow.message.team_id IS 'Department it speaks for or concerns, where clocks have departments as subjects; its author''s unless given.';
COMMENT ON COLUMN csflow.message.next_news_at IS 'Instant the message names for the next news or the promised thing (handbook A2, D12).';

CREATE SEQUENCE csflow.attachment_no_seq AS bigint;
CREATE TABLE csflow.attachment (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  attachment_no bigint NOT NULL DEFAULT nextval('csflow.attachment_no_seq'),
  message_no bigint,
  name text NOT NULL CHECK (name <> ''),
  uri text NOT NULL CHECK (uri <> ''),
  media_type text NOT NULL DEFAULT 'application/octet-stream',
  size_bytes bigint CHECK (size_bytes >= 0),
  sha256 bytea CHECK (octet_length(sha256) = 32),
  purpose text CHECK (purpose IN ('evidence', 'scene_video', 'log_screenshot', 'report', 'other')),
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (desk_id, ticket_no, attachment_no),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket
);
COMMENT ON TABLE csflow.attachment IS 'References to files kept elsewhere, with size and hash (handbook C4, I3).';
