-- Health indicators (handbook G1-G4, kpi.md; design 2.14): facts of each ticket from its events, rolled up by hour, day and
-- month. Every figure lies in the bucket of the instant at which it happened; a late event repairs its bucket.

CREATE TABLE csflow.health_dirty (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_insert_threshold = -1);
ALTER TABLE csflow.health_dirty REPLICA IDENTITY FULL;
COMMENT ON TABLE csflow.health_dirty IS 'Tickets with events that the health figures do not hold yet: appended in the transaction of the events, consumed by refresh_health (design 2.14). Without a key, so that intake pays for one row and no index.';

CREATE TABLE csflow.report_calendar (
  desk_id bigint NOT NULL,
  valid_from timestamptz NOT NULL DEFAULT '-infinity',
  calendar text NOT NULL,
  PRIMARY KEY (desk_id, valid_from),
  FOREIGN KEY (desk_id, calendar) REFERENCES csflow.working_calendar
);
COMMENT ON TABLE csflow.report_calendar IS 'Which working calendar counts as business time in the health figures of a desk, and since when; a duration over a change is the sum over both. Without a row: the calendar "work" where there is one, else around the clock. Takes effect on what is refreshed from now on; rebuild_health() applies it to the past.';
COMMENT ON COLUMN csflow.report_calendar.valid_from IS 'In force from this instant until the next row''s.';
COMMENT ON COLUMN csflow.report_calendar.calendar IS 'Code of the working calendar.';

CREATE TYPE csflow.promise AS (
  clock text,
  run integer,
  priority csflow.priority,
  due_at timestamptz,
  stopped_at timestamptz,
  is_met boolean,
  is_missed boolean
);
COMMENT ON TYPE csflow.promise IS 'A clock of a ticket as attainment counts it: due_at as the clock has it; stopped_at and is_met, whether not later than due, NULL while it is not completed; is_missed: completed later than due, or past due when the figures were last computed. Void clocks, windows, clocks that only measure or close the ticket are none (kpi.md "SLA achieved").';

