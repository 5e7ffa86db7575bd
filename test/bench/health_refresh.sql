-- Data of test/bench/66_health_refresh.sh.
SELECT csflow.create_desk('bench');
UPDATE csflow.desk SET duplicate_window = '0';
CREATE SCHEMA bench;
INSERT INTO csflow.customer (desk_id, nickname, tier) SELECT 1, 'c' || n, CASE WHEN n % 10 = 0 THEN 'vip' ELSE 'standard' END FROM generate_series(1, 100) AS n;
INSERT INTO csflow.agent (desk_id, name, team_id) SELECT 1, 'agent ' || n, t.team_id FROM csflow.team AS t, generate_series(1, 5) AS n WHERE t.desk_id = 1;
INSERT INTO csflow.agent (desk_id, name, role_name, may_act_for_others) VALUES (1, 'application', current_user, true);

-- One hour of a desk, through the tables as an application writes them: all tickets are replied to and taken up, a tenth handed on,
-- a fifth heard of again and replied to again, half answered.
CREATE PROCEDURE bench.hour(since timestamptz, tickets integer) LANGUAGE plpgsql AS $$
DECLARE
  texts text[] := '{提现失败钱没到账,密码被改了登录不了,怎么用优惠券,建议增加夜间模式,页面闪退白屏,客服态度差要投诉}';
  channels text[] := ARRAY(SELECT c.channel FROM csflow.channel AS c WHERE c.desk_id = 1 ORDER BY c.channel);
BEGIN
  INSERT INTO csflow.ticket (desk_id, channel, customer_id, body, opened_at)
  SELECT 1, channels[1 + n % cardinality(channels)], 1 + n % 100, texts[1 + n % 6] || n, since + n * interval '1 hour' / tickets
  FROM generate_series(0, tickets - 1) AS n;
  CREATE TEMP TABLE lately ON COMMIT DROP AS
  SELECT t.ticket_no AS no, t.opened_at AS at, csflow.ticket_serial(t.ticket_no)::integer AS n FROM csflow.ticket AS t
  WHERE t.desk_id = 1 AND t.opened_at >= since AND t.opened_at < since + interval '1 hour';
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, at) SELECT 1, no, 'agent', 1 + n % 5, at + (n % 997 + 3) * interval '1 second' FROM lately;
  UPDATE csflow.ticket AS t SET state = 'in_progress', changed_at = l.at + interval '1000 seconds' FROM lately AS l WHERE t.desk_id = 1 AND t.ticket_no = l.no;
  UPDATE csflow.ticket AS t SET team_id = (SELECT max(g.team_id) FROM csflow.team AS g WHERE g.desk_id = 1), changed_at = l.at + interval '1100 seconds', change_reason = 'theirs'
  FROM lately AS l WHERE t.desk_id = 1 AND t.ticket_no = l.no AND l.n % 10 = 0;
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, at) SELECT 1, no, 'customer', at + interval '1200 seconds' FROM lately WHERE n % 5 = 1;
  INSERT INTO csflow.message (desk_id, ticket_no, author_kind, changed_by, at) SELECT 1, no, 'agent', 1, at + (1250 + n % 50) * interval '1 second' FROM lately WHERE n % 5 = 1;
  UPDATE csflow.ticket AS t SET state = 'answered', changed_at = l.at + (1400 + n % 1009) * interval '1 second' FROM lately AS l
  WHERE t.desk_id = 1 AND t.ticket_no = l.no AND l.n % 2 = 0;
END
$$;

-- Copies of the tickets there are, an hour earlier each, with their events and facts, past the triggers.
CREATE PROCEDURE bench.history(copies integer) LANGUAGE plpgsql AS $$
DECLARE
  relation text;
  columns text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOREACH relation IN ARRAY ARRAY['ticket', 'event', 'clock', 'ticket_chain', 'ticket_fact', 'reply_gap'] LOOP
    SELECT string_agg(CASE
        WHEN a.attname = 'ticket_no' THEN 'csflow.ticket_no(csflow.ticket_month(x.ticket_no), csflow.ticket_serial(x.ticket_no) + 1000000 * k)'
        WHEN a.atttypid = 'timestamptz'::regtype THEN format('x.%I - k * interval ''1 hour''', a.attname)
        ELSE format('x.%I', a.attname) END, ', ' ORDER BY a.attnum)
    INTO columns FROM pg_attribute AS a
    WHERE a.attrelid = format('csflow.%I', relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped;
    EXECUTE format('INSERT INTO csflow.%1$I SELECT %2$s FROM csflow.%1$I AS x, generate_series(1, %3$s) AS k', relation, columns, copies);
  END LOOP;
END
$$;

-- The buckets of a desk that solves 27,000 tickets a day (ten million a year) by 45 values of six cuts: day, month and the hours at
-- both ends of the 90 days are filled directly, from sixteen sketches of 5,000 durations each, log-normal as waiting times are.
CREATE PROCEDURE bench.buckets(until timestamptz, days integer) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM setseed(0.5);
  CREATE TABLE bench.sketch AS
  SELECT n, csflow.duration_sketch(exp(8 + n % 4 + 1.2 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) * interval '1 second') AS sketch
  FROM generate_series(0, 15) AS n, generate_series(1, 5000) GROUP BY n;
  CREATE TABLE bench.value AS
  SELECT v.cut, CASE WHEN v.cut = 'total' THEN '' ELSE v.cut || n END AS value, n
  FROM (VALUES ('total', 1), ('kind', 4), ('category', 20), ('team', 8), ('channel', 8), ('customer_tier', 4)) AS v (cut, n_values), generate_series(1, v.n_values) AS n;
  INSERT INTO csflow.health_progress VALUES (1, 'Asia/Shanghai', until) ON CONFLICT ON CONSTRAINT health_progress_pkey DO NOTHING;
  INSERT INTO csflow.health_value SELECT 1, v.cut, v.value, (until - days * interval '1 day')::date FROM bench.value AS v ON CONFLICT DO NOTHING;
  CREATE TABLE bench.row AS
  SELECT v.cut, v.value, m.measure, g.day, 27000 / CASE WHEN v.cut = 'total' THEN 1 ELSE 8 END AS event_count, c.sketch AS cal, b.sketch AS bus
  FROM bench.value AS v CROSS JOIN csflow.health_measures() AS m CROSS JOIN generate_series(0, days) AS g (day)
  LEFT JOIN bench.sketch AS c ON m.is_timed AND c.n = (v.n + m.sort_order + g.day) % 16
  LEFT JOIN bench.sketch AS b ON m.is_timed AND b.n = (v.n + m.sort_order + g.day + 5) % 16;
  INSERT INTO csflow.health_day SELECT 1, r.cut, (until AT TIME ZONE 'Asia/Shanghai')::date - r.day, r.value, r.measure, r.event_count, r.cal, r.bus FROM bench.row AS r;
  INSERT INTO csflow.health_month
  SELECT 1, d.cut, date_trunc('month', d.bucket_date)::date, d.value, d.measure, sum(d.event_count), csflow.rollup(d.cal), csflow.rollup(d.bus)
  FROM csflow.health_day AS d WHERE d.desk_id = 1 GROUP BY 2, 3, 4, 5;
  INSERT INTO csflow.health_hour
  SELECT 1, r.cut, date_trunc('hour', until - r.day * interval '1 day') - h * interval '1 hour', r.value, r.measure, r.event_count / 24, r.cal, r.bus
  FROM bench.row AS r, generate_series(0, 23) AS h WHERE r.day IN (0, 90);
END
$$;
