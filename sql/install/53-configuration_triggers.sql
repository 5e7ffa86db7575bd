-- Trigger functions that refuse bad configuration rows (handbook H4); attached in sql/flow/50-configuration_checks.sql.

CREATE FUNCTION csflow.require_code(what text, code text, codes text[]) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF code IS NOT NULL AND NOT code = ANY (codes) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('unknown %s: "%s"', what, left(code, 100)),
      DETAIL = CASE WHEN cardinality(codes) = 0 THEN 'The desk has none.'
        ELSE 'Known are: ' || array_to_string(codes[1:60], ', ') || CASE WHEN cardinality(codes) > 60 THEN ', ….' ELSE '.' END END;
  END IF;
END
$$;
COMMENT ON FUNCTION csflow.require_code(text, text, text[]) IS
'Raises SF005 with the list of what is known unless a code is among it. Arguments: what it names, the code (NULL passes), known codes. Result: void. Handbook H4.';

CREATE FUNCTION csflow.desk_codes(desk_id bigint, what text) RETURNS text[]
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  desk bigint := desk_id;
BEGIN
  RETURN CASE what
    WHEN 'state' THEN ARRAY(SELECT s.state FROM csflow.states() AS s ORDER BY s.sort_order)
    WHEN 'priority' THEN '{E,A,B,C}'::text[]
    WHEN 'team' THEN ARRAY(SELECT t.code FROM csflow.team AS t WHERE t.desk_id = desk ORDER BY t.code COLLATE "C")
    WHEN 'recipient' THEN '{owner,team,supervisor,head,coordinator}'::text[] || csflow.desk_codes(desk, 'team')
    WHEN 'kind' THEN ARRAY(SELECT c.code FROM csflow.category AS c WHERE c.desk_id = desk AND c.parent_id IS NULL
      ORDER BY c.sort_order, c.code COLLATE "C")
    WHEN 'signal' THEN ARRAY(SELECT s.signal FROM csflow.signals() AS s) || csflow.desk_codes(desk, 'milestone')
    ELSE ARRAY(SELECT DISTINCT c.code COLLATE "C" FROM csflow.caption AS c WHERE c.desk_id = desk AND c.kind = what ORDER BY 1)
  END;
END
$$;
COMMENT ON FUNCTION csflow.desk_codes(bigint, text) IS
'Codes a desk knows. Arguments: desk_id; state, priority, team, recipient, kind, signal, or a kind of caption such as milestone, close_reason or customer_tier. Result: the codes. Handbook H4.';

CREATE FUNCTION csflow.require_recipients(desk_id bigint, recipients text[]) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM CASE WHEN r.code ~ '/(supervisor|head)$'
    THEN csflow.require_code('team', regexp_replace(r.code, '/[a-z]+$', ''), csflow.desk_codes(require_recipients.desk_id, 'team'))
    ELSE csflow.require_code('recipient', r.code, csflow.desk_codes(require_recipients.desk_id, 'recipient')) END
  FROM unnest(require_recipients.recipients) AS r (code);
END
$$;
COMMENT ON FUNCTION csflow.require_recipients(bigint, text[]) IS
'Raises SF005 unless each is a recipient the desk knows: owner, team, supervisor, head, coordinator, a team, or a post of a team such as product/head. Handbook D6, H4.';

CREATE FUNCTION csflow.check_desk() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF EXISTS (SELECT FROM csflow.ticket AS t WHERE t.desk_id = OLD.desk_id) THEN
      RAISE EXCEPTION USING ERRCODE = 'SF007',
        MESSAGE = format('desk "%s" has tickets and cannot be deleted', OLD.name),
        HINT = 'Take the rights of its roles away instead; its record stays.';
    END IF;
    RETURN OLD;
  END IF;
  IF TG_OP = 'INSERT' OR NEW.zone IS DISTINCT FROM OLD.zone THEN
    NEW.zone := csflow.zone_name(NEW.zone);
  END IF;
  -- When the desk is created its captions are not there yet.
  IF TG_OP = 'UPDATE' AND NEW.approval_for IS DISTINCT FROM OLD.approval_for THEN
    PERFORM csflow.require_code('subject of approval', s.code, csflow.desk_codes(NEW.desk_id, 'approval_subject') || 'all'::text)
    FROM unnest(NEW.approval_for) AS s (code);
  END IF;
  IF NEW.review_team_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM csflow.team AS t WHERE t.desk_id = NEW.desk_id AND t.team_id = NEW.review_team_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('unknown team: %s', NEW.review_team_id), DETAIL = 'review_team_id must be a team of the same desk.';
  END IF;
  IF NEW.shift_calendar IS NOT NULL AND NOT EXISTS (SELECT FROM csflow.working_calendar AS w
      WHERE w.desk_id = NEW.desk_id AND w.code = NEW.shift_calendar) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('unknown calendar: "%s"', NEW.shift_calendar), DETAIL = 'shift_calendar must be a working calendar of the same desk.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_desk() IS
