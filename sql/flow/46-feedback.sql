-- What customers say afterwards, and what is made of it: links with one-time tokens, surveys, surges, samples, improvements.

CREATE TABLE csflow.customer_link (
  desk_id bigint NOT NULL,
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  ticket_no csflow.ticket_no NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('survey', 'confirmation')),
  sent_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (desk_id, token_hash),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket
);
CREATE INDEX customer_link_ticket ON csflow.customer_link (desk_id, ticket_no);
COMMENT ON TABLE csflow.customer_link IS 'Links sent to customers, each good for one use: to answer a survey, or to say whether the problem is solved (handbook F1, F5). The token itself is only in the outbox, until the row is sent.';
COMMENT ON COLUMN csflow.customer_link.token_hash IS 'SHA-256 of the token.';
COMMENT ON COLUMN csflow.customer_link.purpose IS 'survey: csflow.answer_survey(); confirmation: csflow.confirm_by_token().';
COMMENT ON COLUMN csflow.customer_link.expires_at IS 'sent_at plus the desk''s link_validity; not good after that instant.';
COMMENT ON COLUMN csflow.customer_link.used_at IS 'When it was used; NULL: not yet.';

CREATE TABLE csflow.survey (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  sent_at timestamptz NOT NULL,
  last_sent_at timestamptz NOT NULL,
  sent_count integer NOT NULL DEFAULT 1 CHECK (sent_count >= 0),
  team_id bigint,
  agent_id bigint,
  answered_at timestamptz,
  answer_count integer NOT NULL DEFAULT 0 CHECK (answer_count >= 0),
  efficiency smallint CHECK (efficiency BETWEEN 1 AND 5),
  attitude smallint CHECK (attitude BETWEEN 1 AND 5),
  clarity smallint CHECK (clarity BETWEEN 1 AND 5),
  fairness smallint CHECK (fairness BETWEEN 1 AND 5),
  overall smallint CHECK (overall BETWEEN 1 AND 5),
  nps smallint CHECK (nps BETWEEN 0 AND 10),
  ces smallint CHECK (ces BETWEEN 1 AND 7),
  comment text,
  is_low boolean,
  PRIMARY KEY (desk_id, ticket_no),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket,
  CONSTRAINT survey_answered_has_instant CHECK ((answered_at IS NULL) = (num_nonnulls(efficiency, attitude, clarity, fairness, overall, nps, ces, comment) = 0))
);
CREATE INDEX survey_sent ON csflow.survey (desk_id, sent_at);
CREATE INDEX survey_answered ON csflow.survey (desk_id, answered_at) WHERE answered_at IS NOT NULL;
COMMENT ON TABLE csflow.survey IS 'The satisfaction survey of a ticket, one row a ticket however often it was sent: the last valid answer counts (handbook F5, kpi.md). Every answer, also one that a later one replaces, is a note of the ticket.';
COMMENT ON COLUMN csflow.survey.sent_at IS 'When it was sent first; decides the period in csflow.satisfaction.';
COMMENT ON COLUMN csflow.survey.last_sent_at IS 'When it was sent last.';
COMMENT ON COLUMN csflow.survey.sent_count IS 'How often it was sent; 0: an agent asked without sending.';
COMMENT ON COLUMN csflow.survey.team_id IS 'Department of the ticket when it was sent last.';
COMMENT ON COLUMN csflow.survey.agent_id IS 'Whose ticket it was when it was sent last: the scores are theirs.';
COMMENT ON COLUMN csflow.survey.answered_at IS 'When the answer that counts was given; NULL: none yet.';
COMMENT ON COLUMN csflow.survey.answer_count IS 'Answers so far.';
COMMENT ON COLUMN csflow.survey.efficiency IS 'Stars, 1 … 5: efficiency 解决效率.';
COMMENT ON COLUMN csflow.survey.attitude IS 'Stars, 1 … 5: attitude 服务态度.';
COMMENT ON COLUMN csflow.survey.clarity IS 'Stars, 1 … 5: clarity 沟通清晰度.';
COMMENT ON COLUMN csflow.survey.fairness IS 'Stars, 1 … 5: fairness of the solution 方案合理性.';
COMMENT ON COLUMN csflow.survey.overall IS 'Stars, 1 … 5: overall 整体体验; CSAT is reckoned from it.';
COMMENT ON COLUMN csflow.survey.nps IS 'Would recommend, 0 … 10.';
COMMENT ON COLUMN csflow.survey.ces IS 'How easy it was, 1 … 7.';
COMMENT ON COLUMN csflow.survey.comment IS 'The customer''s words.';
COMMENT ON COLUMN csflow.survey.is_low IS 'Whether a score was low when it was given, by desk.low_score and low_score_of (handbook F6); NULL: not answered.';

