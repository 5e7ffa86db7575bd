-- Priority: the matrix, what raises it, the tag, who is told at once, corrections with their reason. Handbook B2, B3, B4, B6, B7.
\ir ../lib/internet_desk.sql
SELECT no_plan();

CREATE FUNCTION opened(body text, customer_id bigint DEFAULT NULL, amount numeric DEFAULT NULL, impact integer DEFAULT NULL, urgency integer DEFAULT NULL)
RETURNS csflow.ticket_no LANGUAGE sql AS $$
  INSERT INTO csflow.ticket (desk_id, channel, body, opened_at, customer_id, amount, impact, urgency)
  VALUES (csflow.desk_id('support'), 'email', body, '2025-03-03 09:00', customer_id, amount, impact, urgency) RETURNING ticket_no
$$;
CREATE FUNCTION verdict(no csflow.ticket_no) RETURNS text LANGUAGE sql AS
  $$SELECT priority || ' ' || priority_reason FROM csflow.ticket WHERE ticket_no = no$$;
CREATE FUNCTION told(no csflow.ticket_no) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(t.code, ' ' ORDER BY t.code) FROM csflow.outbox o JOIN csflow.team t ON t.desk_id = o.desk_id AND t.team_id = o.recipient_id
  WHERE ticket_no = no AND topic = 'priority_risk' AND recipient_kind = 'team'
$$;

-- B3: the matrix, all nine cells of the document
SELECT is(verdict(opened('随便', NULL, NULL, m.impact, m.urgency)), format('%s matrix: impact %s, urgency %s', m.priority, m.impact, m.urgency),
  format('B3: impact %s, urgency %s', m.impact, m.urgency))
FROM (VALUES (1, 1, 'E'), (1, 2, 'A'), (1, 3, 'B'), (2, 1, 'A'), (2, 2, 'B'), (2, 3, 'C'), (3, 1, 'B'), (3, 2, 'C'), (3, 3, 'C')) AS m (impact, urgency, priority);
SELECT is(verdict(opened('随便')), 'B default of the desk', 'B3: nothing known');
SELECT is(verdict(opened('随便', NULL, NULL, 1)), 'B default of the desk', 'B3: half known is not known');
SELECT ok((SELECT 'E'::priority > 'A' AND 'A'::priority > 'B' AND 'B'::priority > 'C'), 'B3: one scale');
-- what the document promises by category
SELECT is(verdict(opened(body)), want, 'B3: ' || body) FROM (VALUES
  ('资金异常，余额少了', 'E matrix: impact 1, urgency 1'), ('系统崩溃，全部用户都受影响', 'E matrix: impact 1, urgency 1'),
  ('无法下单', 'A matrix: impact 2, urgency 1'), ('会员等级怎么算', 'B matrix: impact 2, urgency 2'), ('功能建议：夜间模式', 'C matrix: impact 3, urgency 3')) AS v (body, want);

-- B4: what raises it, with the reason kept
SELECT is(verdict(opened('功能建议：夜间模式', 2)), verdict, 'B4: a VIP is at least B')
FROM (SELECT format('B priority rule %s: VIP customer', rule_id) AS verdict FROM priority_rule WHERE desk_id = :desk AND customer_tier = 'vip' AND kind IS NULL) r;
SELECT is(verdict(opened('接口报错', 2)), verdict, 'B4: A for a technical fault')
FROM (SELECT format('A priority rule %s: VIP customer with a technical fault', rule_id) AS verdict FROM priority_rule WHERE desk_id = :desk AND kind = 'technical_fault') r;
SELECT is(verdict(opened('接口报错', 1)), 'B matrix: impact 2, urgency 2', 'B4: others as the matrix says');
SELECT is(left(verdict(opened('功能建议', NULL, amount)), 1), want, 'B4: amount ' || amount) FROM (VALUES (99.99, 'C'), (100, 'A'), (100.00, 'A'), (1e12, 'A'), (0, 'C')) AS v (amount, want);
SELECT ok(verdict(opened('功能建议', NULL, 100)) LIKE 'A priority rule % 100 yuan or more at stake', 'B4: and says so');
SELECT is(left(verdict(opened('资金异常', NULL, 100)), 1), 'E', 'B4: nothing lowers it');
SELECT opened('今天发现钱不见了，像是被转走') AS funds \gset
SELECT is((SELECT verdict(ticket_no) ~ '^E keyword rule \d+$' OR verdict(ticket_no) = 'E matrix: impact 1, urgency 1' FROM ticket WHERE ticket_no = :'funds'), true, 'B4: funds at risk are E');
SELECT is(told(:'funds'), 'risk_control', 'B4: and risk control is told');
SELECT is((SELECT (created_at, sent_at, notified_team_ids)::text FROM outbox JOIN ticket USING (desk_id, ticket_no) WHERE ticket_no = :'funds'),
  ('2025-03-03 09:00'::timestamptz, NULL::timestamptz, ARRAY[:risk])::text, 'B4: at once, in the outbox');