CREATE TABLE csflow.ticket_fact (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  kind text,
  category_id bigint,
  team_id bigint,
  agent_id bigint,
  channel text NOT NULL,
  customer_tier text,
  priority csflow.priority,
  opened_at timestamptz NOT NULL,
  first_reply_at timestamptz,
  first_reply_cal interval,
  first_reply_bus interval,
  last_reply_at timestamptz,
  reply_count integer NOT NULL,
  first_solved_at timestamptz,
  first_resolution_cal interval,
  first_resolution_bus interval,
  reopen_count integer NOT NULL,
  first_reopened_at timestamptz,
  solved_at timestamptz,
  full_resolution_cal interval,
  full_resolution_bus interval,
  requester_wait_cal interval,
  requester_wait_bus interval,
  agent_work_cal interval,
  agent_work_bus interval,
  agent_wait_cal interval,
  agent_wait_bus interval,
  on_hold_cal interval,
  on_hold_bus interval,
  solve_time_cal interval,
  solve_time_bus interval,
  group_stations integer NOT NULL,
  assignee_stations integer NOT NULL,
  escalation_count integer NOT NULL,
  promises csflow.promise[] NOT NULL,
  next_due_at timestamptz,
  PRIMARY KEY (desk_id, ticket_no)
) WITH (fillfactor = 80);
CREATE INDEX ticket_fact_first_reply ON csflow.ticket_fact (desk_id, first_reply_at) WHERE first_reply_at IS NOT NULL;
CREATE INDEX ticket_fact_first_solved ON csflow.ticket_fact (desk_id, first_solved_at) WHERE first_solved_at IS NOT NULL;
CREATE INDEX ticket_fact_solved ON csflow.ticket_fact (desk_id, solved_at) WHERE solved_at IS NOT NULL;
CREATE INDEX ticket_fact_due ON csflow.ticket_fact (desk_id, next_due_at) WHERE next_due_at IS NOT NULL;
CREATE INDEX ticket_fact_unsolved ON csflow.ticket_fact (desk_id, opened_at) WHERE solved_at IS NULL;
COMMENT ON TABLE csflow.ticket_fact IS 'The figures of each ticket, from its events alone, as of the last refresh_health; duplicate and invalid tickets have none (kpi.md). _cal is elapsed, _bus business time (csflow.report_calendar); NULL until both ends have happened.';
COMMENT ON COLUMN csflow.ticket_fact.kind IS 'kind, category_id, team_id, agent_id, channel, customer_tier and priority as the ticket has them now.';
COMMENT ON COLUMN csflow.ticket_fact.opened_at IS 'Instant of the event opened.';
COMMENT ON COLUMN csflow.ticket_fact.first_reply_at IS 'First public reply by a person.';
COMMENT ON COLUMN csflow.ticket_fact.first_reply_cal IS 'From opening to first_reply_at.';
COMMENT ON COLUMN csflow.ticket_fact.last_reply_at IS 'Last public reply by a person.';
COMMENT ON COLUMN csflow.ticket_fact.reply_count IS 'Public replies by persons.';
COMMENT ON COLUMN csflow.ticket_fact.first_solved_at IS 'When it was first answered or closed.';
COMMENT ON COLUMN csflow.ticket_fact.first_resolution_cal IS 'From opening to first_solved_at.';
COMMENT ON COLUMN csflow.ticket_fact.reopen_count IS 'Times it went from answered or closed back to work.';
COMMENT ON COLUMN csflow.ticket_fact.first_reopened_at IS 'The first such instant.';
COMMENT ON COLUMN csflow.ticket_fact.solved_at IS 'When it was last answered or closed from a working state; NULL while it is open (again).';
COMMENT ON COLUMN csflow.ticket_fact.full_resolution_cal IS 'From opening to solved_at, whatever the state in between.';
COMMENT ON COLUMN csflow.ticket_fact.requester_wait_cal IS 'Time in new, open and hold states up to solved_at.';
COMMENT ON COLUMN csflow.ticket_fact.agent_work_cal IS 'Time in new and open states up to solved_at.';
COMMENT ON COLUMN csflow.ticket_fact.agent_wait_cal IS 'Time waiting for the customer up to solved_at.';
COMMENT ON COLUMN csflow.ticket_fact.on_hold_cal IS 'Time waiting for a third party up to solved_at.';
COMMENT ON COLUMN csflow.ticket_fact.solve_time_cal IS 'Time in new, open, pending and hold states up to solved_at: full resolution without the time it was solved in between.';
COMMENT ON COLUMN csflow.ticket_fact.group_stations IS 'Departments it was with, one after the other; transfers are one less.';
COMMENT ON COLUMN csflow.ticket_fact.assignee_stations IS 'Assignments to a person.';
COMMENT ON COLUMN csflow.ticket_fact.escalation_count IS 'Steps of level breach or escalation that fired, those that close left out.';
COMMENT ON COLUMN csflow.ticket_fact.promises IS 'Its clocks that promise something, by name and run.';
COMMENT ON COLUMN csflow.ticket_fact.next_due_at IS 'When the first promise falls due that is neither completed nor missed yet: the refresh after that looks again. NULL: none, or all paused.';

CREATE TABLE csflow.reply_gap (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  gap_no integer NOT NULL,
  waiting_since timestamptz NOT NULL,
  replied_at timestamptz NOT NULL,
  gap_cal interval NOT NULL,
  gap_bus interval NOT NULL,
  PRIMARY KEY (desk_id, ticket_no, gap_no)
);
CREATE INDEX reply_gap_replied ON csflow.reply_gap (desk_id, replied_at);
COMMENT ON TABLE csflow.reply_gap IS 'Next-reply times: one row for each run of customer messages after the first reply that a person has answered; from the oldest of the run to that answer (kpi.md). Maintained by refresh_health.';
COMMENT ON COLUMN csflow.reply_gap.gap_no IS 'How many replies came before.';
COMMENT ON COLUMN csflow.reply_gap.waiting_since IS 'The oldest unanswered message of the customer.';

