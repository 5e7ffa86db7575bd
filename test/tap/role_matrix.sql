-- Who may do what with every object of schema csflow: handbook H2, design 2.11. An object that is not decided here turns the test
-- red; whoever adds one adds its line, and its rights to csflow.role_rights().
\ir ../lib/internet_desk.sql
\set prefix matrix
SELECT no_plan();
\ir ../lib/two_desks.sql
\ir ../lib/every_table.sql

-- Letters: R SELECT, I INSERT, U UPDATE (of sequences: nextval), D DELETE; small ones: some columns only. In order: a stranger who
-- has USAGE on the schema, that is PUBLIC; reader, agent, supervisor, administrator.
CREATE TABLE expected (object text PRIMARY KEY, stranger text, reader text, agent text, supervisor text, administrator text);
INSERT INTO expected VALUES
  ('agent', '', 'R', 'R', 'R', 'RIUD'),
  ('approval', '', '', 'Riu', 'Riu', 'Riu'),
  ('approval_limit', '', 'R', 'R', 'R', 'RIUD'),
  ('attachment', '', '', 'RI', 'RI', 'RI'),
  ('audit_anchor', '', '', '', '', 'R'),
  ('audit_anchor_head', '', '', '', '', 'R'),
  ('audit_anchor_month', '', '', '', '', 'R'),
  ('calendar_day', '', 'R', 'R', 'R', 'RIUD'),
  ('campaign', '', 'R', '', 'R', 'RIUD'),
  ('caption', '', 'R', 'R', 'R', 'RIUD'),
  ('category', '', 'R', 'R', 'R', 'RIUD'),
  ('channel', '', 'R', 'R', 'R', 'RIUD'),
  ('clock', '', 'R', 'R', 'R', 'R'),
  ('configuration_version', '', 'R', 'R', 'R', 'R'),
  ('customer', '', '', 'riu', 'riu', 'Riu'),
  ('customer_link', '', '', 'RIu', 'RIu', 'RIu'),
  ('desk', '', 'R', 'R', 'R', 'RU'),
  ('dropped_month', '', '', '', '', 'R'),
  ('duplicate_queue', '', '', '', '', ''),
  ('event', '', 'R', 'R', 'R', 'R'),
  ('event_text', '', '', '', '', 'R'),
  ('flow', '', 'R', 'R', 'R', 'R'),
  ('health_day', '', 'R', '', 'R', 'R'),
  ('health_dirty', '', '', '', '', ''),
  ('health_hour', '', 'R', '', 'R', 'R'),
  ('health_month', '', 'R', '', 'R', 'R'),
  ('health_progress', '', 'R', '', 'R', 'R'),
  ('health_value', '', 'R', '', 'R', 'R'),
  ('improvement', '', '', 'R', 'RIU', 'RIU'),
  ('incident', '', 'R', 'R', 'Ru', 'Ru'),
  ('job_run', '', '', '', '', ''),
  ('keyword_alias', '', '', 'R', 'R', 'RIUD'),
  ('keyword_rule', '', '', 'R', 'R', 'RIUD'),
  ('late_cause', '', 'r', 'rIu', 'rIu', 'RIu'),
  ('lexicon', '', '', 'R', 'R', 'RIUD'),
  ('message', '', 'r', 'rI', 'rI', 'RI'),
  ('migration', '', '', '', '', 'R'),
  ('outbox', '', '', 'RIu', 'RIu', 'RIu'),
  ('priority_rule', '', '', 'R', 'R', 'RIUD'),
  ('reopening', '', 'R', 'R', 'R', 'R'),
  ('reply_gap', '', 'R', 'R', 'R', 'R'),
  ('report_calendar', '', 'R', '', 'R', 'RIUD'),
  ('review', '', '', 'Riu', 'Riu', 'Riu'),
  ('rule_history', '', '', '', '', 'R'),
  ('sample', '', '', '', 'Ru', 'Ru'),
  ('set_aside', '', '', '', '', 'R'),
  ('step', '', 'R', 'R', 'R', 'RIUD'),
  ('surge_episode', '', 'R', '', 'R', 'R'),
  ('survey', '', 'r', 'rIu', 'rIu', 'RIu'),
  ('target', '', 'R', 'R', 'R', 'RIUD'),
  ('task', '', '', 'RIu', 'RIu', 'RIu'),
  ('team', '', 'R', 'R', 'R', 'RIUD'),
  ('temporary_right', '', '', 'Ru', 'Riu', 'Riu'),
  ('ticket', '', 'r', 'riu', 'riu', 'Riu'),
  ('ticket_chain', '', '', '', '', 'R'),
  ('ticket_fact', '', 'R', 'R', 'R', 'R'),
  ('ticket_month', '', '', '', '', ''),
  ('transition', '', 'R', 'R', 'R', 'RIUD'),
  ('working_calendar', '', 'R', 'R', 'R', 'RIUD'),
  ('agent_load', '', 'R', 'R', 'R', 'R'),
  ('attainment', '', 'R', 'R', 'R', 'R'),
  ('backlog', '', 'R', '', 'R', 'R'),
  ('backlog_ageing', '', 'R', '', 'R', 'R'),
  ('clock_status', '', 'R', 'R', 'R', 'R'),
  ('escalation', '', '', 'R', 'R', 'R'),
  ('first_response', '', 'R', '', 'R', 'R'),
  ('forecast', '', 'R', '', 'R', 'R'),
  ('sample_list', '', '', '', 'R', 'R'),
  ('campaign_list', '', 'R', '', 'R', 'R'),
  ('improvement_list', '', '', 'R', 'R', 'R'),
  ('process_figures', '', '', '', 'R', 'R'),
  ('health_cut', '', 'R', '', 'R', 'R'),
  ('health_daily', '', 'R', '', 'R', 'R'),
  ('health_monthly', '', 'R', '', 'R', 'R'),
  ('health_weekly', '', 'R', '', 'R', 'R'),
  ('heatmap', '', 'R', '', 'R', 'R'),
  ('hot_issues', '', 'R', '', 'R', 'R'),
  ('job', '', '', '', '', ''),
  ('late', '', 'R', 'R', 'R', 'R'),
  ('late_cause_missing', '', 'R', 'R', 'R', 'R'),
  ('attainment_cut', '', 'R', '', 'R', 'R'),
  ('attainment_daily', '', 'R', '', 'R', 'R'),
  ('attainment_day', '', 'R', '', 'R', 'R'),
  ('attainment_monthly', '', 'R', '', 'R', 'R'),
  ('attainment_value', '', 'R', '', 'R', 'R'),
  ('attainment_weekly', '', 'R', '', 'R', 'R'),
  ('waiting_time', '', 'R', 'R', 'R', 'R'),
  ('late_causes', '', 'R', '', 'R', 'R'),
  ('missing_update', '', 'R', 'R', 'R', 'R'),
  ('my_event', 'R', 'R', 'R', 'R', 'R'),
  ('my_message', 'R', 'R', 'R', 'R', 'R'),
  ('my_right', 'R', 'R', 'R', 'R', 'R'),
  ('my_survey', 'R', 'R', 'R', 'R', 'R'),
  ('my_ticket', 'R', 'R', 'R', 'R', 'R'),
  ('negative_feedback', '', '', '', '', 'R'),
  ('net_flow', '', 'R', '', 'R', 'R'),
  ('queue', '', '', 'R', 'R', 'R'),
  ('satisfaction', '', 'R', '', 'R', 'R'),
  ('surge', '', 'R', '', 'R', 'R'),
  ('timeline', '', '', 'R', 'R', 'R'),
  ('transfers', '', 'R', '', 'R', 'R'),
  ('agent_id_seq', '', '', '', '', 'U'),
  ('approval_no_seq', '', '', 'U', 'U', 'U'),
  ('attachment_no_seq', '', '', 'U', 'U', 'U'),
  ('campaign_id_seq', '', '', '', '', 'U'),
  ('category_id_seq', '', '', '', '', 'U'),
  ('customer_id_seq', '', '', 'U', 'U', 'U'),
  ('desk_id_seq', '', '', '', '', ''),
  ('improvement_id_seq', '', '', 'U', 'U', 'U'),
  ('job_run_id_seq', '', '', '', '', ''),
  ('message_no_seq', '', '', 'U', 'U', 'U'),
  ('outbox_id_seq', '', '', 'U', 'U', 'U'),
  ('review_no_seq', '', '', 'U', 'U', 'U'),
  ('right_no_seq', '', '', 'U', 'U', 'U'),
  ('rule_id_seq', '', '', '', '', 'U'),
  ('step_id_seq', '', '', '', '', 'U'),
  ('target_id_seq', '', '', '', '', 'U'),
  ('task_no_seq', '', '', 'U', 'U', 'U'),
  ('team_id_seq', '', '', '', '', 'U'),
  ('ticket_no_seq', '', '', 'U', 'U', 'U');