SELECT opened('功能建议，另外我的钱不见了') AS mild \gset
SELECT ok(verdict(:'mild') ~ '^E ', 'B4: whatever else it says');
SELECT is(told(opened('密碼被改，登錄不了')), 'risk_control', 'B4: account security, in traditional characters too');
SELECT is((SELECT verdict(n) ~ '^E' AND told(n) = 'emergency_response_group' FROM opened('骑手受伤了') n), true, 'B4: personal safety: E, the emergency group is told');
SELECT is((SELECT verdict(n) ~ '^A' AND told(n) = 'customer_service' FROM opened('再不处理就找12315起诉') n), true, 'B4: legal risk: A');
SELECT is((SELECT verdict(n) ~ '^A' FROM opened('很多用户都在问怎么用') n), true, 'B3: many with the same problem: A');
SELECT is(told(opened('怎么用')), NULL, 'B4: nobody is told for nothing');

-- B4: in the same transaction
BEGIN;
SELECT opened('资金损失') AS lost \gset
SELECT is(told(:'lost'), 'risk_control', 'B4: the notice is there with the ticket');
ROLLBACK;
SELECT is((SELECT count(*) FROM outbox WHERE ticket_no = :'lost'), 0::bigint, 'B4: and gone with it');

-- B6: tags are values
SELECT opened('支付失败，扣款了但没有订单') AS pay, opened('怎么开通会员') AS member, opened('建议增加夜间模式') AS wish \gset
SELECT is((SELECT array_agg(tag::text ORDER BY ticket_no) FROM ticket WHERE ticket_no IN (:'pay', :'member', :'wish')), '{故障-支付-A级,咨询-会员-B级,建议-产品建议-C级}'::text[],
  'B6: kind, domain (or second level), priority');
SELECT is((SELECT array_agg(ticket_no::text) FROM ticket WHERE tag_domain(tag) = '支付' AND tag_priority(tag) = 'A'), ARRAY[:'pay'], 'B6: searched by part');

-- B7: corrections
SELECT opened('会员等级怎么算') AS wrong \gset
SELECT throws_ok(format($$UPDATE csflow.ticket SET priority = 'A' WHERE ticket_no = %L$$, :'wrong'), 'SF017', NULL, 'B7: a correction of the priority needs a reason');
SELECT throws_ok(format($$UPDATE csflow.ticket SET kind = 'technical_fault' WHERE ticket_no = %L$$, :'wrong'), 'SF017', NULL, 'B7: one of the kind too');
SELECT throws_ok(format($$UPDATE csflow.ticket SET priority = 'A', change_reason = ' ' WHERE ticket_no = %L$$, :'wrong'), 'SF017', NULL, 'B7: a blank is none');
SELECT is((SELECT (priority::text, kind, (SELECT count(*) FROM event e WHERE e.ticket_no = t.ticket_no))::text FROM ticket t WHERE ticket_no = :'wrong'),
  '(B,business_inquiry,1)', 'B7: refused, nothing has happened');
UPDATE ticket SET priority = 'A', change_reason = 'cannot log in at all', changed_at = '2025-03-03 10:00', changed_by = 91 WHERE ticket_no = :'wrong';
SELECT is((SELECT (verdict(ticket_no), tag::text)::text FROM ticket WHERE ticket_no = :'wrong'), ('A corrected', '咨询-会员-A级')::text,
  'B7: corrected, with the tag; the words of the reason are the event''s');
