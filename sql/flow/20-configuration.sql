-- What a playbook fills: taxonomy, rules, calendars, targets, steps, transitions, captions. Plain rows (handbook H4).

CREATE SEQUENCE csflow.category_id_seq AS bigint;
CREATE TABLE csflow.category (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  category_id bigint NOT NULL DEFAULT nextval('csflow.category_id_seq'),
  parent_id bigint,
  code text NOT NULL,
  caption_zh text NOT NULL,
  caption_en text NOT NULL,
  tag_word text,
  team_id bigint,
  coordinating_team_ids bigint[] NOT NULL DEFAULT '{}',
  impact smallint CHECK (impact BETWEEN 1 AND 3),
  urgency smallint CHECK (urgency BETWEEN 1 AND 3),
  handling_tier smallint CHECK (handling_tier BETWEEN 1 AND 4),
  sort_order integer NOT NULL DEFAULT 0,
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, category_id),
  UNIQUE NULLS NOT DISTINCT (desk_id, parent_id, code),
  FOREIGN KEY (desk_id, parent_id) REFERENCES csflow.category,
  FOREIGN KEY (desk_id, team_id) REFERENCES csflow.team
);
COMMENT ON TABLE csflow.category IS 'Taxonomy in two levels: kinds (parent_id NULL) and their second level, with the responsibility matrix (handbook B1, C1).';
COMMENT ON COLUMN csflow.category.code IS 'Name used by playbooks, unique among its siblings; a kind''s code is stored in ticket.kind.';
COMMENT ON COLUMN csflow.category.tag_word IS 'Word for the first part of the tag, such as 故障; NULL takes the parent''s.';
COMMENT ON COLUMN csflow.category.team_id IS 'Handling department; NULL takes the parent''s.';
COMMENT ON COLUMN csflow.category.coordinating_team_ids IS 'Departments that help.';
COMMENT ON COLUMN csflow.category.impact IS '1 wide or funds … 3 slight; NULL takes the parent''s.';
COMMENT ON COLUMN csflow.category.urgency IS '1 at once … 3 can wait; NULL takes the parent''s.';
COMMENT ON COLUMN csflow.category.handling_tier IS 'L1 bot … L4 special group (handbook B5); NULL takes the parent''s.';

CREATE SEQUENCE csflow.rule_id_seq AS bigint;
CREATE TABLE csflow.keyword_rule (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  rule_id bigint NOT NULL DEFAULT nextval('csflow.rule_id_seq'),
  field text NOT NULL DEFAULT 'text'
    CHECK (field IN ('text', 'title', 'body', 'channel', 'customer_tier', 'business_object', 'attribute', 'amount')),
  attribute_key text,
  amount_at_least numeric,
  amount_below numeric,
  any_of text[] NOT NULL DEFAULT '{}',
  all_of text[] NOT NULL DEFAULT '{}',
  none_of text[] NOT NULL DEFAULT '{}',
  within_characters integer CHECK (within_characters > 0),
  part_of_word boolean NOT NULL DEFAULT false,
  weight smallint NOT NULL DEFAULT 2 CHECK (weight BETWEEN 1 AND 100),
  category_id bigint,
  domain text,
  impact smallint CHECK (impact BETWEEN 1 AND 3),
  urgency smallint CHECK (urgency BETWEEN 1 AND 3),
  raise_to csflow.priority,
  team_id bigint,
  notify_team_id bigint,
  reason text NOT NULL DEFAULT '',
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, rule_id),
  FOREIGN KEY (desk_id, category_id) REFERENCES csflow.category ON DELETE CASCADE,
  FOREIGN KEY (desk_id, team_id) REFERENCES csflow.team,
  FOREIGN KEY (desk_id, notify_team_id) REFERENCES csflow.team
);
-- Not compressed, so that the size of the table bounds the characters in it (csflow.check_rule_volume()).
ALTER TABLE csflow.keyword_rule ALTER COLUMN any_of SET STORAGE EXTERNAL, ALTER COLUMN all_of SET STORAGE EXTERNAL,
  ALTER COLUMN none_of SET STORAGE EXTERNAL;