CREATE TABLE who (place integer, role text, login text);
INSERT INTO who SELECT o, r, :'prefix' || '_' || l FROM unnest('{stranger,reader,agent,supervisor,administrator}'::text[], '{stranger,rea,lin,sue,ada}'::text[]) WITH ORDINALITY u (r, l, o);
GRANT SELECT ON expected, who TO PUBLIC;

CREATE VIEW relation AS
SELECT c.oid, c.relname::text AS object, c.relkind, w.role, w.login, CASE WHEN c.relkind = 'S' THEN CASE WHEN has_sequence_privilege(w.login, c.oid, 'USAGE, UPDATE, SELECT') THEN 'U' ELSE '' END
  ELSE concat(CASE WHEN has_table_privilege(w.login, c.oid, 'SELECT') THEN 'R' WHEN has_any_column_privilege(w.login, c.oid, 'SELECT') THEN 'r' END,
    CASE WHEN has_table_privilege(w.login, c.oid, 'INSERT') THEN 'I' WHEN has_any_column_privilege(w.login, c.oid, 'INSERT') THEN 'i' END,
    CASE WHEN has_table_privilege(w.login, c.oid, 'UPDATE') THEN 'U' WHEN has_any_column_privilege(w.login, c.oid, 'UPDATE') THEN 'u' END,
    CASE WHEN has_table_privilege(w.login, c.oid, 'DELETE') THEN 'D' END) END AS has