CREATE TABLE csflow.reopening (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  reopening_no integer NOT NULL,
  reopened_at timestamptz NOT NULL,
  solved_at timestamptz,
  PRIMARY KEY (desk_id, ticket_no, reopening_no)
);
CREATE INDEX reopening_reopened ON csflow.reopening (desk_id, reopened_at);
CREATE INDEX reopening_solved ON csflow.reopening (desk_id, solved_at) WHERE solved_at IS NOT NULL;
COMMENT ON TABLE csflow.reopening IS 'Each time a ticket went from answered or closed back to work, and when it was solved again. Maintained by refresh_health.';
COMMENT ON COLUMN csflow.reopening.solved_at IS 'When it was next answered or closed; NULL: not yet.';

-- Sketches stay in the row even where two of them are long: every question reads them.
CREATE TABLE csflow.health_hour (
  desk_id bigint NOT NULL,
  cut text NOT NULL,
  bucket_start timestamptz NOT NULL,
  value text NOT NULL,
  measure text NOT NULL,
  event_count bigint NOT NULL,
  cal csflow.duration_sketch,
  bus csflow.duration_sketch,
  PRIMARY KEY (desk_id, cut, bucket_start, value, measure)
) WITH (fillfactor = 80, toast_tuple_target = 8160);
COMMENT ON TABLE csflow.health_hour IS 'Health figures by hour: how often each measure happened and the sketch of its durations, one row a measure that has any; kept for desk.hour_figures_kept. Read csflow.health_between() or the views (design 2.14).';
COMMENT ON COLUMN csflow.health_hour.cut IS 'total, kind, category, team, channel or customer_tier: one cut at a time.';
COMMENT ON COLUMN csflow.health_hour.bucket_start IS 'Start of the hour, as the desk''s clocks show it.';
COMMENT ON COLUMN csflow.health_hour.value IS 'Code of the kind, number of the category or team, channel, customer tier; empty for total and where the ticket has none.';
COMMENT ON COLUMN csflow.health_hour.measure IS 'See csflow.health_measures().';
COMMENT ON COLUMN csflow.health_hour.event_count IS 'How often.';
COMMENT ON COLUMN csflow.health_hour.cal IS 'Elapsed times; NULL where the measure is only counted.';
COMMENT ON COLUMN csflow.health_hour.bus IS 'Business times.';

CREATE TABLE csflow.health_day (
  desk_id bigint NOT NULL,
  cut text NOT NULL,
  bucket_date date NOT NULL,
  value text NOT NULL,
  measure text NOT NULL,
  event_count bigint NOT NULL,
  cal csflow.duration_sketch,
  bus csflow.duration_sketch,
  PRIMARY KEY (desk_id, cut, bucket_date, value, measure)
) WITH (fillfactor = 80, toast_tuple_target = 8160);
COMMENT ON TABLE csflow.health_day IS 'Health figures by local day, rolled up from csflow.health_hour; columns as there.';
COMMENT ON COLUMN csflow.health_day.bucket_date IS 'Local date in the desk''s report zone, csflow.health_progress.zone.';

CREATE TABLE csflow.health_month (
  desk_id bigint NOT NULL,
  cut text NOT NULL,
  bucket_date date NOT NULL,
  value text NOT NULL,
  measure text NOT NULL,
  event_count bigint NOT NULL,
  cal csflow.duration_sketch,
  bus csflow.duration_sketch,
  PRIMARY KEY (desk_id, cut, bucket_date, value, measure)
) WITH (fillfactor = 80, toast_tuple_target = 8160);
COMMENT ON TABLE csflow.health_month IS 'Health figures by local month, rolled up from csflow.health_day; columns as in csflow.health_hour.';
COMMENT ON COLUMN csflow.health_month.bucket_date IS 'First day of the month.';