'Trigger of csflow.desk: spells the zone as the server does, refuses unknown zones (22023), unknown review teams, calendars and subjects of approval (SF005) and deleting a desk with tickets (SF007). Handbook H4.';

CREATE FUNCTION csflow.refuse_in_use() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key_column text := TG_ARGV[0];
  key text := to_jsonb(OLD) ->> key_column;
  ticket_column text;
  number csflow.ticket_no;
BEGIN
  IF TG_OP = 'UPDATE' AND to_jsonb(NEW) ->> key_column = key AND NEW.desk_id = OLD.desk_id THEN
    RETURN NEW;
  END IF;
  FOREACH ticket_column IN ARRAY TG_ARGV[1:] LOOP
    EXECUTE format('SELECT ticket_no FROM csflow.ticket WHERE desk_id = $1 AND %I = %L ORDER BY ticket_no LIMIT 1', ticket_column, key)
    INTO number USING OLD.desk_id;
    IF number IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'SF007',
        MESSAGE = format('%s %s cannot be %s: tickets refer to it', TG_TABLE_NAME, key,
          CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END),
        DETAIL = format('One of them is ticket %s (%s).', number, ticket_column),
        HINT = format('UPDATE csflow.%I SET is_active = false takes it out of use and keeps the record.', TG_TABLE_NAME);
    END IF;
  END LOOP;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END
$$;
COMMENT ON FUNCTION csflow.refuse_in_use() IS
'Trigger of team, agent, category and channel: refuses (SF007) to delete or rename what tickets refer to. There is no foreign key from ticket, for inserting tickets would then lock these rows. Trigger arguments: key column, columns of csflow.ticket that hold it. Handbook H4.';

CREATE FUNCTION csflow.check_team() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing bigint;
BEGIN
  SELECT a.agent_id INTO missing
  FROM (VALUES (NEW.supervisor_id), (NEW.head_id)) AS a (agent_id)
  WHERE a.agent_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM csflow.agent AS g WHERE g.desk_id = NEW.desk_id AND g.agent_id = a.agent_id)
  LIMIT 1;
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('unknown agent: %s', missing),
      DETAIL = format('supervisor_id and head_id of team "%s" must be agents of the same desk.', NEW.code);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_team() IS
'Trigger of csflow.team: refuses unknown supervisors and heads (SF005). Handbook H4.';

CREATE FUNCTION csflow.check_category() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  missing bigint;
  part record;
