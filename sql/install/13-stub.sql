CREATE SEQUENCE csflow.stub_seq;
CREATE FUNCTION csflow.next_ticket_no() RETURNS csflow.ticket_no LANGUAGE sql AS $$ SELECT csflow.ticket_no(now()::date, nextval('csflow.stub_seq')) $$;
CREATE FUNCTION csflow.fire_steps(desk_id bigint, at timestamptz, batch integer, closing boolean, only_ticket csflow.ticket_no DEFAULT NULL) RETURNS integer LANGUAGE sql AS $$ SELECT 0 $$;