COMMENT ON TABLE csflow.keyword_rule IS 'Words, and other facts of a ticket, that decide category, domain, impact, urgency, priority and team (handbook B2). A rule fires when any of any_of (if given), all of all_of and none of none_of occur in its field; one about the amount, when that lies within its bounds.';
COMMENT ON COLUMN csflow.keyword_rule.field IS 'Where to look: text (title and body), title, body; channel or customer_tier, which equal a pattern as a whole; business_object, the key business_module of ticket.attributes; attribute, its key attribute_key; amount.';
COMMENT ON COLUMN csflow.keyword_rule.attribute_key IS 'Key of ticket.attributes, with field attribute.';
COMMENT ON COLUMN csflow.keyword_rule.amount_at_least IS 'With field amount: fires from this amount on, in the desk''s currency; NULL: no lower bound.';
COMMENT ON COLUMN csflow.keyword_rule.amount_below IS 'With field amount: fires below this amount; NULL: no upper bound.';
COMMENT ON COLUMN csflow.keyword_rule.within_characters IS 'All of all_of must lie within so many characters of each other; NULL: anywhere.';
COMMENT ON COLUMN csflow.keyword_rule.part_of_word IS 'Whether Latin patterns may fire inside a longer word.';
COMMENT ON COLUMN csflow.keyword_rule.weight IS 'Added to the score of the category or domain for each distinct pattern that fires.';
COMMENT ON COLUMN csflow.keyword_rule.impact IS 'The ticket''s impact is at least this severe (1 is the most severe).';
COMMENT ON COLUMN csflow.keyword_rule.urgency IS 'The ticket''s urgency is at least this severe (1 is the most severe).';
COMMENT ON COLUMN csflow.keyword_rule.raise_to IS 'The ticket''s priority is at least this (handbook B4).';
COMMENT ON COLUMN csflow.keyword_rule.team_id IS 'Handling department instead of the category''s.';
COMMENT ON COLUMN csflow.keyword_rule.notify_team_id IS 'Department told at once (handbook B4).';

CREATE TABLE csflow.keyword_alias (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  word text NOT NULL CHECK (word <> ''),
  canonical text NOT NULL CHECK (canonical <> ''),
  PRIMARY KEY (desk_id, word)
);
COMMENT ON TABLE csflow.keyword_alias IS 'Regional and misspelt words: where a keyword contains canonical, word matches too (登入 for 登录).';

CREATE TABLE csflow.lexicon (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  word text NOT NULL CHECK (word <> ''),
  class text NOT NULL CHECK (class IN ('anger', 'anxiety', 'negative', 'positive', 'intensifier', 'negation')),
  weight double precision NOT NULL DEFAULT 1 CHECK (weight >= 0 AND weight <= 10),
  PRIMARY KEY (desk_id, word, class)
);
COMMENT ON TABLE csflow.lexicon IS 'Words of emotion, with intensifiers and negation (handbook B8).';

CREATE TABLE csflow.priority_rule (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  rule_id bigint NOT NULL DEFAULT nextval('csflow.rule_id_seq'),
  mode text NOT NULL CHECK (mode IN ('matrix', 'raise')),
  impact smallint CHECK (impact BETWEEN 1 AND 3),
  urgency smallint CHECK (urgency BETWEEN 1 AND 3),
  kind text,
  category_id bigint,
  channel text,
  customer_tier text,
  amount_at_least numeric,
  priority csflow.priority NOT NULL,
  notify_team_id bigint,
  reason text NOT NULL DEFAULT '',
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, rule_id),
  FOREIGN KEY (desk_id, category_id) REFERENCES csflow.category ON DELETE CASCADE,
  FOREIGN KEY (desk_id, notify_team_id) REFERENCES csflow.team,
  FOREIGN KEY (desk_id, channel) REFERENCES csflow.channel,
  CONSTRAINT priority_rule_matrix_has_impact_and_urgency_only CHECK (mode <> 'matrix' OR (impact IS NOT NULL AND urgency IS NOT NULL AND kind IS NULL AND category_id IS NULL
    AND channel IS NULL AND customer_tier IS NULL AND amount_at_least IS NULL)),
  CONSTRAINT priority_rule_raise_has_a_condition CHECK (mode <> 'raise' OR num_nonnulls(impact, urgency, kind, category_id, channel, customer_tier, amount_at_least) > 0)
);
CREATE UNIQUE INDEX priority_rule_matrix ON csflow.priority_rule (desk_id, impact, urgency) WHERE mode = 'matrix' AND is_active;
COMMENT ON TABLE csflow.priority_rule IS 'Impact × urgency matrix (mode matrix), and what lifts a ticket to at least a priority (mode raise): all conditions given must hold, NULL is any (handbook B3, B4).';
COMMENT ON COLUMN csflow.priority_rule.amount_at_least IS 'Amount at stake, in the desk''s currency.';

