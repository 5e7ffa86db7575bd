-- What test/bench/46_autovacuum.sh calls.

CREATE FUNCTION bench.busy_tables() RETURNS TABLE (name text, partition regclass) LANGUAGE sql AS $$
  SELECT 'clock', inhrelid::regclass FROM pg_inherits WHERE inhparent = 'csflow.clock'::regclass
  UNION ALL SELECT n, ('csflow.' || n)::regclass FROM unnest('{ticket,ticket_chain,health_dirty}'::text[]) AS n
$$;
-- As if nothing had been said of vacuum when they were created.
CREATE FUNCTION bench.reset_storage() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  busy record;
BEGIN
  FOR busy IN SELECT b.partition, c.reloptions FROM bench.busy_tables() AS b JOIN pg_class AS c ON c.oid = b.partition
    WHERE EXISTS (SELECT FROM unnest(c.reloptions) AS o WHERE o NOT LIKE 'fillfactor%') LOOP
    EXECUTE format('ALTER TABLE %s RESET (%s)', busy.partition,
      (SELECT string_agg(split_part(o, '=', 1), ', ') FROM unnest(busy.reloptions) AS o WHERE o NOT LIKE 'fillfactor%'));
  END LOOP;
END
$$;
CREATE FUNCTION bench.clear() RETURNS void LANGUAGE sql SET session_replication_role = replica SET client_min_messages = warning AS
  'TRUNCATE csflow.ticket, csflow.event, csflow.ticket_chain, csflow.clock, csflow.health_dirty, csflow.outbox, csflow.event_text CASCADE';

-- So many tickets next to each other change their state.
CREATE FUNCTION bench.all_go(turn integer, tickets integer, state text) RETURNS void LANGUAGE sql AS $$
  UPDATE csflow.ticket SET state = all_go.state
  FROM (SELECT turn::bigint * 7919 * tickets % greatest(reltuples::bigint - tickets, 1) AS first FROM pg_class WHERE oid = 'csflow.ticket'::regclass) AS f
  WHERE desk_id = 1 AND ticket_no >= bench.number(f.first + 1) AND ticket_no < bench.number(f.first + 1 + tickets)
$$;
CREATE FUNCTION bench.vacuumed() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('  %s: vacuumed %s times, %s dead rows left of %s, of its UPDATEs %s %% HOT, table %s, indexes %s', b.name, sum(s.autovacuum_count), sum(s.n_dead_tup),
    sum(s.n_live_tup), coalesce(round(100 * sum(s.n_tup_hot_upd) / nullif(sum(s.n_tup_upd), 0)), 0), pg_size_pretty(sum(pg_relation_size(b.partition))),
    pg_size_pretty(sum(pg_indexes_size(b.partition))))
  FROM bench.busy_tables() AS b JOIN pg_stat_user_tables AS s ON s.relid = b.partition GROUP BY b.name ORDER BY b.name
$$;
