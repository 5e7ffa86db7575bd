-- Refusals of playbooks and configuration rows (handbook H4): each names the value, the reason and the cure.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
SET search_path = public, csflow;
SET datestyle = 'ISO';
SET intervalstyle = 'postgres';
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
BEGIN;
SELECT create_desk('playbook_errors', 'internet') AS desk \gset
SET LOCAL test.desk = :desk;

-- What is said against a statement; in it, DESK is the desk's id.
CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  detail text;
  hint text;
BEGIN
  EXECUTE replace(statement, 'DESK', current_setting('test.desk'));
  RETURN 'done';
EXCEPTION WHEN others THEN
  GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || SQLERRM || coalesce(E'\n       ' || replace(nullif(detail, ''), E'\n', E'\n       '), '')
    || coalesce(E'\n       ' || nullif(hint, ''), '');
END $$;
INSERT INTO team (desk_id, team_id, code, name_zh, name_en) VALUES (:desk, 900001, 'night', '夜班', 'night shift');
INSERT INTO agent (desk_id, agent_id, name) VALUES (:desk, 900001, 'N. N.');
INSERT INTO category (desk_id, category_id, code, caption_zh, caption_en) VALUES (:desk, 900001, 'misc', '其他', 'other');
INSERT INTO category (desk_id, category_id, parent_id, code, caption_zh, caption_en) VALUES (:desk, 900002, 900001, 'sub', '其他', 'other');
INSERT INTO target (desk_id, target_id, clock, duration, priority, calendar) VALUES (:desk, 900001, 'probe', '1 hour', 'A', 'around_the_clock');
INSERT INTO step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (:desk, 900001, 10, 100, 'notify', '{owner}');

-- Every fault at once, with its path.
SELECT outcome($$SELECT * FROM load_playbook(DESK, $json${
  "zone": "Mars/Base", "surprise": 1, "name": "a/b",
  "settings": {"minimum_score": -1, "review_team": "nobody", "default_priority": "Z"},
  "channels": [{"code": "x"}, {"code": "x", "instant": "yes"}, 7],
  "captions": {"milestone": [{"code": "opened", "zh": "x"}], "mood": [], "state": [{"code": "asleep", "zh": "睡"}], "clock": [{"code": "a"}]},
  "teams": [{"code": "t", "zh": "", "en": "t"}],
  "categories": [{"code": "k", "zh": "k", "en": "k", "tag_word": "a-b", "team": "u", "impact": 5, "keywords": {"many": ["x"], "3": ["y", "y"]},
    "children": [{"code": "s", "zh": "s", "en": "s", "coordinating": ["t", "v"], "children": []}]}],
  "aliases": {"log in": "login", "x": ["ex", "\u200d"]},
  "lexicon": [{"class": "joy", "weight": 11, "words": ["x", ""]}],
  "rules": [{"any_of": ["x"]}, {"impact": 1}, {"any_of": ["x"], "category": "k/z", "raise_to": "X"}],
  "matrix": [{"impact": 1, "urgency": 1, "priority": "E"}, {"impact": 1, "urgency": 1, "priority": "A"}],
  "raises": [{"priority": "A"}, {"priority": "A", "customer_tier": "diamond", "amount_at_least": -1}],
  "approvals": [{"subject": "holiday", "approver": "owner"}, {"subject": "refund", "up_to": -1, "approver": "t/head"}, {"approver": "supervisor"}],
  "calendars": [{"code": "c", "zone": "Asia/Shanghai", "hours": "mon-fri 09:00-08:00"},
    {"code": "d", "zone": "Asia/Shanghai", "hours": "mon-fri 09:00-18:00", "days": [{"day": "2026-02-30", "rule": "off"}, {"day": "2026-02-03", "rule": "as bankday"}]}],
  "opening_states": [],
  "transitions": {"new": ["lost"], "old": ["new"]}
}$json$)$$);
SELECT path, fault FROM check_playbook($json${
  "targets": [
    {"clock": "A-b", "duration": "1 month"},
    {"clock": "r", "duration": "soon", "stops_on": ["whenever"], "calendar": "moon"},
    {"clock": "r2", "duration": "1 hour", "priority": "B"},
    {"clock": "r2", "duration": "2 hours", "channel_class": "instant"},
    {"clock": "r3", "mode": "daily_at", "stops_on": ["enter_answered"], "pauses_in": ["answered"]},
    {"clock": "r4", "duration": "-1 hour", "steps": "nolist"},
    {"clock": "r5"},
    {"clock": "r6", "duration": "1 hour", "due_from": "named", "stops_on": ["answered"], "rearms_on": ["answered"]},
    {"clock": "r7", "duration": "1 hour", "steps": [
      {"action": "close", "at_pct": 100}, {"action": "notify", "at_pct": 50, "recipients": ["boss"]}, {"action": "notify", "offset": "1 month"},
      {"action": "assign_team", "at_pct": 1, "offset": "1 hour"}, {"action": "sing", "at_pct": -1, "position": 1}]}
  ]}$json$);