BEGIN
  IF NEW.code = '' OR NEW.code ~ '/' THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('invalid code of a category: "%s"', left(NEW.code, 100)),
      DETAIL = 'A code is not empty and has no slash; kind/second level is how playbooks name a category.';
  END IF;
  -- Without a tag word the kind's code, and without a domain the caption, stands in the tag.
  SELECT w.field, w.word INTO part
  FROM (VALUES ('tag word', NEW.tag_word), ('caption', NEW.caption_zh),
    ('code', CASE WHEN NEW.parent_id IS NULL AND NEW.tag_word IS NULL THEN NEW.code END)) AS w (field, word)
  WHERE w.word IS NOT NULL AND csflow.read_value('tag_word', w.word) IS NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('invalid %s of category "%s": "%s"', part.field, NEW.code, left(part.word, 100)),
      DETAIL = 'It becomes part of a tag: 1 to 64 characters without a dash.';
  END IF;
  IF NEW.parent_id IS NOT NULL AND (NEW.parent_id = NEW.category_id
    OR EXISTS (SELECT FROM csflow.category AS c
      WHERE c.desk_id = NEW.desk_id AND c.category_id = NEW.parent_id AND c.parent_id IS NOT NULL)
    OR EXISTS (SELECT FROM csflow.category AS c WHERE c.desk_id = NEW.desk_id AND c.parent_id = NEW.category_id)) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('category "%s" would be on a third level', NEW.code),
      DETAIL = 'Categories have two levels, kinds (parent_id NULL) and their second level.';
  END IF;
  SELECT i INTO missing FROM unnest(NEW.coordinating_team_ids) AS i
  WHERE NOT EXISTS (SELECT FROM csflow.team AS t WHERE t.desk_id = NEW.desk_id AND t.team_id = i) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('unknown team: %s', coalesce(missing::text, 'NULL')),
      DETAIL = format('coordinating_team_ids of category "%s" must be teams of the same desk.', NEW.code);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_category() IS
'Trigger of csflow.category: refuses a third level, and a code, tag word or Chinese caption that cannot be part of a tag (SF011), and unknown coordinating teams (SF005). Handbook B1, B6, H4.';

CREATE FUNCTION csflow.check_domain() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF csflow.read_value('tag_word', NEW.domain) IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('invalid domain of keyword rule %s: "%s"', NEW.rule_id, left(NEW.domain, 100)),
      DETAIL = 'It becomes the middle part of a tag: 1 to 64 characters without a dash.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_domain() IS
'Trigger of csflow.keyword_rule: refuses (SF011) a domain that cannot be part of a tag. Handbook B6, H4.';

CREATE FUNCTION csflow.check_rule_codes() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NEW.field = 'channel' THEN
    PERFORM csflow.require_code('channel', u.code, ARRAY(SELECT c.channel FROM csflow.channel AS c
      WHERE c.desk_id = NEW.desk_id AND c.is_active ORDER BY c.channel COLLATE "C"))
    FROM unnest(NEW.any_of || NEW.none_of) AS u (code);
  ELSE
    PERFORM csflow.require_code('customer tier', u.code, csflow.desk_codes(NEW.desk_id, 'customer_tier'))
    FROM unnest(NEW.any_of || NEW.none_of) AS u (code);
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_rule_codes() IS
'Trigger of csflow.keyword_rule, for rules about the channel or customer tier: refuses codes the desk does not have (SF005). Handbook B2, H4.';

CREATE FUNCTION csflow.check_rule_volume() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  character_limit CONSTANT bigint := 2 * 1024 * 1024;
  problem record;
BEGIN
  -- Nearly every desk is far below, and its rules need not be counted.
  IF pg_table_size('csflow.keyword_rule') <= character_limit THEN
    RETURN NULL;
  END IF;
  SELECT r.desk_id, sum(length(array_to_string(r.any_of || r.all_of || r.none_of, ''))) AS characters INTO problem
  FROM csflow.keyword_rule AS r
  WHERE r.is_active AND r.desk_id IN (SELECT n.desk_id FROM new_rules AS n)
  GROUP BY r.desk_id
  HAVING sum(length(array_to_string(r.any_of || r.all_of || r.none_of, ''))) > character_limit
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF013',
      MESSAGE = format('the keyword rules of desk %s would have %s characters', problem.desk_id, problem.characters),
      DETAIL = format('The patterns of one desk may have %s, so that their automaton stays small.', character_limit),
      HINT = 'csflow.classifier_status() shows what the rules take; set is_active = false for those that no longer help.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.check_rule_volume() IS
'Trigger of csflow.keyword_rule, after the statement has written its rows: refuses (SF013) more than 2,097,152 characters in the active patterns of a desk. Handbook B2, H4, design 5.';

CREATE FUNCTION csflow.check_words() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  written jsonb := to_jsonb(NEW);
  is_alias boolean := TG_ARGV[0] = 'alias';
  problem record;