FROM pg_class c, who w WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT c.relispartition;
CREATE VIEW wanted AS
SELECT e.object, v.role, v.letters FROM expected e, LATERAL (VALUES ('stranger', e.stranger), ('reader', e.reader), ('agent', e.agent), ('supervisor', e.supervisor), ('administrator', e.administrator)) v (role, letters);

SELECT is_empty($$SELECT DISTINCT object FROM relation EXCEPT SELECT object FROM expected$$, 'H2: every table, view and sequence is decided');
SELECT is_empty($$SELECT object FROM expected EXCEPT SELECT object FROM relation$$, 'H2: and exists');
SELECT is_empty($$SELECT object, role, has, letters FROM relation JOIN wanted USING (object, role) WHERE has <> letters$$, 'H2: every role has on each just what was decided');
SELECT is_empty($$SELECT object FROM relation WHERE relkind <> 'S' AND object !~ '^my_' EXCEPT SELECT object FROM role_rights()$$, 'H2: setup_roles() knows every table and view');
SELECT is_empty($$SELECT object FROM role_rights() EXCEPT SELECT object FROM relation$$, 'H2: and no other');
SELECT is_empty($$SELECT c.relname, w.role FROM pg_class c, who w WHERE c.relnamespace = 'csflow'::regnamespace AND c.relispartition AND c.relkind IN ('r', 'p')
    AND (has_any_column_privilege(w.login, c.oid, 'SELECT, INSERT, UPDATE') OR has_table_privilege(w.login, c.oid, 'DELETE, TRUNCATE, TRIGGER'))$$, 'H2: partitions are reached through their parents only');
