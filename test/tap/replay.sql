-- Real input: the audit log of 2,000 incidents beside the repository, event by event in the order of its instants, into a
-- desk whose playbook maps its impact × urgency and its states. Every figure is the flow's own, of csflow.ticket and
-- csflow.event, and equals the one that the log's README counts. Handbook A4, B3, C4, F1, F2, I1, H1; design 2.9.
-- Not in make quick: much random or real data.
\set ON_ERROR_STOP 1
SET TimeZone = 'UTC';
SET client_min_messages = warning;
\set here `test -r ../shared/data/uci_incidents_sample/events.csv && echo true || echo false`
\if :here
\else
SELECT plan(1);
SELECT skip('NOT REPLAYED: there is no ../shared/data/uci_incidents_sample/events.csv here', 1);
\quit
\endif
SELECT plan(18);

SELECT csflow.create_desk('incidents', NULL, 'UTC') AS desk \gset
\set playbook `cat test/demo/incidents.json`
SELECT * FROM csflow.load_playbook(:desk, :'playbook') \g /dev/null
SELECT csflow.create_partitions('2016-02-01', 2) AS partitions \gset
\ir ../demo/log.sql
\ir ../demo/incidents.sql
\ir ../demo/replay.sql
\set header `head -n 1 ../shared/data/uci_incidents_sample/events.csv`
SELECT is(csflow_demo.prepare(:'header'), 'incidents', 'the layout is recognised by its first line');
-- closed_code, resolved_at and closed_at (columns 22 to 24) stand on every row with their final values: they are taken away
-- wherever the row's state does not say so yet.
\copy csflow_demo.raw (number, incident_state, active, reassignment_count, reopen_count, sys_mod_count, made_sla, caller_id, opened_at, sys_updated_at, contact_type, location, category, subcategory, u_symptom, impact, urgency, priority, assignment_group, assigned_to, knowledge, closed_code, resolved_at, closed_at) FROM PROGRAM 'awk -F, -v OFS=, ''NR > 1 && $2 != "Closed" { $22 = $24 = ""; if ($2 != "Resolved") $23 = "" } 1'' ../shared/data/uci_incidents_sample/events.csv' WITH (FORMAT csv, HEADER)
SELECT csflow_demo.load('uci', :desk) AS loaded \gset
SELECT csflow_demo.create_people(:desk, 'uci') \g /dev/null
INSERT INTO csflow_demo.scheduler (desk_id, job, every) VALUES (:desk, 'escalation', '15 minutes'), (:desk, 'auto_close', '15 minutes');
CALL csflow_demo.play(:desk, 'uci', '2016-03-01');
ANALYZE;
CALL csflow_demo.play(:desk, 'uci', '2017-03-01');

SELECT is((SELECT min(row_no || ' ' || event || ' ' || refusal) FROM csflow_demo.log), NULL, 'the flow refuses none of it');
SELECT is((SELECT count(*) FROM csflow_demo.log WHERE applied_at IS NULL), 0::bigint, 'and all of it is played');
SELECT is((SELECT count(*) FROM csflow.event WHERE desk_id = :desk AND kind = 'note'), 14041::bigint, '14,041 updates, each a note in the record');
SELECT is((SELECT count(*) FROM csflow.ticket WHERE desk_id = :desk), 2000::bigint, '2,000 incidents');
SELECT is((SELECT array_agg(n ORDER BY priority DESC) FROM (SELECT priority, count(*) AS n FROM csflow.ticket WHERE desk_id = :desk GROUP BY priority) AS p),
  '{25,58,1733,184}'::bigint[], 'B3: priorities 1 to 4, by the matrix');
SELECT is((SELECT array_agg(DISTINCT impact || '' || urgency || '->' || priority ORDER BY impact || '' || urgency || '->' || priority) FROM csflow.ticket WHERE desk_id = :desk),
  '{11->E,12->A,21->A,22->B,23->C,31->B,32->C,33->C}'::text[], 'B3: without exception');
SELECT is((SELECT count(DISTINCT ticket_no) FROM csflow.event WHERE desk_id = :desk AND kind = 'reopened'), 27::bigint,
  'F1: 27 incidents leave Resolved or Closed for a working state');
SELECT is((SELECT (count(*), sum(reopen_count))::text FROM csflow.ticket WHERE desk_id = :desk AND reopen_count > 0),
  (SELECT (27, count(*))::text FROM csflow.event WHERE desk_id = :desk AND kind = 'reopened'), 'F1: the separate count on the ticket says the same');
SELECT is((SELECT count(*) FROM csflow.ticket WHERE desk_id = :desk AND transfer_count > 0), 990::bigint, 'C4: 990 reassigned');
SELECT is((SELECT sum(transfer_count) FROM csflow.ticket WHERE desk_id = :desk),
  (SELECT sum(n) FROM (SELECT max(reassignment_count::integer) AS n FROM csflow_demo.raw GROUP BY number) AS r), 'C4: as often as the source counted');
SELECT is((SELECT count(*) FROM csflow.ticket WHERE desk_id = :desk AND transfer_count = 0 AND reopen_count = 0), 1007::bigint, '1,007 are neither');
SELECT is((SELECT array_agg(DISTINCT state) FROM csflow.ticket WHERE desk_id = :desk), '{closed}'::text[], 'F2: all end closed');
SELECT is((SELECT count(*) FROM csflow.ticket AS t WHERE t.desk_id = :desk AND t.closed_at IS DISTINCT FROM (
    SELECT min(r.sys_updated_at::timestamptz) FROM csflow_demo.raw AS r WHERE r.number = t.external_id AND r.incident_state = 'Closed'
      AND r.sys_updated_at::timestamptz > coalesce((SELECT max(e.at) FROM csflow.event AS e WHERE e.desk_id = t.desk_id AND e.kind = 'reopened'
        AND e.ticket_no = t.ticket_no), '-infinity'))), 0::bigint, 'F2: at the instant of the update that says so');
SELECT is((SELECT array_agg(m || ' ' || n ORDER BY m) FROM (SELECT csflow.ticket_month(ticket_no) AS m, max(csflow.ticket_serial(ticket_no)) AS n
  FROM csflow.ticket WHERE desk_id = :desk GROUP BY 1) AS s), '{"2016-02-01 207","2016-03-01 1793"}'::text[], 'A4: numbers of the months in which they were opened');
SELECT is((SELECT count(*) FROM csflow.clock WHERE desk_id = :desk AND stopped_at IS NULL), 0::bigint, 'no clock is left running');

-- I1: the same log once more
CREATE TEMP TABLE before AS SELECT ticket_no::text, seq, head FROM csflow.ticket_chain WHERE desk_id = :desk;
SELECT is(csflow_demo.load('uci', :desk), 0::bigint, 'I1: loaded again, nothing waits to be played');
UPDATE csflow_demo.log SET applied_at = NULL WHERE event IN ('opened', 'note') AND ticket < 'INC0000300';
CALL csflow_demo.play(:desk, 'uci', '2017-03-01');
SELECT is((SELECT count(*) FROM (SELECT ticket_no::text, seq, head FROM csflow.ticket_chain WHERE desk_id = :desk EXCEPT SELECT * FROM before) AS changed), 0::bigint,
  'I1: delivered again, intake and messages change nothing');
SELECT * FROM finish();