BEGIN
  SELECT w.word, csflow.word_fault(w.word, is_alias) AS fault INTO problem
  FROM (VALUES (written ->> 'word'), (written ->> 'canonical')) AS w (word)
  WHERE csflow.word_fault(w.word, is_alias) IS NOT NULL
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('invalid %s: "%s" %s', CASE WHEN is_alias THEN 'alias' ELSE 'word of the lexicon' END,
        left(problem.word, 100), problem.fault),
      HINT = 'csflow.fold(word) shows what is looked for.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_words() IS
'Trigger of csflow.keyword_alias and csflow.lexicon: refuses (SF011) words that cannot be looked for, before they would stop every ticket from being classified. Trigger argument: alias or lexicon. Handbook B2, B8, H4.';

CREATE FUNCTION csflow.check_priority_rule() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_code('kind', NEW.kind, csflow.desk_codes(NEW.desk_id, 'kind'));
  PERFORM csflow.require_code('customer tier', NEW.customer_tier, csflow.desk_codes(NEW.desk_id, 'customer_tier'));
  IF NEW.amount_at_least < 0 OR NEW.amount_at_least = 'NaN' THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('invalid priority rule: amount_at_least is %s', NEW.amount_at_least),
      HINT = 'Give an amount of 0 or more.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_priority_rule() IS
'Trigger of csflow.priority_rule: refuses unknown kinds and customer tiers (SF005) and negative amounts (SF011). Handbook B3, B4, H4.';

CREATE FUNCTION csflow.check_transition() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_code('state', s.state, csflow.desk_codes(NEW.desk_id, 'state'))
  FROM (VALUES (NEW.from_state), (NEW.to_state)) AS s (state);
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_transition() IS
'Trigger of csflow.transition: refuses unknown states (SF005). Handbook H4.';

CREATE FUNCTION csflow.check_caption() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NEW.kind IN ('state', 'priority') THEN
    PERFORM csflow.require_code(NEW.kind, NEW.code, csflow.desk_codes(NEW.desk_id, NEW.kind));
  ELSIF NEW.kind = 'milestone' AND NEW.code IN (SELECT s.signal FROM csflow.signals() AS s) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF011',
      MESSAGE = format('milestone "%s" has the name of a signal', NEW.code),
      DETAIL = 'Targets start and stop on signals and milestones alike, so a name can mean only one of them.',
      HINT = 'Choose another code; csflow.signals() lists the signals.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_caption() IS
'Trigger of csflow.caption: refuses captions of unknown states and priorities (SF005), and milestones named as a signal (SF011). Handbook A9, H4.';

CREATE FUNCTION csflow.check_approval_limit() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_code('subject of approval', NEW.subject, csflow.desk_codes(NEW.desk_id, 'approval_subject') || 'all'::text);
  IF NEW.approver = 'owner' THEN
    PERFORM csflow.require_code('approver', NEW.approver, array_remove(csflow.desk_codes(NEW.desk_id, 'recipient'), 'owner'));
  END IF;
  PERFORM csflow.require_recipients(NEW.desk_id, ARRAY[NEW.approver]);
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_approval_limit() IS
'Trigger of csflow.approval_limit: refuses unknown subjects and approvers (SF005); the owner of a ticket is no approver. Handbook E2, H4.';