SELECT f.path, f.fault
FROM (SELECT jsonb_agg(jsonb_build_object('code', 'm' || n, 'en', 'm')) AS captions, jsonb_agg('m' || n) AS codes FROM generate_series(1, 30) AS n) AS m,
  check_playbook(jsonb_build_object('captions', jsonb_build_object('milestone', m.captions),
  'targets', jsonb_build_array(jsonb_build_object('clock', 'c', 'duration', '1 hour', 'stops_on', m.codes)))) AS f;
SELECT * FROM check_playbook('[]');
SELECT * FROM check_playbook(NULL);
SELECT * FROM check_playbook('{"targets": 5, "steps": [], "aliases": 1, "settings": [], "captions": "x"}');
SELECT regexp_replace(outcome($$SELECT load_playbook(DESK, jsonb_build_object('teams', (SELECT jsonb_agg(n) FROM generate_series(1, 60) AS n)))$$), '(\n[^\n]*){48}', E'\n…');
SELECT outcome($$SELECT export_playbook(0)$$);
SELECT outcome($$SELECT shipped_playbook('nonsense')$$);

-- Targets (handbook A2, D6).
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar) VALUES (DESK, 'bad', '1 month', 'around_the_clock')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar) VALUES (DESK, 'bad', '0', 'around_the_clock')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar) VALUES (DESK, 'bad', '1 day -1 hour', 'around_the_clock')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, calendar) VALUES (DESK, 'bad', 'around_the_clock')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, mode, calendar) VALUES (DESK, 'bad', 'daily_at', 'around_the_clock')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, stops_on) VALUES (DESK, 'bad', '1 hour', 'around_the_clock', '{solved}')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, pauses_in) VALUES (DESK, 'bad', '1 hour', 'around_the_clock', '{sleeping}')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, pauses_in, stops_on)
VALUES (DESK, 'bad', '1 hour', 'around_the_clock', '{answered}', '{enter_answered}')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, kind) VALUES (DESK, 'bad', '1 hour', 'around_the_clock', 'gossip')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, kind, category_id)
VALUES (DESK, 'bad', '1 hour', 'around_the_clock', 'technical_fault', 900002)$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, customer_tier) VALUES (DESK, 'bad', '1 hour', 'around_the_clock', 'diamond')$$);
INSERT INTO caption (desk_id, kind, code, lang, text) SELECT :desk, 'milestone', 'm' || n, 'en', 'm' FROM generate_series(1, 40) AS n;
SELECT outcome($$UPDATE target SET stops_on = (SELECT array_agg('m' || n) FROM generate_series(1, 30) AS n) WHERE desk_id = DESK AND target_id = 900001$$);
SELECT outcome($$UPDATE target SET starts_on = '{}' WHERE desk_id = DESK AND target_id = 900001$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, channel_class) VALUES (DESK, 'probe', '1 hour', 'around_the_clock', 'instant')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, channel_class, is_active) VALUES (DESK, 'probe', '1 hour', 'around_the_clock', 'instant', false)$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, priority) VALUES (DESK, 'probe', '1 hour', 'around_the_clock', 'B')$$);
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, priority, channel) VALUES (DESK, 'probe', '1 hour', 'around_the_clock', 'A', 'email')$$);
-- Not the same ticket: e-mail is not instant.
SELECT outcome($$INSERT INTO target (desk_id, clock, duration, calendar, priority, channel_class) VALUES (DESK, 'probe', '1 hour', 'around_the_clock', 'A', 'instant')$$);

-- Steps.
SELECT outcome($$INSERT INTO step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (DESK, 900001, 20, 50, 'notify', '{owner}')$$);
SELECT outcome($$INSERT INTO step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (DESK, 900001, 20, 150, 'notify', '{boss}')$$);
SELECT outcome($$INSERT INTO step (desk_id, target_id, position, at_share_pct, action, close_reason) VALUES (DESK, 900001, 20, 150, 'close', 'boredom')$$);
SELECT outcome($$INSERT INTO step (desk_id, target_id, position, at_offset, action, recipients) VALUES (DESK, 900001, 20, '1 year', 'notify', '{owner}')$$);
SELECT outcome($$INSERT INTO step (desk_id, target_id, position, at_share_pct, action, close_reason) VALUES (DESK, 900001, 20, 150, 'close', 'no_new_request')$$);
SELECT outcome($$INSERT INTO step (desk_id, target_id, position, at_share_pct, action, recipients) VALUES (DESK, 900001, 30, 200, 'notify', '{owner}')$$);