CREATE TABLE csflow.working_calendar (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  code text NOT NULL,
  base csflow.calendar NOT NULL,
  calendar csflow.calendar NOT NULL,
  caption text NOT NULL DEFAULT '',
  PRIMARY KEY (desk_id, code)
);
COMMENT ON TABLE csflow.working_calendar IS 'Named working calendars (handbook D8). Write base; calendar is base with the rows of calendar_day, kept by triggers.';

CREATE TABLE csflow.calendar_day (
  desk_id bigint NOT NULL,
  code text NOT NULL,
  day date NOT NULL,
  rule text NOT NULL,
  reason text NOT NULL DEFAULT '',
  PRIMARY KEY (desk_id, code, day),
  FOREIGN KEY (desk_id, code) REFERENCES csflow.working_calendar ON DELETE CASCADE
);
COMMENT ON TABLE csflow.calendar_day IS 'Exceptions of a working calendar, one date a row: a holiday is added with one INSERT.';
COMMENT ON COLUMN csflow.calendar_day.rule IS 'As in a date clause of a calendar: off, as mon, or shifts such as 09:00-12:00.';

CREATE SEQUENCE csflow.target_id_seq AS bigint;
CREATE TABLE csflow.target (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  target_id bigint NOT NULL DEFAULT nextval('csflow.target_id_seq'),
  clock text NOT NULL CHECK (clock ~ '^[a-z][a-z0-9_]{0,62}$'),
  kind text,
  category_id bigint,
  priority csflow.priority,
  channel text,
  channel_class text CHECK (channel_class IN ('instant', 'asynchronous')),
  customer_tier text,
  handling_tier smallint CHECK (handling_tier BETWEEN 1 AND 4),
  complexity text,
  is_exempt boolean NOT NULL DEFAULT false,
  mode text NOT NULL DEFAULT 'once' CHECK (mode IN ('once', 'each', 'every', 'daily_at')),
  duration interval,
  due_from text NOT NULL DEFAULT 'duration' CHECK (due_from IN ('duration', 'named', 'none')),
  daily_at time,
  calendar text NOT NULL,
  starts_on text[] NOT NULL DEFAULT '{opened}',
  stops_on text[] NOT NULL DEFAULT '{}',
  rearms_on text[] NOT NULL DEFAULT '{}',
  pauses_in text[] NOT NULL DEFAULT '{}',
  on_reopen text NOT NULL DEFAULT 'none' CHECK (on_reopen IN ('resume', 'restart', 'none')),
  subject text NOT NULL DEFAULT 'ticket' CHECK (subject IN ('ticket', 'team', 'task')),
  outlives_closing boolean NOT NULL DEFAULT false,
  is_window boolean NOT NULL DEFAULT false,
  goal_lasts boolean NOT NULL DEFAULT true,
  repeat_limit smallint NOT NULL DEFAULT 12 CHECK (repeat_limit > 0),
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, target_id),
  UNIQUE NULLS NOT DISTINCT (desk_id, clock, kind, category_id, priority, channel, channel_class, customer_tier, handling_tier, complexity),
  FOREIGN KEY (desk_id, category_id) REFERENCES csflow.category ON DELETE CASCADE,
  FOREIGN KEY (desk_id, channel) REFERENCES csflow.channel,
  FOREIGN KEY (desk_id, calendar) REFERENCES csflow.working_calendar
);
COMMENT ON TABLE csflow.target IS 'What each clock promises, to which tickets (handbook A2, D1-D12). Conditions: NULL is any; the most specific target wins. playbooks.md part 1 as rows.';
COMMENT ON COLUMN csflow.target.is_exempt IS 'Tickets that match have no such clock.';
COMMENT ON COLUMN csflow.target.mode IS 'once; each: a new run per start event; every: repeats while its states hold; daily_at: due each day at daily_at.';
COMMENT ON COLUMN csflow.target.duration IS 'Business time to the due instant; days are working days of the calendar; months are refused.';
COMMENT ON COLUMN csflow.target.due_from IS 'duration; named: the instant a message names (next_news_at); none: measured only.';
COMMENT ON COLUMN csflow.target.starts_on IS 'Signals that start the clock, see csflow.signals(); condition_met: when the ticket comes to match the conditions.';
COMMENT ON COLUMN csflow.target.stops_on IS 'Signals that stop it.';
COMMENT ON COLUMN csflow.target.rearms_on IS 'Signals that end the current run and start the next. One that is also in starts_on replaces the promise: the former run is void unless it is late already.';
COMMENT ON COLUMN csflow.target.pauses_in IS 'Ticket states in which the clock stands still.';
COMMENT ON COLUMN csflow.target.on_reopen IS 'When the ticket is reopened: go on with the time used before, start from zero, or neither.';
COMMENT ON COLUMN csflow.target.subject IS 'ticket: one run at a time; team: each department, task: each task has runs of its own, which only signals about it start and stop. The same for all targets of a clock.';
COMMENT ON COLUMN csflow.target.outlives_closing IS 'Whether the clock goes on, and may start, on a closed ticket. Duplicate and invalid tickets never have clocks.';
COMMENT ON COLUMN csflow.target.is_window IS 'A right that lapses when due, such as that to object: no promise, so its end is no breach and does not count in attainment.';
COMMENT ON COLUMN csflow.target.goal_lasts IS 'Mode once: a milestone of stops_on that was recorded before the run begins counts, and the run is met at its start.';
COMMENT ON COLUMN csflow.target.repeat_limit IS 'Modes every and daily_at: of so many runs missed in a row the last stays open and overdue, and no further one begins until a signal re-arms it. Of the other modes: runs after which offer_next offers the ticket to nobody any more.';