CREATE TABLE csflow.surge_episode (
  desk_id bigint NOT NULL,
  category_id bigint NOT NULL,
  started_at timestamptz NOT NULL,
  counted_to timestamptz NOT NULL,
  base_count bigint NOT NULL,
  last_week_count bigint,
  start_count bigint NOT NULL,
  peak_at timestamptz NOT NULL,
  peak_count bigint NOT NULL,
  checked_at timestamptz NOT NULL,
  last_count bigint NOT NULL,
  ended_at timestamptz,
  investigation_no csflow.ticket_no NOT NULL,
  PRIMARY KEY (desk_id, category_id, started_at),
  FOREIGN KEY (desk_id, category_id) REFERENCES csflow.category,
  FOREIGN KEY (desk_id, investigation_no) REFERENCES csflow.ticket
);
CREATE UNIQUE INDEX surge_episode_open ON csflow.surge_episode (desk_id, category_id) WHERE ended_at IS NULL;
COMMENT ON TABLE csflow.surge_episode IS 'Categories that grew beyond measure, one row an episode (handbook G3). Kept by run_surge_watch; csflow.surge is to be read.';
COMMENT ON COLUMN csflow.surge_episode.counted_to IS 'End of the 24 whole hours in which it was found.';
COMMENT ON COLUMN csflow.surge_episode.base_count IS 'Tickets of the category opened in the 24 hours before those: what the episode is measured against to its end.';
COMMENT ON COLUMN csflow.surge_episode.last_week_count IS 'Tickets in the same 24 hours a week before; NULL unless desk.surge_guard is same_weekday and the desk had tickets then.';
COMMENT ON COLUMN csflow.surge_episode.start_count IS 'Tickets opened in the 24 hours up to counted_to, as csflow.health_between() counted them then.';
COMMENT ON COLUMN csflow.surge_episode.peak_count IS 'Most tickets in 24 hours at any pass since.';
COMMENT ON COLUMN csflow.surge_episode.last_count IS 'Tickets in the 24 whole hours up to the hour of checked_at.';
COMMENT ON COLUMN csflow.surge_episode.ended_at IS 'Pass at which growth had fallen to half the threshold; NULL: it lasts.';
COMMENT ON COLUMN csflow.surge_episode.investigation_no IS 'The ticket under which it is investigated.';

CREATE SEQUENCE csflow.campaign_id_seq AS bigint;
CREATE TABLE csflow.campaign (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  campaign_id bigint NOT NULL DEFAULT nextval('csflow.campaign_id_seq'),
  name text NOT NULL CHECK (name <> ''),
  kind text,
  first_day date NOT NULL,
  last_day date NOT NULL,
  factor double precision NOT NULL CHECK (factor > 0 AND factor <= 1000),
  PRIMARY KEY (desk_id, campaign_id),
  CONSTRAINT campaign_ends_after_it_begins CHECK (last_day >= first_day)
);
CREATE INDEX campaign_day ON csflow.campaign (desk_id, last_day);
COMMENT ON TABLE csflow.campaign IS 'Days on which more, or fewer, tickets come than usual, for a known reason: sales, launches, holidays (handbook G6). The forecast takes the factor out of past days and puts it on coming ones.';
COMMENT ON COLUMN csflow.campaign.kind IS 'Kind of tickets concerned; NULL: all.';
COMMENT ON COLUMN csflow.campaign.first_day IS 'First day in the desk''s zone.';
COMMENT ON COLUMN csflow.campaign.last_day IS 'Last day, which belongs to it.';
COMMENT ON COLUMN csflow.campaign.factor IS 'Expected tickets as a multiple of an ordinary day''s: 1.8 is 80 % more. Campaigns on the same day multiply.';