CREATE FUNCTION csflow.refuse_caption_in_use() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  user_clock text;
BEGIN
  -- While the whole desk is being deleted, its rows go in any order.
  IF OLD.kind NOT IN ('milestone', 'close_reason', 'customer_tier', 'template', 'approval_subject')
    OR OLD.code = ANY (csflow.desk_codes(OLD.desk_id, OLD.kind))
    OR NOT EXISTS (SELECT FROM csflow.desk AS d WHERE d.desk_id = OLD.desk_id) THEN
    RETURN NULL;
  END IF;
  IF OLD.kind = 'approval_subject' THEN
    IF EXISTS (SELECT FROM csflow.approval_limit AS l WHERE l.desk_id = OLD.desk_id AND l.subject = OLD.code) THEN
      RAISE EXCEPTION USING ERRCODE = 'SF005',
        MESSAGE = format('approval subject "%s" is still in use', OLD.code),
        DETAIL = 'csflow.approval_limit names it.', HINT = 'Delete those rows first.';
    ELSIF EXISTS (SELECT FROM csflow.desk AS d WHERE d.desk_id = OLD.desk_id AND OLD.code = ANY (d.approval_for)) THEN
      RAISE EXCEPTION USING ERRCODE = 'SF005',
        MESSAGE = format('approval subject "%s" is still in use', OLD.code),
        DETAIL = 'csflow.desk.approval_for names it.', HINT = 'Take it out of approval_for first.';
    END IF;
    RETURN NULL;
  ELSIF OLD.kind = 'customer_tier' AND EXISTS (SELECT FROM csflow.priority_rule AS r
      WHERE r.desk_id = OLD.desk_id AND r.is_active AND r.customer_tier = OLD.code) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('customer tier "%s" is still in use', OLD.code),
      DETAIL = 'csflow.priority_rule names it.', HINT = 'Delete or change those rows first.';
  END IF;
  SELECT t.clock INTO user_clock
  FROM csflow.target AS t
  WHERE t.desk_id = OLD.desk_id AND t.is_active AND CASE OLD.kind
    WHEN 'milestone' THEN OLD.code = ANY (t.starts_on || t.stops_on || t.rearms_on)
    WHEN 'customer_tier' THEN t.customer_tier = OLD.code
    ELSE EXISTS (SELECT FROM csflow.step AS s
      WHERE s.desk_id = t.desk_id AND s.target_id = t.target_id AND OLD.code = CASE OLD.kind WHEN 'template' THEN s.template ELSE s.close_reason END) END
  LIMIT 1;
  IF user_clock IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF005',
      MESSAGE = format('%s "%s" is still in use', replace(OLD.kind, '_', ' '), OLD.code),
      DETAIL = format('A target of clock "%s" names it.', user_clock),
      HINT = 'Change the target first.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.refuse_caption_in_use() IS
'Trigger of csflow.caption, after delete or rename: milestones, close reasons, customer tiers, templates and subjects of approval exist by their captions, so the last caption of one that a target, a priority rule, an approval limit or desk.approval_for names stays (SF005). Handbook H4.';

CREATE FUNCTION csflow.check_target() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  problem record;
BEGIN
  IF NOT NEW.is_active THEN
    RETURN NEW;
  END IF;
  PERFORM csflow.require_code('kind', NEW.kind, csflow.desk_codes(NEW.desk_id, 'kind'));
  PERFORM csflow.require_code('customer tier', NEW.customer_tier, csflow.desk_codes(NEW.desk_id, 'customer_tier'));
  IF NEW.kind IS NOT NULL AND EXISTS (
    SELECT FROM csflow.category AS c JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = coalesce(c.parent_id, c.category_id)
    WHERE c.desk_id = NEW.desk_id AND c.category_id = NEW.category_id AND k.code <> NEW.kind) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF012',
      MESSAGE = format('invalid target of clock "%s": its category is not of kind "%s"', NEW.clock, NEW.kind),
      DETAIL = 'No ticket could match both.',
      HINT = 'Leave kind NULL; the category implies it.';
  END IF;
  PERFORM csflow.require_code('state', p.state, csflow.desk_codes(NEW.desk_id, 'state')) FROM unnest(NEW.pauses_in) AS p (state);
  PERFORM csflow.require_code('signal or milestone', s.signal, csflow.desk_codes(NEW.desk_id, 'signal'))
  FROM unnest(NEW.starts_on || NEW.stops_on || NEW.rearms_on) AS s (signal);
  SELECT f.field, f.fault INTO problem
  FROM csflow.target_faults(NEW.mode, NEW.due_from, NEW.duration, NEW.daily_at, NEW.is_exempt, NEW.starts_on, NEW.stops_on,
    NEW.rearms_on, NEW.pauses_in, NEW.subject, NEW.is_window) AS f
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF012',
      MESSAGE = format('invalid target of clock "%s": %s %s', NEW.clock, problem.field, problem.fault),
      HINT = 'COMMENT ON TABLE csflow.target and its columns say what a target is; doc/playbooks.md has examples.';
  END IF;
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_target() IS
'Trigger of csflow.target: refuses what cannot be (SF012: months, no or negative durations, states both stopping and pausing …) and unknown kinds, tiers, states, signals (SF005). Inactive rows may be anything. Handbook H4.';