CREATE SEQUENCE csflow.step_id_seq AS bigint;
CREATE TABLE csflow.step (
  desk_id bigint NOT NULL,
  step_id bigint NOT NULL DEFAULT nextval('csflow.step_id_seq'),
  target_id bigint NOT NULL,
  position smallint NOT NULL CHECK (position BETWEEN 1 AND 100),
  at_share_pct double precision CHECK (at_share_pct >= 0 AND at_share_pct <= 10000),
  at_offset interval,
  level text NOT NULL DEFAULT 'escalation' CHECK (level IN ('warning', 'breach', 'escalation')),
  action text NOT NULL CHECK (action IN ('notify', 'raise_priority', 'raise_tier', 'assign_team', 'open_review', 'offer_next',
    'message_customer', 'open_ticket', 'ask_late_cause', 'close')),
  recipients text[] NOT NULL DEFAULT '{}',
  team_id bigint,
  close_reason text,
  review_kind text CHECK (review_kind IN ('escalation', 'supervisor', 'objection', 'emergency')),
  template text,
  category_id bigint,
  PRIMARY KEY (desk_id, step_id),
  UNIQUE (desk_id, target_id, position),
  FOREIGN KEY (desk_id, target_id) REFERENCES csflow.target ON DELETE CASCADE,
  FOREIGN KEY (desk_id, team_id) REFERENCES csflow.team,
  FOREIGN KEY (desk_id, category_id) REFERENCES csflow.category,
  CONSTRAINT step_has_share_or_offset CHECK (num_nonnulls(at_share_pct, at_offset) = 1),
  CONSTRAINT step_assign_team_has_team CHECK ((action = 'assign_team') = (team_id IS NOT NULL)),
  CONSTRAINT step_close_has_reason CHECK ((action = 'close') = (close_reason IS NOT NULL)),
  CONSTRAINT step_review_has_kind CHECK (review_kind IS NULL OR action = 'open_review'),
  CONSTRAINT step_text_has_template CHECK ((action IN ('message_customer', 'open_ticket')) = (template IS NOT NULL)),
  CONSTRAINT step_open_ticket_has_category CHECK ((action = 'open_ticket') = (category_id IS NOT NULL)),
  CONSTRAINT step_has_recipients CHECK (action NOT IN ('notify', 'open_review', 'ask_late_cause') OR cardinality(recipients) > 0)
);
COMMENT ON TABLE csflow.step IS 'What happens along a clock, in order of position: warnings, breach, escalation (handbook D3, D6).';
COMMENT ON COLUMN csflow.step.at_share_pct IS 'Share of the target''s length, in percent; 100 is the due instant.';
COMMENT ON COLUMN csflow.step.at_offset IS 'Business time after due (negative: before), instead of a share.';
COMMENT ON COLUMN csflow.step.action IS 'notify; raise_priority and raise_tier: by one; assign_team; open_review; offer_next: to the next free agent of the team; message_customer; open_ticket: linked to this one; ask_late_cause: see csflow.late_cause; close. doc/steps.md.';
COMMENT ON COLUMN csflow.step.recipients IS 'owner, team, supervisor, head, coordinator, the code of a team, or a post of it: CODE/supervisor, CODE/head; for open_review the participants.';
COMMENT ON COLUMN csflow.step.review_kind IS 'For open_review: escalation, supervisor, objection or emergency; NULL: escalation.';
COMMENT ON COLUMN csflow.step.template IS 'For message_customer and open_ticket: the text, a code of csflow.caption of kind template. {ticket_no} in it is this ticket, {due_at} the due instant of the clock as local time.';
COMMENT ON COLUMN csflow.step.category_id IS 'For open_ticket: category of the new ticket.';