-- The rest of the taxonomy.
SELECT outcome($$INSERT INTO transition (desk_id, from_state, to_state) VALUES (DESK, 'new', 'lost')$$);
SELECT outcome($$INSERT INTO category (desk_id, parent_id, code, caption_zh, caption_en) VALUES (DESK, 900002, 'deep', 'x', 'x')$$);
SELECT outcome($$INSERT INTO category (desk_id, code, caption_zh, caption_en, tag_word) VALUES (DESK, 'dashed', 'x', 'x', 'a-b')$$);
SELECT outcome($$INSERT INTO category (desk_id, code, caption_zh, caption_en, coordinating_team_ids) VALUES (DESK, 'lonely', 'x', 'x', '{900009}')$$);
SELECT outcome($$INSERT INTO category (desk_id, code, caption_zh, caption_en) VALUES (DESK, 'a/b', 'x', 'x')$$);
SELECT outcome($$INSERT INTO category (desk_id, code, caption_zh, caption_en) VALUES (DESK, 'e-mail', 'x', 'x')$$);
SELECT outcome($$INSERT INTO category (desk_id, code, caption_zh, caption_en) VALUES (DESK, 'email', 'e-mail', 'x')$$);
SELECT outcome($$INSERT INTO keyword_rule (desk_id, rule_id, any_of, domain) VALUES (DESK, 900001, '{x}', 'a-b')$$);
SELECT outcome($$INSERT INTO keyword_alias (desk_id, word, canonical) VALUES (DESK, 'x', 'ex')$$);
SELECT outcome($$INSERT INTO keyword_alias (desk_id, word, canonical) VALUES (DESK, '退', '退款')$$);
SELECT outcome(format($$INSERT INTO lexicon (desk_id, word, class) VALUES (DESK, %L, 'anger')$$, U&'\0301'));
SELECT outcome($$INSERT INTO lexicon (desk_id, word, class) VALUES (DESK, repeat('气', 101), 'anger')$$);
SELECT outcome($$INSERT INTO priority_rule (desk_id, mode, kind, priority) VALUES (DESK, 'raise', 'gossip', 'A')$$);
SELECT outcome($$INSERT INTO priority_rule (desk_id, mode, amount_at_least, priority) VALUES (DESK, 'raise', -5, 'A')$$);
SELECT outcome($$INSERT INTO caption (desk_id, kind, code, lang, text) VALUES (DESK, 'state', 'asleep', 'en', 'asleep')$$);
SELECT outcome($$INSERT INTO caption (desk_id, kind, code, lang, text) VALUES (DESK, 'milestone', 'answered', 'en', 'answered')$$);
SELECT outcome($$DELETE FROM caption WHERE desk_id = DESK AND kind = 'milestone' AND code = 'partner_replied'$$);
SELECT outcome($$DELETE FROM caption WHERE desk_id = DESK AND kind = 'close_reason' AND code = 'no_new_request'$$);
SELECT outcome($$UPDATE team SET head_id = 900009 WHERE desk_id = DESK AND team_id = 900001$$);
SELECT outcome($$UPDATE desk SET zone = 'Mars/Base' WHERE desk_id = DESK$$);
SELECT outcome($$UPDATE desk SET review_team_id = 900009 WHERE desk_id = DESK$$);

-- Calendars (handbook D8).
SELECT outcome($$INSERT INTO calendar_day (desk_id, code, day, rule) VALUES (DESK, 'around_the_clock', '2026-10-01', 'off')$$);
SELECT outcome($$INSERT INTO calendar_day (desk_id, code, day, rule) VALUES (DESK, 'around_the_clock', '2026-10-02', '09:00-08:00')$$);
SELECT calendar FROM working_calendar WHERE desk_id = :desk;
SELECT outcome($$UPDATE calendar_day SET rule = '09:00-12:00' WHERE desk_id = DESK$$);
SELECT calendar FROM working_calendar WHERE desk_id = :desk;
SELECT outcome($$UPDATE working_calendar SET base = 'Asia/Shanghai; mon-fri 09:00-18:00' WHERE desk_id = DESK$$);
SELECT calendar FROM working_calendar WHERE desk_id = :desk;
SELECT outcome($$DELETE FROM calendar_day WHERE desk_id = DESK$$);
SELECT calendar FROM working_calendar WHERE desk_id = :desk;
SELECT left(outcome($$DELETE FROM working_calendar WHERE desk_id = DESK$$), 5);

-- What tickets refer to stays.
INSERT INTO ticket (desk_id, ticket_no, channel, body, category_id, team_id, agent_id, opened_at)
VALUES (:desk, '202003007', 'email', 'hello', 900002, 900001, 900001, '2020-03-05 10:00+08');
SELECT outcome($$DELETE FROM team WHERE desk_id = DESK AND team_id = 900001$$);
SELECT outcome($$DELETE FROM agent WHERE desk_id = DESK AND agent_id = 900001$$);
SELECT outcome($$DELETE FROM category WHERE desk_id = DESK AND category_id = 900002$$);
SELECT outcome($$DELETE FROM channel WHERE desk_id = DESK AND channel = 'email'$$);
SELECT outcome($$UPDATE channel SET channel = 'mail' WHERE desk_id = DESK AND channel = 'email'$$);
SELECT outcome($$DELETE FROM desk WHERE desk_id = DESK$$);
ROLLBACK;