CREATE TABLE csflow.health_value (
  desk_id bigint NOT NULL,
  cut text NOT NULL,
  value text NOT NULL,
  first_date date NOT NULL,
  PRIMARY KEY (desk_id, cut, value)
);
COMMENT ON TABLE csflow.health_value IS 'The values each cut has had and their first bucket, so that views can show empty buckets as zero rows. Maintained by refresh_health.';
COMMENT ON COLUMN csflow.health_value.first_date IS 'Local date of the earliest bucket.';

CREATE TABLE csflow.attainment_day (
  desk_id bigint NOT NULL,
  cut text NOT NULL,
  value text NOT NULL,
  clock text NOT NULL,
  bucket_date date NOT NULL,
  met_count bigint NOT NULL,
  breached_count bigint NOT NULL,
  missed_count bigint NOT NULL,
  PRIMARY KEY (desk_id, cut, value, clock, bucket_date)
) WITH (fillfactor = 80);
COMMENT ON TABLE csflow.attainment_day IS 'Promises kept and broken by local day. Read csflow.attainment_daily and its like (design 2.14, kpi.md "SLA achieved"). Maintained by refresh_health.';
COMMENT ON COLUMN csflow.attainment_day.cut IS 'total, kind, priority (when the target took force), team, channel or customer_tier.';
COMMENT ON COLUMN csflow.attainment_day.value IS 'Code of the kind, priority, number of the team, channel, customer tier; empty for total and where there is none.';
COMMENT ON COLUMN csflow.attainment_day.bucket_date IS 'Local date in the desk''s report zone.';
COMMENT ON COLUMN csflow.attainment_day.met_count IS 'Completed on that day, not later than due.';
COMMENT ON COLUMN csflow.attainment_day.breached_count IS 'Completed on that day, later than due.';
COMMENT ON COLUMN csflow.attainment_day.missed_count IS 'Fell due on that day and were not completed by then.';

CREATE TABLE csflow.attainment_value (
  desk_id bigint NOT NULL,
  cut text NOT NULL,
  value text NOT NULL,
  clock text NOT NULL,
  first_date date NOT NULL,
  PRIMARY KEY (desk_id, cut, value, clock)
);
COMMENT ON TABLE csflow.attainment_value IS 'The clocks and values that attainment has by each cut, so that views can show empty buckets as zero rows. Maintained by refresh_health.';
COMMENT ON COLUMN csflow.attainment_value.first_date IS 'Local date of the earliest bucket.';

CREATE TABLE csflow.health_progress (
  desk_id bigint NOT NULL PRIMARY KEY REFERENCES csflow.desk ON DELETE CASCADE,
  zone text NOT NULL,
  refreshed_to timestamptz NOT NULL DEFAULT '-infinity',
  hours_from date NOT NULL DEFAULT '-infinity'
);
COMMENT ON TABLE csflow.health_progress IS 'How far each desk''s health figures reach.';
COMMENT ON COLUMN csflow.health_progress.zone IS 'Report zone of the buckets: the desk''s zone when they were begun. rebuild_health() takes over another.';
COMMENT ON COLUMN csflow.health_progress.hours_from IS 'First local date of which csflow.health_hour is kept (desk.hour_figures_kept); for what was before the days tell.';
COMMENT ON COLUMN csflow.health_progress.refreshed_to IS 'Instant of the last refresh that left nothing behind: buckets that ended by then are complete.';

CREATE TYPE csflow.health_change AS (
  bucket_start timestamptz,
  cut text,
  value text,
  measure text,
  event_count bigint,
  cal csflow.duration_sketch,
  bus csflow.duration_sketch,
  loses boolean
);
COMMENT ON TYPE csflow.health_change IS 'What a refresh adds to a bucket. loses: durations leave it as well, which a sketch cannot do; the bucket is then rolled up anew.';