CREATE TABLE csflow.transition (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  from_state text,
  to_state text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (desk_id, from_state, to_state)
);
-- A publication of all tables would refuse to delete from a table without a primary key.
ALTER TABLE csflow.transition REPLICA IDENTITY FULL;
COMMENT ON TABLE csflow.transition IS 'Allowed changes of ticket.state; from_state NULL: states in which a ticket may be opened. Anything else is refused with the list of what is allowed.';

CREATE TABLE csflow.approval_limit (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  subject text NOT NULL,
  up_to numeric CHECK (up_to >= 0 AND up_to < 'Infinity'),
  approver text NOT NULL,
  UNIQUE NULLS NOT DISTINCT (desk_id, subject, up_to, approver)
);
ALTER TABLE csflow.approval_limit REPLICA IDENTITY FULL;
COMMENT ON TABLE csflow.approval_limit IS 'Who may approve what, and up to which amount (handbook E2): csflow.approvers() reads it when a decision is made. What no row is about may be decided by anybody but the proposer.';
COMMENT ON COLUMN csflow.approval_limit.subject IS 'Code of csflow.caption of kind approval_subject; all: subjects without rows of their own.';
COMMENT ON COLUMN csflow.approval_limit.up_to IS 'Largest amount this approver may approve, in the desk''s currency; NULL: any, and what states no amount.';
COMMENT ON COLUMN csflow.approval_limit.approver IS 'team, supervisor, head (of the ticket''s team), coordinator, the code of a team, or a post of it: CODE/supervisor, CODE/head.';

CREATE TABLE csflow.caption (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('state', 'priority', 'channel', 'clock', 'milestone', 'close_reason', 'customer_tier', 'action', 'template',
    'late_cause', 'review_kind', 'approval_subject', 'soothing')),
  code text NOT NULL,
  lang text NOT NULL CHECK (lang IN ('zh', 'en')),
  text text NOT NULL,
  sort_order integer NOT NULL DEFAULT 0,
  PRIMARY KEY (desk_id, kind, code, lang)
);
COMMENT ON TABLE csflow.caption IS 'What people read for codes, in Chinese and English (handbook A9). Milestones, close reasons, templates, late causes and subjects of approval exist by their caption.';