CREATE FUNCTION csflow.check_target_alone() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  other bigint;
BEGIN
  IF NOT NEW.is_active THEN
    RETURN NULL;
  END IF;
  -- The engine has 64 bits for signals; the milestones that targets name share those the built-in ones leave.
  IF (SELECT count(DISTINCT u.signal) FROM csflow.target AS t, unnest(t.starts_on || t.stops_on || t.rearms_on) AS u (signal)
    WHERE t.desk_id = NEW.desk_id AND t.is_active AND u.signal NOT IN (SELECT s.signal FROM csflow.signals() AS s))
    > 64 - (SELECT count(*) FROM csflow.signals()) THEN
    RAISE EXCEPTION USING ERRCODE = 'SF012',
      MESSAGE = format('the targets of the desk name more than %s milestones', 64 - (SELECT count(*) FROM csflow.signals())),
      HINT = 'Let several of them start or stop on the same milestone.';
  END IF;
  SELECT t.target_id INTO other FROM csflow.target AS t
  WHERE t.desk_id = NEW.desk_id AND t.clock = NEW.clock AND t.is_active AND t.subject <> NEW.subject ORDER BY t.target_id LIMIT 1;
  IF other IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF012',
      MESSAGE = format('invalid target of clock "%s": subject %s, while target %s has another', NEW.clock, NEW.subject, other),
      DETAIL = 'All targets of a clock concern the same: the ticket, departments or tasks.';
  END IF;
  SELECT t.target_id INTO other
  FROM csflow.target AS t
    LEFT JOIN csflow.category AS c ON c.desk_id = t.desk_id AND c.category_id = coalesce(t.category_id, NEW.category_id)
    LEFT JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = coalesce(c.parent_id, c.category_id)
    LEFT JOIN csflow.channel AS h ON h.desk_id = t.desk_id AND h.channel = coalesce(t.channel, NEW.channel)
  WHERE t.desk_id = NEW.desk_id AND t.clock = NEW.clock AND t.is_active AND t.target_id <> NEW.target_id
    AND num_nonnulls(t.kind, t.category_id, t.priority, t.channel, t.channel_class, t.customer_tier, t.handling_tier, t.complexity)
      = num_nonnulls(NEW.kind, NEW.category_id, NEW.priority, NEW.channel, NEW.channel_class, NEW.customer_tier,
        NEW.handling_tier, NEW.complexity)
    AND coalesce(t.kind = NEW.kind, true) AND coalesce(t.category_id = NEW.category_id, true)
    AND coalesce(t.priority = NEW.priority, true) AND coalesce(t.channel = NEW.channel, true)
    AND coalesce(t.channel_class = NEW.channel_class, true) AND coalesce(t.customer_tier = NEW.customer_tier, true)
    AND coalesce(t.handling_tier = NEW.handling_tier, true) AND coalesce(t.complexity = NEW.complexity, true)
    AND coalesce(k.code = coalesce(t.kind, NEW.kind), true)
    AND coalesce(coalesce(t.channel_class, NEW.channel_class) = CASE WHEN h.is_instant THEN 'instant' WHEN NOT h.is_instant
      THEN 'asynchronous' END, true)
  ORDER BY t.target_id
  LIMIT 1;
  IF other IS NOT NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'SF012',
      MESSAGE = format('ambiguous target of clock "%s": target %s can match the same ticket and is as specific', NEW.clock, other),
      DETAIL = 'The most specific target wins, the one with the most conditions; these two have equally many.',
      HINT = 'Add the other''s condition to one of them, or set one is_active = false.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.check_target_alone() IS
'Trigger of csflow.target, after the statement has written its rows: refuses (SF012) a target while another active one of its clock can match the same ticket with as many conditions, and more milestones in a desk''s targets than the engine has room for. Handbook H4.';

