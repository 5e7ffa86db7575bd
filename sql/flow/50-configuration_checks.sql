-- A bad configuration row is refused when it is written (handbook H4). The patterns of keyword rules are checked by the engine.

CREATE TRIGGER check_desk BEFORE INSERT OR UPDATE OR DELETE ON csflow.desk FOR EACH ROW EXECUTE FUNCTION csflow.check_desk();

CREATE TRIGGER check_team BEFORE INSERT OR UPDATE ON csflow.team FOR EACH ROW EXECUTE FUNCTION csflow.check_team();
CREATE TRIGGER refuse_in_use BEFORE UPDATE OR DELETE ON csflow.team
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_in_use('team_id', 'team_id');
CREATE TRIGGER refuse_in_use BEFORE UPDATE OR DELETE ON csflow.agent
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_in_use('agent_id', 'agent_id', 'changed_by', 'first_handler_id', 'reviewer_id');
CREATE TRIGGER refuse_in_use BEFORE UPDATE OR DELETE ON csflow.channel
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_in_use('channel', 'channel');

CREATE TRIGGER check_category BEFORE INSERT OR UPDATE ON csflow.category
  FOR EACH ROW EXECUTE FUNCTION csflow.check_category();
CREATE TRIGGER refuse_in_use BEFORE UPDATE OR DELETE ON csflow.category
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_in_use('category_id', 'category_id');

CREATE TRIGGER check_domain BEFORE INSERT OR UPDATE ON csflow.keyword_rule
  FOR EACH ROW WHEN (NEW.domain IS NOT NULL) EXECUTE FUNCTION csflow.check_domain();
CREATE TRIGGER check_rule_codes BEFORE INSERT OR UPDATE ON csflow.keyword_rule
  FOR EACH ROW WHEN (NEW.field IN ('channel', 'customer_tier')) EXECUTE FUNCTION csflow.check_rule_codes();
CREATE TRIGGER check_rule_volume_inserted AFTER INSERT ON csflow.keyword_rule
  REFERENCING NEW TABLE AS new_rules FOR EACH STATEMENT EXECUTE FUNCTION csflow.check_rule_volume();
CREATE TRIGGER check_rule_volume_updated AFTER UPDATE ON csflow.keyword_rule
  REFERENCING NEW TABLE AS new_rules FOR EACH STATEMENT EXECUTE FUNCTION csflow.check_rule_volume();
CREATE TRIGGER check_words BEFORE INSERT OR UPDATE ON csflow.keyword_alias
  FOR EACH ROW EXECUTE FUNCTION csflow.check_words('alias');
CREATE TRIGGER check_words BEFORE INSERT OR UPDATE ON csflow.lexicon
  FOR EACH ROW EXECUTE FUNCTION csflow.check_words('lexicon');

CREATE TRIGGER check_priority_rule BEFORE INSERT OR UPDATE ON csflow.priority_rule
  FOR EACH ROW EXECUTE FUNCTION csflow.check_priority_rule();
CREATE TRIGGER check_approval_limit BEFORE INSERT OR UPDATE ON csflow.approval_limit
  FOR EACH ROW EXECUTE FUNCTION csflow.check_approval_limit();
CREATE TRIGGER check_transition BEFORE INSERT OR UPDATE ON csflow.transition
  FOR EACH ROW EXECUTE FUNCTION csflow.check_transition();
CREATE TRIGGER check_caption BEFORE INSERT OR UPDATE ON csflow.caption
  FOR EACH ROW EXECUTE FUNCTION csflow.check_caption();
CREATE TRIGGER refuse_caption_in_use AFTER UPDATE OF kind, code OR DELETE ON csflow.caption
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_caption_in_use();

CREATE TRIGGER merge_calendar_days BEFORE INSERT OR UPDATE ON csflow.working_calendar
  FOR EACH ROW EXECUTE FUNCTION csflow.merge_calendar_days();
CREATE TRIGGER refuse_calendar_in_use AFTER UPDATE OF desk_id, code OR DELETE ON csflow.working_calendar
  FOR EACH ROW EXECUTE FUNCTION csflow.refuse_calendar_in_use();
CREATE TRIGGER calendar_days_inserted AFTER INSERT ON csflow.calendar_day
  REFERENCING NEW TABLE AS new_days FOR EACH STATEMENT EXECUTE FUNCTION csflow.calendar_days_changed();
CREATE TRIGGER calendar_days_updated AFTER UPDATE ON csflow.calendar_day
  REFERENCING OLD TABLE AS old_days NEW TABLE AS new_days FOR EACH STATEMENT EXECUTE FUNCTION csflow.calendar_days_changed();
CREATE TRIGGER calendar_days_deleted AFTER DELETE ON csflow.calendar_day
  REFERENCING OLD TABLE AS old_days FOR EACH STATEMENT EXECUTE FUNCTION csflow.calendar_days_changed();
CREATE TRIGGER calendar_days_truncated AFTER TRUNCATE ON csflow.calendar_day
  FOR EACH STATEMENT EXECUTE FUNCTION csflow.calendar_days_changed();

CREATE TRIGGER check_target BEFORE INSERT OR UPDATE ON csflow.target FOR EACH ROW EXECUTE FUNCTION csflow.check_target();
CREATE TRIGGER check_step BEFORE INSERT OR UPDATE ON csflow.step FOR EACH ROW EXECUTE FUNCTION csflow.check_step();
-- Triggers fire in the order of their names: these two after configuration_changed, which waits for whoever else is changing the
-- desk's configuration, so that they see what came of that.
CREATE TRIGGER target_alone_check AFTER INSERT OR UPDATE ON csflow.target
  FOR EACH ROW EXECUTE FUNCTION csflow.check_target_alone();
CREATE TRIGGER step_order_check AFTER INSERT OR UPDATE ON csflow.step
  FOR EACH ROW EXECUTE FUNCTION csflow.check_step_order();
