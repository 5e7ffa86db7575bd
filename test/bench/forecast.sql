-- Data of test/bench/67_forecast.sh: tickets past the triggers, and the days of the score-card with all their measures.
SET client_min_messages = warning;
SELECT csflow.create_desk('bench');
SET session_replication_role = replica;
INSERT INTO csflow.ticket (desk_id, ticket_no, state, channel, body, kind, opened_at, changed_at, source)
SELECT 1, csflow.ticket_no('2026-05-01'::date, n), 'closed', c.channels[1 + n % cardinality(c.channels)], 'x', k.kinds[1 + n % cardinality(k.kinds)], a.at, a.at, 'csflow'
FROM (SELECT array_agg(channel ORDER BY channel) AS channels FROM csflow.channel WHERE desk_id = 1) AS c,
  (SELECT array_agg(code ORDER BY code) AS kinds FROM csflow.category WHERE desk_id = 1 AND parent_id IS NULL) AS k,
  generate_series(1, :tickets) AS n, LATERAL (SELECT '2026-05-24 00:00+08'::timestamptz + n * interval '182 days' / (:tickets + 1) AS at) AS a;
SET session_replication_role = origin;
INSERT INTO csflow.health_progress (desk_id, zone, refreshed_to) VALUES (1, 'Asia/Shanghai', '2026-11-22 00:10+08');
INSERT INTO csflow.health_day (desk_id, cut, bucket_date, value, measure, event_count, cal, bus)
SELECT 1, v.cut, d::date, v.value, m.measure, :tickets / 182 / v.share + (extract(doy FROM d)::integer * 37) % 100, s.sketch, s.sketch
FROM generate_series('2026-05-24'::timestamp, '2026-11-21', '1 day') AS d, (
    SELECT 'total' AS cut, '' AS value, 1 AS share UNION ALL SELECT 'kind', code, 4 FROM csflow.category WHERE desk_id = 1 AND parent_id IS NULL
    UNION ALL SELECT 'category', category_id::text, 20 FROM csflow.category WHERE desk_id = 1 AND parent_id IS NOT NULL
    UNION ALL SELECT 'team', team_id::text, 10 FROM csflow.team WHERE desk_id = 1) AS v,
  csflow.health_measures() AS m, LATERAL (SELECT CASE WHEN m.is_timed THEN csflow.duration_sketch(n * n * interval '1 second') END AS sketch FROM generate_series(1, 300) AS n) AS s;
INSERT INTO csflow.health_hour (desk_id, cut, bucket_start, value, measure, event_count)
SELECT 1, 'channel', h, n.channel, m.measure, 1 + (extract(hour FROM h)::integer * 7 + extract(dow FROM h)::integer) % 50
FROM generate_series('2026-09-24 00:00+08'::timestamptz, '2026-11-21 23:00+08', '1 hour') AS h, csflow.channel AS n, csflow.health_measures() AS m WHERE n.desk_id = 1;
VACUUM ANALYZE csflow.health_hour;
VACUUM ANALYZE csflow.ticket;
VACUUM ANALYZE csflow.health_day;