SELECT is_empty($$SELECT object, role FROM relation WHERE relkind <> 'S' AND has_table_privilege(login, oid, 'TRUNCATE, REFERENCES, TRIGGER')$$, '2.11: nobody truncates, refers to or puts triggers on our tables');
SELECT is_empty($$SELECT r.object FROM role_rights() r JOIN pg_class c ON c.oid = to_regclass('csflow.' || r.object) WHERE c.relkind <> 'v' AND c.relrowsecurity = (r.rows_of IS NULL)$$, 'H2: row security on every table but the three without a desk');
SELECT is_empty($$SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'csflow'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT c.relrowsecurity
    AND c.relname NOT IN ('flow', 'dropped_month', 'migration')$$, 'H2: these are flow, dropped_month and migration');
SELECT is_empty($$SELECT w.role FROM who w WHERE has_schema_privilege(w.login, 'csflow', 'CREATE')$$, '2.11: nobody creates in schema csflow');
SELECT is_empty($$SELECT polname FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE c.relnamespace = 'csflow'::regnamespace AND (0 = ANY (polroles) OR NOT polpermissive)$$, 'H2: no policy for everybody');

-- What was granted works, and nothing else does: each role reads each of them.
CREATE FUNCTION reads(login text, object text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('role', login, true);
  EXECUTE format('SELECT FROM csflow.%I', object);
  PERFORM set_config('role', 'none', true);
  RETURN 'yes';
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT is_empty($$SELECT r.object, r.role, reads(r.login, r.object) FROM relation r JOIN wanted USING (object, role)
  WHERE relkind <> 'S' AND reads(r.login, r.object) <> CASE WHEN letters ~* 'r' THEN 'yes' ELSE '42501' END$$, 'H2: reading it is allowed or refused as decided');
-- Rows of the desk next door show nowhere.
CREATE FUNCTION strays(login text, object text, desk bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  PERFORM set_config('role', login, true);
  EXECUTE format('SELECT count(*) FROM csflow.%I WHERE desk_id <> $1', object) INTO n USING desk;
  PERFORM set_config('role', 'none', true);
  RETURN n;
END $$;
SELECT is_empty(format($$SELECT r.object, r.role FROM relation r JOIN wanted USING (object, role)
  WHERE relkind <> 'S' AND letters ~* 'r' AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = r.oid AND attname = 'desk_id') AND strays(r.login, r.object, %s) > 0$$, :desk), 'H2: no role sees a row of another desk in any table or view');
SELECT isnt_empty(format('SELECT FROM csflow.%I WHERE desk_id = %s', o, :elsewhere), 'H2: where there are some: ' || o) FROM unnest('{ticket,message,event,clock,agent,team,target,caption,queue,timeline,clock_status}'::text[]) o;
-- The other way round: the desk whose rows are in every table, seen from next door, by an agent and an administrator there.
SELECT is_empty('SELECT pg_temp.empty_tables()', 'every table has rows');
SELECT is_empty(format($$SELECT w.object, w.role FROM wanted w JOIN relation r USING (object, role) JOIN (VALUES ('agent', %L), ('administrator', %L)) AS v (role, login) USING (role)
  WHERE CASE WHEN relkind <> 'S' AND letters ~* 'r' AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = r.oid AND attname = 'desk_id') THEN strays(v.login, w.object, %s) > 0 END$$, :'far', :'boss', :elsewhere), 'H2: not one row of it, in any table or view');

