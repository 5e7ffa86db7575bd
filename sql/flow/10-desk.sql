-- Desks and who works there. Ordinary tables, owned by whoever creates the first desk; desk_id comes first in every key.

CREATE TABLE csflow.flow (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  flow_version integer NOT NULL,
  zone text NOT NULL,
  role_prefix text CHECK (role_prefix ~ '^[a-z][a-z0-9_]{0,47}$'),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE csflow.flow IS 'One row: the version of the flow''s tables and the time zone in which ticket numbers change month (design 2.6, 2.15).';
COMMENT ON COLUMN csflow.flow.zone IS 'IANA zone of the month in ticket numbers; fixed when the flow is created.';
COMMENT ON COLUMN csflow.flow.role_prefix IS 'Names of the group roles begin with it: set by csflow.setup_roles(); NULL: there are none.';

CREATE SEQUENCE csflow.desk_id_seq AS bigint;
CREATE TABLE csflow.desk (
  desk_id bigint NOT NULL DEFAULT nextval('csflow.desk_id_seq') PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
  caption text NOT NULL DEFAULT '',
  playbook text,
  zone text NOT NULL DEFAULT 'Asia/Shanghai',
  minimum_score integer NOT NULL DEFAULT 2 CHECK (minimum_score >= 0),
  minimum_margin integer NOT NULL DEFAULT 1 CHECK (minimum_margin >= 0),
  review_team_id bigint,
  default_priority csflow.priority NOT NULL DEFAULT 'B',
  maximum_text_bytes integer NOT NULL DEFAULT 1048576 CHECK (maximum_text_bytes BETWEEN 1000 AND 1048576),
  resume_on_customer_message boolean NOT NULL DEFAULT true,
  duplicate_at_intake boolean NOT NULL DEFAULT true,
  duplicate_window interval NOT NULL DEFAULT '24 hours' CHECK (duplicate_window >= '0'),
  duplicate_similarity double precision NOT NULL DEFAULT 0.8 CHECK (duplicate_similarity > 0 AND duplicate_similarity <= 1),
  emotion_threshold double precision NOT NULL DEFAULT 0.5 CHECK (emotion_threshold > 0 AND emotion_threshold <= 1),
  anger_threshold double precision NOT NULL DEFAULT 0.5 CHECK (anger_threshold > 0 AND anger_threshold <= 1),
  anxiety_threshold double precision NOT NULL DEFAULT 0.4 CHECK (anxiety_threshold > 0 AND anxiety_threshold <= 1),
  incident_minimum integer NOT NULL DEFAULT 5 CHECK (incident_minimum >= 0),
  incident_factor double precision NOT NULL DEFAULT 3 CHECK (incident_factor BETWEEN 0 AND 1000),
  incident_window interval NOT NULL DEFAULT '1 hour' CHECK (incident_window >= '0'),
  survey_on text NOT NULL DEFAULT 'never' CHECK (survey_on IN ('never', 'answered', 'closed')),
  survey_questions text[] NOT NULL DEFAULT '{overall}' CHECK (cardinality(survey_questions) > 0 AND survey_questions <@ '{efficiency,attitude,clarity,fairness,overall,nps,ces}'),
  confirm_by_link boolean NOT NULL DEFAULT false,
  link_validity interval NOT NULL DEFAULT '7 days' CHECK (link_validity > '0'),
  low_score integer NOT NULL DEFAULT 3 CHECK (low_score BETWEEN 0 AND 5),
  low_score_of text[] NOT NULL DEFAULT '{efficiency,attitude,clarity,fairness,overall}' CHECK (low_score_of <@ '{efficiency,attitude,clarity,fairness,overall}'),
  surge_minimum integer NOT NULL DEFAULT 20 CHECK (surge_minimum >= 0),
  surge_growth_pct double precision NOT NULL DEFAULT 30 CHECK (surge_growth_pct > 0 AND surge_growth_pct <= 10000),
  surge_guard text NOT NULL DEFAULT 'same_weekday' CHECK (surge_guard IN ('none', 'same_weekday', 'working_hours')),
  shift_calendar text,
  sample_size integer NOT NULL DEFAULT 2 CHECK (sample_size BETWEEN 0 AND 1000),
  hour_figures_kept interval DEFAULT '400 days' CHECK (hour_figures_kept >= '100 days'),
  archive_after interval DEFAULT '180 days' CHECK (archive_after >= '0'),
  approval_for text[] NOT NULL DEFAULT '{refund,large_compensation,other_departments}',
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE csflow.desk IS 'A business line, brand or tenant: the unit of configuration, rights and distribution (design 2.7).';
COMMENT ON COLUMN csflow.desk.zone IS 'IANA zone for local times of day of this desk, such as "daily at 10:00".';
COMMENT ON COLUMN csflow.desk.minimum_score IS 'A best category with less weight than this is marked for manual review (handbook C2).';
COMMENT ON COLUMN csflow.desk.minimum_margin IS 'A best category that leads by less than this is marked for manual review.';
COMMENT ON COLUMN csflow.desk.review_team_id IS 'Team that sorts what the rules could not decide; NULL leaves such tickets without a team.';
COMMENT ON COLUMN csflow.desk.default_priority IS 'Priority of a ticket for which no impact and urgency are known.';
COMMENT ON COLUMN csflow.desk.maximum_text_bytes IS 'Longest accepted title or body of a ticket or message, in bytes.';
COMMENT ON COLUMN csflow.desk.resume_on_customer_message IS 'Whether a customer''s message ends waiting_customer by itself.';
COMMENT ON COLUMN csflow.desk.duplicate_at_intake IS 'Whether an INSERT looks for the ticket it repeats; false: only run_duplicate_check does (handbook A8).';
COMMENT ON COLUMN csflow.desk.duplicate_window IS 'How long before a ticket an earlier one of the same customer may have been opened of which it is a duplicate; 0: none are looked for (handbook A8).';
COMMENT ON COLUMN csflow.desk.duplicate_similarity IS 'How alike, csflow.text_similarity(), the two bodies must be at least.';
COMMENT ON COLUMN csflow.desk.emotion_threshold IS 'A ticket whose emotion is so far below 0 or further goes before the others of its priority in csflow.queue; 1: none does (handbook B8).';
COMMENT ON COLUMN csflow.desk.anger_threshold IS 'From this much anger on a ticket does so too, and csflow.queue shows the caption soothing/anger as a hint; 1: never (handbook B8).';
COMMENT ON COLUMN csflow.desk.anxiety_threshold IS 'The same for anxiety, caption soothing/anxiety (handbook B8).';
COMMENT ON COLUMN csflow.desk.incident_minimum IS 'So many different customers with the same problem make an incident; 0: none are looked for (handbook B9).';
COMMENT ON COLUMN csflow.desk.incident_factor IS 'And so many times as many as are usual: the mean of the 24 hours before, for the same problem, in the same length of time; 0: incident_minimum alone decides.';
COMMENT ON COLUMN csflow.desk.incident_window IS 'Time within which they come.';
COMMENT ON COLUMN csflow.desk.survey_on IS 'When the satisfaction survey goes out: never, when the ticket is answered, or when it is closed (handbook F5).';
COMMENT ON COLUMN csflow.desk.survey_questions IS 'What it asks: efficiency, attitude, clarity, fairness, overall (stars), nps, ces. Other answers are taken too.';
COMMENT ON COLUMN csflow.desk.confirm_by_link IS 'Whether a customer who has been answered is sent a link to say whether it is solved (handbook F1).';
COMMENT ON COLUMN csflow.desk.link_validity IS 'How long links to surveys and confirmations are good.';
COMMENT ON COLUMN csflow.desk.low_score IS 'Stars at or below which a score is low; 0: none is (handbook F6).';
COMMENT ON COLUMN csflow.desk.low_score_of IS 'Which of the five scores can be low.';
COMMENT ON COLUMN csflow.desk.surge_minimum IS 'Fewer tickets of a category in 24 hours are never a surge; 0: none is looked for (handbook G3).';
COMMENT ON COLUMN csflow.desk.surge_growth_pct IS 'Growth of a category within 24 hours beyond which it is a surge, in percent.';
COMMENT ON COLUMN csflow.desk.surge_guard IS 'Against false alarms after quiet days. same_weekday: it must also exceed the same hours a week before; working_hours: the last working day of shift_calendar, open hours only, must also exceed the one before; none.';
COMMENT ON COLUMN csflow.desk.shift_calendar IS 'Code of the working calendar with the shifts of the staff; NULL: 24×7.';
COMMENT ON COLUMN csflow.desk.sample_size IS 'Tickets in the weekly sample for each kind, priority and score band; 0: none is drawn (handbook G8).';
COMMENT ON COLUMN csflow.desk.hour_figures_kept IS 'How long health figures are kept by hour; those by day and month stay for ever. At least 100 days, for the heat map covers 91; NULL: for ever. Disk space decides, so no playbook carries it (design 2.14).';
COMMENT ON COLUMN csflow.desk.archive_after IS 'How long after closing, of duplicate and invalid tickets after the last change, personal data in a ticket''s texts are masked for good; NULL: never. The law of the place decides, so no playbook carries it (handbook F8).';
COMMENT ON COLUMN csflow.desk.approval_for IS 'What must be approved before the customer is answered: subjects as in csflow.approval; with all among them, every answer (handbook E2).';

CREATE TABLE csflow.configuration_version (
  desk_id bigint NOT NULL PRIMARY KEY REFERENCES csflow.desk ON DELETE CASCADE,
  version bigint NOT NULL DEFAULT 1,
  changed_at timestamptz NOT NULL DEFAULT now(),
  history_from bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE csflow.configuration_version IS 'Counts the changes of a desk''s configuration; connections compare it before they rebuild their cache (design 2.8). Maintained by triggers.';
COMMENT ON COLUMN csflow.configuration_version.history_from IS 'Oldest version whose rules csflow.rule_history still gives.';

CREATE TABLE csflow.rule_history (
  desk_id bigint NOT NULL,
  table_name text NOT NULL,
  row_key text NOT NULL,
  version bigint NOT NULL,
  old_row jsonb,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (desk_id, table_name, row_key, version)
);
COMMENT ON TABLE csflow.rule_history IS 'What each row that classification depends on (desk, team, category, keyword_rule, keyword_alias, lexicon, priority_rule) was before it changed, so that csflow.explain_ticket() can show the rules a ticket was classified with. Written by triggers; one row a changed row and version; csflow.purge_rule_history() removes old ones (handbook B2).';
COMMENT ON COLUMN csflow.rule_history.row_key IS 'Key of the row after desk_id, as text.';
COMMENT ON COLUMN csflow.rule_history.version IS 'configuration_version.version that the change made; the image was valid before it.';
COMMENT ON COLUMN csflow.rule_history.old_row IS 'The row before the change; NULL: there was none.';

CREATE SEQUENCE csflow.team_id_seq AS bigint;
CREATE TABLE csflow.team (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  team_id bigint NOT NULL DEFAULT nextval('csflow.team_id_seq'),
  code text NOT NULL,
  name_zh text NOT NULL,
  name_en text NOT NULL,
  supervisor_id bigint,
  head_id bigint,
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, team_id),
  UNIQUE (desk_id, code)
);
COMMENT ON TABLE csflow.team IS 'Departments and groups that handle tickets (handbook C1).';
COMMENT ON COLUMN csflow.team.supervisor_id IS 'Agent told about breaches (recipient "supervisor").';
COMMENT ON COLUMN csflow.team.head_id IS 'Agent told at the last level (recipient "head").';

CREATE SEQUENCE csflow.agent_id_seq AS bigint;
CREATE TABLE csflow.agent (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  agent_id bigint NOT NULL DEFAULT nextval('csflow.agent_id_seq'),
  name text NOT NULL,
  role_name name,
  team_id bigint,
  tier text NOT NULL DEFAULT 'novice' CHECK (tier IN ('novice', 'backbone', 'expert')),
  capacity integer NOT NULL DEFAULT 20 CHECK (capacity >= 0),
  is_bot boolean NOT NULL DEFAULT false,
  may_act_for_others boolean NOT NULL DEFAULT false,
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, agent_id),
  UNIQUE (desk_id, role_name),
  FOREIGN KEY (desk_id, team_id) REFERENCES csflow.team
);
COMMENT ON TABLE csflow.agent IS 'Who works at a desk, people and bots (handbook C2, C5).';
COMMENT ON COLUMN csflow.agent.role_name IS 'Database role that is this agent; changes made by it are recorded as theirs (design 2.10).';
COMMENT ON COLUMN csflow.agent.tier IS 'novice, backbone or expert (handbook C5). A message or note of one who is no novice gives the signal senior_message.';
COMMENT ON COLUMN csflow.agent.capacity IS 'Open tickets the agent can hold at a time.';
COMMENT ON COLUMN csflow.agent.is_bot IS 'Messages of a bot are automatic: they acknowledge, but are no first response (handbook A2).';
COMMENT ON COLUMN csflow.agent.may_act_for_others IS 'Whether this role may name another agent in changed_by (a pooled application).';

CREATE TABLE csflow.channel (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  channel text NOT NULL,
  is_instant boolean NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  PRIMARY KEY (desk_id, channel)
);
COMMENT ON TABLE csflow.channel IS 'Channels through which tickets arrive (handbook A1).';
COMMENT ON COLUMN csflow.channel.is_instant IS 'True for chat and telephone, false for mail, forms and messages left.';
COMMENT ON COLUMN csflow.channel.is_active IS 'False: no longer in use; old tickets keep it, new ones are refused.';

CREATE SEQUENCE csflow.customer_id_seq AS bigint;
CREATE TABLE csflow.customer (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  customer_id bigint NOT NULL DEFAULT nextval('csflow.customer_id_seq'),
  external_id text,
  nickname text,
  tier text NOT NULL DEFAULT 'standard',
  language text NOT NULL DEFAULT 'zh',
  attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
  created_at timestamptz NOT NULL DEFAULT now(),
  erased_at timestamptz,
  PRIMARY KEY (desk_id, customer_id),
  UNIQUE (desk_id, external_id)
);
COMMENT ON TABLE csflow.customer IS 'Customers under a pseudonym: an account id or nickname, never a real name or telephone number (handbook A5).';
COMMENT ON COLUMN csflow.customer.erased_at IS 'When everything personal was erased on request (csflow.erase_customer, handbook I5).';
COMMENT ON COLUMN csflow.customer.tier IS 'Customer group used in targets and rules, such as standard or vip.';