CREATE FUNCTION csflow.check_step() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM csflow.require_recipients(NEW.desk_id, NEW.recipients);
  PERFORM csflow.require_code('close reason', NEW.close_reason, csflow.desk_codes(NEW.desk_id, 'close_reason'));
  PERFORM csflow.require_code('template', NEW.template, csflow.desk_codes(NEW.desk_id, 'template'));
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.check_step() IS
'Trigger of csflow.step: refuses unknown recipients, close reasons and templates (SF005). Handbook H4.';

CREATE FUNCTION csflow.check_step_order() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  clock text;
  position smallint;
  fault text;
BEGIN
  SELECT t.clock, l.positions[f.ordinal], f.fault INTO clock, position, fault
  FROM csflow.target AS t,
    LATERAL (
      SELECT array_agg(s.position ORDER BY s.position) AS positions,
        jsonb_agg(jsonb_build_object('action', s.action, 'at_pct', s.at_share_pct, 'offset', s.at_offset) ORDER BY s.position) AS steps
      FROM csflow.step AS s WHERE s.desk_id = t.desk_id AND s.target_id = t.target_id) AS l,
    csflow.step_faults(l.steps) AS f
  WHERE t.desk_id = NEW.desk_id AND t.target_id = NEW.target_id
  ORDER BY f.ordinal
  LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF012',
      MESSAGE = format('invalid step %s of clock "%s": %s', position, clock, fault),
      DETAIL = 'Steps fire in order of position, each once; so their shares or offsets must rise with it.';
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.check_step_order() IS
'Trigger of csflow.step, after the statement has written its rows: refuses (SF012) steps after one that closes, steps due before their predecessor and offsets in months. Handbook D6, H4.';

CREATE FUNCTION csflow.merge_calendar_days() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.calendar := csflow.calendar_merge(NEW.base,
    ARRAY(SELECT d.day FROM csflow.calendar_day AS d WHERE d.desk_id = NEW.desk_id AND d.code = NEW.code ORDER BY d.day),
    ARRAY(SELECT d.rule FROM csflow.calendar_day AS d WHERE d.desk_id = NEW.desk_id AND d.code = NEW.code ORDER BY d.day));
  RETURN NEW;
END
$$;
COMMENT ON FUNCTION csflow.merge_calendar_days() IS
'Trigger of csflow.working_calendar: calendar becomes base with the rows of csflow.calendar_day. Errors: those of calendar_merge(). Handbook D8, H4.';

CREATE FUNCTION csflow.calendar_days_changed() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    UPDATE csflow.working_calendar AS w SET base = w.base;
    RETURN NULL;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    UPDATE csflow.working_calendar AS w SET base = w.base
    WHERE (w.desk_id, w.code) IN (SELECT n.desk_id, n.code FROM new_days AS n);
  END IF;
  IF TG_OP <> 'INSERT' THEN
    UPDATE csflow.working_calendar AS w SET base = w.base
    WHERE (w.desk_id, w.code) IN (SELECT o.desk_id, o.code FROM old_days AS o);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.calendar_days_changed() IS
'Trigger of csflow.calendar_day, once a statement: has the calendars it touched put together again by merge_calendar_days(). Handbook D8, H4.';

CREATE FUNCTION csflow.refuse_calendar_in_use() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  running record;
BEGIN
  IF TG_OP = 'UPDATE' AND (NEW.desk_id, NEW.code) = (OLD.desk_id, OLD.code) THEN
    RETURN NULL;
  END IF;
  SELECT c.ticket_no, c.clock INTO running FROM csflow.clock AS c
  WHERE c.desk_id = OLD.desk_id AND c.calendar = OLD.code AND c.stopped_at IS NULL ORDER BY c.ticket_no, c.clock LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'SF007',
      MESSAGE = format('working calendar %s cannot be %s: clocks run by it', OLD.code, CASE TG_OP WHEN 'DELETE' THEN 'deleted' ELSE 'renamed' END),
      DETAIL = format('One of them is the clock %s of ticket %s.', running.clock, running.ticket_no),
      HINT = format('SELECT * FROM csflow.recompute_clocks(%s) moves them to the calendars that their targets have now.', OLD.desk_id);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION csflow.refuse_calendar_in_use() IS
'Trigger of csflow.working_calendar: refuses (SF007) to delete or rename a calendar by which clocks run that are not stopped. Handbook D8, H4.';