-- Functions. What works on types is PUBLIC by rule, trigger functions cannot be called; the others are decided by name.
CREATE TABLE decided (name text, executable boolean);
INSERT INTO decided SELECT unnest(string_to_array(regexp_replace($$
  absence_faults, accept, acting_agent, add_message, add_task, add_working_days, addressee, anchor_digest, anchor_faults, anchor_month_digest, answer,
  answer_children, answer_survey, apply_removals, apply_retirements, apply_rules, apply_settings, apply_targets, apply_taxonomy, approvers, approx_percentile,
  approx_rank, assemble_playbook, assign, attainment, attainment_at, attainment_changes, attainment_clocks, backlog_ageing_at, business_add, business_between, business_health,
  business_intervals, business_next_close, business_next_open, business_open, calendar_always, calendar_china, calendar_covers, calendar_days,
  calendar_fault, calendar_from, calendar_merge, calendar_until, calendar_zone, campaign_factor, can_read_jobs, canonical_playbook, category_id, ces,
  ces_count, ces_mean, ces_top_count, ces_top_pct, change_state, check_playbook, classifier_confusion, classifier_confusion_pairs, classifier_status,
  classify, clock_status_at, close_review, close_ticket, compare_periods, complete_playbook, confirm, confirm_by_token, correct,
  count_working_days, create_flow, create_partition, csat, csat_count, csat_mean, csat_pct, csat_positive_count, csat_response_rate_pct, current_agent, customer_actor,
  customer_history, cut_caption, daily_tickets, decide, desk_codes, desk_id, desk_rows, due_desks, due_tickets, due_within, duplicate_candidates,
  duplicate_outcome, duration_fault, duration_sketch, erlang_agents, event_hash, event_value, explain_classification, explain_ticket, export_playbook,
  fact_changes, fcr_count, fcr_pct, fcr_total_count, find_personal_data, finish_task, first_contact_resolution, first_response, first_response_business,
  flow_script, flow_version, fold, forecast, forecast_at, forecast_error, forecast_model, give_back_right, grant_temporary_right, health,
  health_between, health_bounds, health_count, health_measures, health_pct, health_sketch, health_sums, heatmap_at, hot_issues_at, hours_anew, incident_facets,
  is_untouched, is_working_day, json_items, json_members, json_texts, keyword_rule_fault, known_workaround, late_at, late_causes_at, mark_duplicate, mark_invalid,
  mask_attributes, mask_personal_data, meaning_faults, merge, migration_steps, moment_changes, my_reach, name_reviewer, negative_feedback_between, next_ticket_no,
  normal_item, normal_quantile, note, nps, nps_count, nps_detractor_count, nps_mean, nps_promoter_count, object, open_review, open_ticket,
  participant_id, pass_used_ids, period_values, playbook_changes, playbook_codes, playbook_complaint, playbook_internet, playbook_parts, playbook_reception,
  playbook_record, playbook_rows, playbook_shape, playbook_tiered, priority_caption, priority_from_integer, priority_raise, priority_to_integer,
  priority_to_smallint, process_figures_at, queue_at, read_value, receive, record_faults, record_late_cause, record_survey, refuse_unknown_ticket, reopen,
  reopen_event_count, reopen_pct, reopen_total_count, reopened_count, reopenings_at, replay_attainment, reply, reply_gaps_at, report_periods,
  request_approval, request_confirmation, require_code, require_desk, require_flow, require_flow_version, require_recipients, require_scheduler, require_sound_playbook,
  require_text, resolution, resolution_business, resolve_incident, resume, role_rights, rollup, row_policies, rule_faults, satisfaction_at,
  scalar_fault, scheduled_jobs, scheduler, score_of, seconds_sketch, sees_all_jobs, send_links, send_survey, shape_faults, shifts, shipped_playbook,
  shipped_playbooks, signals, similar_tickets, sketch_count, sketch_max, sketch_mean, sketch_min, sketch_sum, sla_met_count, sla_met_pct, sla_met_pct_incl_open_breached, sla_open_breached_count,
  sla_total_count, staff_needed, standard_playbook, state_category, states, step_faults, student_quantile, suggest_keywords, surge_counts,
  surge_windows, sweep_instant, tag, tag_domain, tag_kind, tag_matches, tag_priority, target_faults, target_key, team_id, text_similarity, text_terms,
  ticket_count, ticket_facts_at, ticket_figures, ticket_month, ticket_no, ticket_no_from_bigint, ticket_no_to_bigint, ticket_serial, top_k, top_k_count, top_k_error, top_k_places, top_k_values, to_jsonb, transfer,
  transfer_event_count, transfer_pct, transfer_total_count, transferred_count, undo_mark, use_link, value_faults, verify_anchor, verify_audit,
  wait_for_customer, wait_for_partner, waiting, waiting_business, waiting_time_at, wanted_jobs, weekly_sample, what_if, what_if_calendar_rows, what_if_playbook,
  what_if_step_rows, what_if_target_rows, what_if_targets, wilson_interval, window_has_lapsed, word_fault, zone_name
$$, '\s', '', 'g'), ',')), true;
INSERT INTO decided SELECT unnest(string_to_array(regexp_replace($$
  anchor_audit, anchor_batch, archive_batch, archive_tickets, auto_close_batch, change_attainment, change_health, check_duplicates, check_queued_duplicates, continue_job,
  continue_recompute, create_desk, create_partitions, draw_weekly_sample, drop_months, duplicate_check_batch, erase_customer, escalate_batch,
  find_duplicates, find_incidents, find_surges, finish_job, fire_one_by_one, fire_steps, follow_closed_parents, forget_hours, forget_set_aside, housekeeping_batch,
  incident_groups, incident_matches, incident_watch_batch, job_batch, link_matches, link_to_incidents, load_playbook, mark_duplicates,
  mark_found_duplicates, migrate, migrate_step, note_desk_failure, open_incident, open_surge, progress_check_batch, purge_rule_history, rebuild_health, recheck_duplicates,
  recompute_clocks, refresh_desk_health, refresh_health, refresh_health_batch, refresh_or_set_aside, refresh_tickets, retry_set_aside, roll_up_anew,
  roll_up_kept, run_archive, run_audit_anchor, run_auto_close, run_duplicate_check, run_escalation, run_housekeeping, run_incident_watch, run_migration,
  policy_definition, run_progress_check, run_recompute, run_surge_watch, run_weekly_sample, schedule_jobs, send_anchor, set_ticket_aside, setup_policies, setup_role, setup_roles,
  start_job, surge_watch_batch, sweep_batch, sweep_desk, tell_workarounds, unschedule_jobs, weekly_sample_batch
$$, '\s', '', 'g'), ',')), false;
CREATE VIEW routine AS
SELECT p.oid, p.proname::text AS name, p.prorettype = 'trigger'::regtype AS is_trigger,
  p.proname ~ '^(priority|tag|ticket_no|calendar|duration_sketch|health|csat|nps|ces|attainment_counts|top_k)_(in|out|recv|send|eq|ne|lt|le|gt|ge|cmp|hash|hash_extended|larger|smaller|sortsupport|(add|remove|combine)(_seconds|_business|_sketch)?(_moving)?|final|matches_support)$' AS is_of_type
