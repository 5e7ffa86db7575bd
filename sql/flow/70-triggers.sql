-- What makes rows work. Configuration triggers are ENABLE ALWAYS: rows that replication brings change caches as well.

CREATE TRIGGER ticket_before BEFORE INSERT OR UPDATE ON csflow.ticket
  FOR EACH ROW EXECUTE FUNCTION csflow.ticket_before();
CREATE TRIGGER ticket_after_insert AFTER INSERT ON csflow.ticket
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.ticket_after();
CREATE TRIGGER ticket_after_update AFTER UPDATE ON csflow.ticket
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.ticket_after();
CREATE TRIGGER ticket_kept BEFORE DELETE ON csflow.ticket
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_change('ticket', 'Mark the ticket invalid instead.');
CREATE TRIGGER ticket_not_truncated BEFORE TRUNCATE ON csflow.ticket
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.refuse_change('ticket', 'Mark tickets invalid instead.');

CREATE TRIGGER message_before BEFORE INSERT OR UPDATE ON csflow.message
  FOR EACH ROW EXECUTE FUNCTION csflow.message_before();
CREATE TRIGGER message_after AFTER INSERT ON csflow.message
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.message_after();
CREATE TRIGGER message_kept BEFORE DELETE ON csflow.message
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_change('message', 'Old messages leave by whole partitions.');
CREATE TRIGGER message_not_truncated BEFORE TRUNCATE ON csflow.message
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.refuse_change('message', 'Old messages leave by whole partitions.');

CREATE TRIGGER event_kept BEFORE UPDATE OR DELETE ON csflow.event
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_change('event', 'Events are an audit; old ones leave by whole partitions.');
CREATE TRIGGER event_not_truncated BEFORE TRUNCATE ON csflow.event
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.refuse_change('event', 'Events are an audit; old ones leave by whole partitions.');
CREATE TRIGGER ticket_chain_kept BEFORE DELETE ON csflow.ticket_chain
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_change('event', 'The chain heads belong to the events.');
CREATE TRIGGER ticket_chain_not_truncated BEFORE TRUNCATE ON csflow.ticket_chain
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.refuse_change('event', 'The chain heads belong to the events.');

CREATE TRIGGER check_approval BEFORE INSERT OR UPDATE ON csflow.approval
  FOR EACH ROW EXECUTE FUNCTION csflow.check_approval();
CREATE TRIGGER tell_approvers AFTER INSERT ON csflow.approval
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION csflow.tell_approvers();

CREATE TRIGGER forget_token BEFORE UPDATE OF sent_at ON csflow.outbox
  FOR EACH ROW WHEN (NEW.sent_at IS NOT NULL AND NEW.payload ? 'token') EXECUTE FUNCTION csflow.forget_token();

CREATE TRIGGER keyword_rule_check BEFORE INSERT OR UPDATE ON csflow.keyword_rule
  FOR EACH ROW EXECUTE FUNCTION csflow.keyword_rule_check();

DO $csflow_do$
DECLARE
  configuration name;
BEGIN
  FOREACH configuration IN ARRAY ARRAY['desk', 'team', 'agent', 'channel', 'category', 'keyword_rule', 'keyword_alias', 'lexicon',
    'priority_rule', 'working_calendar', 'target', 'step', 'transition', 'caption']
  LOOP
    EXECUTE format('CREATE TRIGGER configuration_changed AFTER INSERT OR UPDATE OR DELETE ON csflow.%I
      FOR EACH ROW EXECUTE FUNCTION csflow.configuration_changed()', configuration);
    EXECUTE format('CREATE TRIGGER configuration_truncated AFTER TRUNCATE ON csflow.%I
      FOR EACH STATEMENT EXECUTE FUNCTION csflow.configuration_changed()', configuration);
    EXECUTE format('CREATE TRIGGER configuration_to_be_truncated BEFORE TRUNCATE ON csflow.%I
      FOR EACH STATEMENT EXECUTE FUNCTION csflow.configuration_changed()', configuration);
    EXECUTE format('ALTER TABLE csflow.%I ENABLE ALWAYS TRIGGER configuration_changed', configuration);
    EXECUTE format('ALTER TABLE csflow.%I ENABLE ALWAYS TRIGGER configuration_to_be_truncated', configuration);
    EXECUTE format('ALTER TABLE csflow.%I ENABLE ALWAYS TRIGGER configuration_truncated', configuration);
  END LOOP;
END
$csflow_do$;

CREATE TRIGGER flow_changed AFTER INSERT OR UPDATE OR DELETE ON csflow.flow
  FOR EACH ROW EXECUTE FUNCTION csflow.flow_changed();
ALTER TABLE csflow.flow ENABLE ALWAYS TRIGGER flow_changed;