CREATE TABLE csflow.sample (
  desk_id bigint NOT NULL,
  week date NOT NULL CHECK (extract(isodow FROM week) = 1),
  ticket_no csflow.ticket_no NOT NULL,
  kind text,
  priority csflow.priority,
  score_band text NOT NULL CHECK (score_band IN ('low', 'good', 'none')),
  stratum_count bigint NOT NULL,
  place integer NOT NULL,
  drawn_at timestamptz NOT NULL,
  reviewed_at timestamptz,
  reviewed_by bigint,
  finding text,
  PRIMARY KEY (desk_id, week, ticket_no),
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket
);
COMMENT ON TABLE csflow.sample IS 'The weekly sample of tickets for review, drawn by run_weekly_sample (handbook G8). Reviewers write reviewed_at, reviewed_by and finding.';
COMMENT ON COLUMN csflow.sample.week IS 'Monday of the week in which the tickets were opened, in the desk''s zone.';
COMMENT ON COLUMN csflow.sample.score_band IS 'low: a low survey score; good: answered and not low; none: no answer.';
COMMENT ON COLUMN csflow.sample.stratum_count IS 'Tickets of the week with that kind, priority and score band: each sampled one stands for stratum_count / (those of it sampled).';
COMMENT ON COLUMN csflow.sample.place IS 'Place within the stratum, by a hash of desk, week and ticket number: the same whenever it is drawn.';
COMMENT ON COLUMN csflow.sample.finding IS 'What the review found.';

CREATE SEQUENCE csflow.improvement_id_seq AS bigint;
CREATE TABLE csflow.improvement (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  improvement_id bigint NOT NULL DEFAULT nextval('csflow.improvement_id_seq'),
  title text NOT NULL CHECK (title <> ''),
  source text NOT NULL CHECK (source IN ('sample', 'survey', 'surge', 'review', 'incident', 'suggestion', 'other')),
  ticket_no csflow.ticket_no,
  owner_id bigint,
  due_on date,
  measure text,
  figure_before double precision,
  figure_after double precision,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'dropped')),
  customers_told_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  done_at timestamptz,
  PRIMARY KEY (desk_id, improvement_id),
  FOREIGN KEY (desk_id, owner_id) REFERENCES csflow.agent,
  FOREIGN KEY (desk_id, ticket_no) REFERENCES csflow.ticket,
  CONSTRAINT improvement_done_has_instant CHECK ((state = 'done') = (done_at IS NOT NULL)),
  CONSTRAINT improvement_figures_are_finite CHECK (figure_before NOT IN ('NaN', 'Infinity', '-Infinity') AND figure_after NOT IN ('NaN', 'Infinity', '-Infinity'))
);
COMMENT ON TABLE csflow.improvement IS 'Register of improvements: what was found, who sees to it by when, and the figure before and after (handbook G8).';
COMMENT ON COLUMN csflow.improvement.source IS 'Where it came from: sample, survey, surge, review, incident, suggestion, other.';
COMMENT ON COLUMN csflow.improvement.ticket_no IS 'A ticket that shows it.';
COMMENT ON COLUMN csflow.improvement.owner_id IS 'Agent who sees to it.';
COMMENT ON COLUMN csflow.improvement.due_on IS 'Day by which it is to be done.';
COMMENT ON COLUMN csflow.improvement.measure IS 'What figure_before and figure_after measure, such as a measure of csflow.compare_periods().';
COMMENT ON COLUMN csflow.improvement.customers_told_at IS 'When the customers concerned were told; NULL: not yet.';