FROM pg_proc p WHERE p.pronamespace = 'csflow'::regnamespace;
SELECT is_empty($$SELECT DISTINCT name FROM routine WHERE NOT is_trigger AND NOT is_of_type EXCEPT SELECT name FROM decided$$, '2.11: every function and procedure is decided');
SELECT is_empty($$SELECT name FROM decided EXCEPT SELECT name FROM routine$$, '2.11: and exists');
SELECT is_empty($$SELECT oid::regprocedure, role FROM routine JOIN decided USING (name) CROSS JOIN who
  WHERE has_function_privilege(login, oid, 'EXECUTE') <> (executable OR role = 'administrator' AND name = 'load_playbook')$$, '2.11: every role may execute just what was decided');
SELECT is_empty($$SELECT oid::regprocedure FROM routine JOIN pg_proc USING (oid) WHERE prosecdef$$, '2.11: no SECURITY DEFINER anywhere');
SELECT is_empty($$SELECT oid::regprocedure FROM routine JOIN pg_proc USING (oid) WHERE name ~ '^(run_|schedule_|unschedule_|migrate|create_desk|setup_|.*_batch$|drop_|erase_|purge_|rebuild_)' AND has_function_privilege('matrix_stranger', oid, 'EXECUTE')$$, '2.11: what works for a whole desk is nobody''s');
SELECT is_empty($$SELECT typname FROM pg_type t WHERE typnamespace = 'csflow'::regnamespace AND typtype = 'b' AND typelem = 0 AND NOT has_type_privilege('matrix_stranger', oid, 'USAGE')$$, '4: the types are for everybody');

\ir ../lib/drop_roles.sql
SELECT * FROM finish();
