-- The engine behind the flow's tables: ticket numbers, triggers, the firing of steps. Written in C, src/engine.

CREATE FUNCTION csflow.next_ticket_no() RETURNS csflow.ticket_no
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'csf_next_ticket_no';
COMMENT ON FUNCTION csflow.next_ticket_no() IS
'The next ticket number of the current month in the flow''s zone: distinct over all desks, in order, without waiting for other transactions. Needs USAGE on csflow.ticket_no_seq. Errors: SF014 no flow. Handbook A4, design 2.15.';

CREATE FUNCTION csflow.next_ticket_no(at timestamptz) RETURNS csflow.ticket_no
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'csf_next_ticket_no_at';
COMMENT ON FUNCTION csflow.next_ticket_no(timestamptz) IS
'A ticket number in the month of an instant, for imports: numbers of another month are counted in csflow.ticket_month, whose row stays locked until commit. Only with the rights of the flow''s owner (SF010). Handbook A4, design 2.15.';

CREATE FUNCTION csflow.ticket_before() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_ticket_before';
COMMENT ON FUNCTION csflow.ticket_before() IS
'BEFORE INSERT OR UPDATE, FOR EACH ROW, on csflow.ticket: fills in and checks the row (classification, priority, tag, state, instants, actor, transition). Errors: SF001, SF005-SF010, SF013, SF017; SF016 on any other table. Design 2.1.';

CREATE FUNCTION csflow.ticket_after() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_ticket_after';
COMMENT ON FUNCTION csflow.ticket_after() IS
'AFTER INSERT or UPDATE, FOR EACH STATEMENT with transition tables, on csflow.ticket: writes events, chain heads, clocks and notices. SF016 on any other table. Design 2.1.';

CREATE FUNCTION csflow.message_before() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_message_before';
COMMENT ON FUNCTION csflow.message_before() IS
'BEFORE INSERT OR UPDATE, FOR EACH ROW, on csflow.message: fills in and checks the row; messages cannot be changed. Errors: SF001, SF005, SF007-SF010, SF013, SF017; SF016 on any other table.';

CREATE FUNCTION csflow.message_after() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_message_after';
COMMENT ON FUNCTION csflow.message_after() IS
'AFTER INSERT, FOR EACH STATEMENT with a transition table, on csflow.message: writes events, moves clocks, updates the ticket. Errors: SF004 no such ticket, SF008 an instant before the ticket''s last change; SF016 on any other table. Handbook A2.';

CREATE FUNCTION csflow.flow_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_flow_changed';
COMMENT ON FUNCTION csflow.flow_changed() IS
'AFTER each row, on csflow.flow: makes every connection read the version of the tables anew at its next statement. Design 2.6.';

CREATE FUNCTION csflow.configuration_changed() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_configuration_changed';
COMMENT ON FUNCTION csflow.configuration_changed() IS
'AFTER each row, and before and after TRUNCATE, on the tables of the configuration: raises csflow.configuration_version, keeps in csflow.rule_history what the row was, and makes every connection load the desk anew at its next statement. Handbook B2, H4, design 2.8.';

CREATE FUNCTION csflow.keyword_rule_check() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'csf_keyword_rule_check';
COMMENT ON FUNCTION csflow.keyword_rule_check() IS
'BEFORE INSERT OR UPDATE, FOR EACH ROW, on csflow.keyword_rule: refuses a rule that could never work (SF011). Handbook B2, H4.';

CREATE FUNCTION csflow.refuse_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION '%', CASE TG_ARGV[0] WHEN 'event' THEN 'events cannot be changed or removed'
      WHEN 'message' THEN 'messages cannot be changed or removed' WHEN 'task' THEN 'tasks cannot be removed' ELSE 'tickets cannot be removed' END
    USING ERRCODE = 'SF007', HINT = TG_ARGV[1];
END
$$;
COMMENT ON FUNCTION csflow.refuse_change() IS
'Refuses UPDATE, DELETE or TRUNCATE of what must stay as it was recorded (SF007). Arguments: what, and the hint to give. Handbook H1.';

CREATE FUNCTION csflow.fire_steps(desk_id bigint, at timestamptz, batch integer, closing boolean,
  only_ticket csflow.ticket_no DEFAULT NULL)
RETURNS integer
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'csf_fire_steps';
COMMENT ON FUNCTION csflow.fire_steps(bigint, timestamptz, integer, boolean, csflow.ticket_no) IS
'Fires the steps due at the instant at on up to batch clocks of a desk, those that close tickets or all others; tickets locked by somebody else are left out. only_ticket: just that one. Returns the steps fired. Part of the sweeps: call csflow.escalate_batch() or csflow.auto_close_batch(). Handbook D3, D6, F2.';
REVOKE EXECUTE ON FUNCTION csflow.fire_steps(bigint, timestamptz, integer, boolean, csflow.ticket_no) FROM PUBLIC;