SELECT results_eq(format($$SELECT clocks(%L)$$, :'wrong'), ARRAY['cause_located/1 03-03 10:00..- due 03-03 14:00 running',
  'first_response/1 03-03 09:00..- due 03-04 09:00 running', 'resolve/1 03-03 09:00..- due - running'], 'B7: the clocks are those of an A now');
UPDATE ticket SET category_id = (SELECT category_id FROM category WHERE desk_id = :desk AND code = 'irregular_funds'), change_reason = 'it is about money',
  changed_at = '2025-03-03 10:05', changed_by = 91 WHERE ticket_no = :'wrong';
SELECT is((SELECT (t.kind, tag::text, priority::text, needs_review, t.team_id)::text FROM ticket t WHERE ticket_no = :'wrong'),
  ('account_security', '安全-会员-A级', 'A', false, :service)::text, 'B7: the kind follows the category, the tag both; who handles it stays a decision of its own');
SELECT results_eq(format($$SELECT e.kind, old_value, new_value, actor_id, x.text FROM csflow.event e JOIN csflow.event_text x USING (desk_id, ticket_no, seq) WHERE ticket_no = %L ORDER BY seq$$, :'wrong'),
  format($$VALUES ('priority_changed', 'B', 'A', 91::bigint, 'cannot log in at all'), ('category_changed', %L, %L, 91, 'it is about money')$$,
    (SELECT category_id::text FROM category WHERE desk_id = :desk AND code = 'member_benefits'), (SELECT category_id::text FROM category WHERE desk_id = :desk AND code = 'irregular_funds')),
  'B7: remembered with both values, for measuring the classifier');
SELECT opened('天气真好') AS vague \gset
UPDATE ticket SET kind = 'complaint_suggestion', change_reason = 'praise', changed_at = '2025-03-03 10:00' WHERE ticket_no = :'vague';
SELECT is((SELECT (t.kind, c.code, needs_review)::text FROM ticket t JOIN category c USING (desk_id, category_id) WHERE ticket_no = :'vague'),
  '(complaint_suggestion,complaint_suggestion,f)', 'B7: sorted by a person, it needs no review any more');
-- a rule needs no reason: raise by a step
UPDATE step SET action = 'raise_priority', recipients = '{}' WHERE desk_id = :desk AND level = 'escalation' AND at_share_pct = 150
  AND target_id = (SELECT target_id FROM target WHERE desk_id = :desk AND clock = 'direction');
SELECT opened('建议增加夜间模式') AS old \gset
SELECT escalate_batch('2025-03-07 21:00') > 0 AS swept \gset
SELECT is((SELECT (verdict(ticket_no), changed_by_kind)::text FROM ticket WHERE ticket_no = :'old'), '("B step 3 of clock direction",system)', 'B4: a step raises it by one, with its reason');
SELECT is((SELECT outcome FROM clock WHERE ticket_no = :'old' AND clock = 'direction'), 'void', 'B3: the clock of a C is void then');

-- B2: which rules spoke, and where
SELECT results_eq(format($$SELECT pattern, matched_text, character_position, counted FROM csflow.explain_classification(%s, '请问，提現失敗怎么办') WHERE rule_id IS NOT NULL AND counted ORDER BY character_position, pattern COLLATE "C"$$, :desk),
  $$VALUES ('请问', '请问', 1, true), ('提现', '提現', 4, true), ('提现失败', '提現失敗', 4, true)$$, 'B2: pattern, the customer''s own characters, and where');
-- The matrix is asked before the table refuses the row: nothing outside it may be read.
SELECT throws_ok(format('INSERT INTO ticket (desk_id, channel, impact, urgency) VALUES (%s, ''email'', %s, %s)', :desk, v.impact, v.urgency), '23514', NULL,
  format('impact %s, urgency %s are refused', v.impact, v.urgency))
FROM (VALUES (4, 1), (-1, 1), (32767, 1), (-32768, 1), (1, 4), (1, -1), (1, 32767), (1, -32768)) AS v (impact, urgency);
SELECT * FROM finish();
