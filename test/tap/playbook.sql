-- Playbooks: what the internet playbook holds, against lists written down here; loading, exporting, changing
-- (handbook A1, A2, A9, B1, B2, B3, B4, B6, B8, C1, D2–D8, F2, H4; design 6).
SET client_min_messages = warning;
SET search_path = public, csflow;
SET intervalstyle = 'postgres';
SELECT plan(74);

SELECT csflow.create_desk('support', 'internet') AS desk \gset
SELECT is(csflow.desk_id('support'), :desk::bigint, 'a desk from the internet playbook');

-- What it holds.
SELECT results_eq(format($$SELECT c.code, c.caption_zh, c.tag_word, t.name_zh,
    (SELECT string_agg(h.name_zh, '、' ORDER BY i.n) FROM unnest(c.coordinating_team_ids) WITH ORDINALITY AS i (id, n)
      JOIN csflow.team AS h ON h.desk_id = c.desk_id AND h.team_id = i.id)
  FROM csflow.category AS c JOIN csflow.team AS t USING (desk_id, team_id)
  WHERE c.desk_id = %s AND c.parent_id IS NULL ORDER BY c.sort_order$$, :desk),
  $$VALUES ('technical_fault', '技术故障', '故障', '技术团队', '产品、运营'), ('account_security', '账户安全', '安全', '风控', '技术团队'),
    ('business_inquiry', '业务咨询', '咨询', '客服', '运营'), ('complaint_suggestion', '投诉建议', '投诉', '客服', '产品')$$,
  'B1, B6, C1: kinds, tag words, handling and coordinating departments');

CREATE TABLE wanted_category (kind text, caption text, impact smallint, urgency smallint, priority text);
INSERT INTO wanted_category VALUES
  ('技术故障', '系统崩溃', 2, 1, 'A'), ('技术故障', '接口报错', 2, 2, 'B'), ('技术故障', '数据丢失', 2, 1, 'A'), ('技术故障', '核心功能受阻', 2, 1, 'A'),
  ('账户安全', '密码泄露', 2, 1, 'A'), ('账户安全', '异地登录', 2, 1, 'A'), ('账户安全', '资金异常', 1, 1, 'E'),
  ('业务咨询', '功能使用', 2, 2, 'B'), ('业务咨询', '会员权益', 2, 2, 'B'), ('业务咨询', '个性化设置', 2, 2, 'B'),
  ('投诉建议', '服务态度', 2, 2, 'B'), ('投诉建议', '流程体验', 3, 3, 'C'), ('投诉建议', '产品建议', 3, 3, 'C');
SELECT set_eq(format($$SELECT k.caption_zh AS kind, c.caption_zh, coalesce(c.impact, k.impact) AS impact, coalesce(c.urgency, k.urgency) AS urgency, m.priority::text
  FROM csflow.category AS c JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
    JOIN csflow.priority_rule AS m ON m.desk_id = c.desk_id AND m.mode = 'matrix'
      AND m.impact = coalesce(c.impact, k.impact) AND m.urgency = coalesce(c.urgency, k.urgency)
  WHERE c.desk_id = %s$$, :desk), 'TABLE wanted_category', 'B1, B3: the thirteen second levels, with the priority that impact and urgency give');
SELECT results_eq(format($$SELECT impact::integer, urgency::integer, priority::text FROM csflow.priority_rule
  WHERE desk_id = %s AND mode = 'matrix' ORDER BY impact, urgency$$, :desk),
  $$VALUES (1, 1, 'E'), (1, 2, 'A'), (1, 3, 'B'), (2, 1, 'A'), (2, 2, 'B'), (2, 3, 'C'), (3, 1, 'B'), (3, 2, 'C'), (3, 3, 'C')$$,
  'B3: impact × urgency');

CREATE TABLE wanted_word (category text, weight integer, words text[]);
INSERT INTO wanted_word VALUES
  ('系统崩溃', 3, '{系统崩溃,加载失败}'), ('系统崩溃', 2, '{闪退,白屏,打不开,卡死}'),
  ('接口报错', 3, '{接口报错,接口超时,缓存异常}'), ('接口报错', 2, '{报错,错误代码}'),
  ('数据丢失', 3, '{数据丢失}'), ('数据丢失', 2, '{记录没了,数据没了}'),
  ('核心功能受阻', 3, '{无法下单,无法提现,提现失败,登录异常,验证码收不到,退款失败}'),
  ('核心功能受阻', 2, '{收不到验证码,登不上,登录不了,支付失败}'), ('核心功能受阻', 1, '{故障}'),
  ('密码泄露', 3, '{密码泄露}'), ('密码泄露', 2, '{密码被改,钓鱼,泄露}'),
  ('异地登录', 3, '{异地登录}'), ('异地登录', 2, '{陌生设备,被别人登录,盗号,号被盗,可疑登录,不是我登录}'),
  ('资金异常', 3, '{资金异常,资金损失,账户异常}'),
  ('资金异常', 2, '{盗刷,不是本人操作,被转走,余额少了,钱不见了,莫名扣款,诈骗}'), ('资金异常', 1, '{冻结}'),
  ('功能使用', 3, '{功能使用,使用说明,常见操作}'), ('功能使用', 2, '{怎么用,怎么操作,在哪里,怎么修改,教程}'),
  ('会员权益', 3, '{会员权益}'), ('会员权益', 2, '{会员等级,怎么开通,续费,有什么权益,积分规则,到期}'),
  ('个性化设置', 3, '{个性化设置}'), ('个性化设置', 2, '{怎么设置,换头像,通知设置,改昵称}'), ('个性化设置', 1, '{请问,如何,咨询}'),
  ('服务态度', 3, '{服务态度,不满}'), ('服务态度', 2, '{态度差,不耐烦,敷衍,推诿,没人管,没人回复}'),
  ('流程体验', 3, '{流程复杂,审核周期长,退款审核}'), ('流程体验', 2, '{审核太慢,太麻烦,拖了,难用}'),
  ('产品建议', 3, '{功能建议,体验优化,优化建议}'), ('产品建议', 2, '{建议增加,希望增加,能否增加,希望改进}'), ('产品建议', 1, '{投诉,建议}'),
  -- Ours: what customers say for two of these.
  ('核心功能受阻', 3, '{无法登录}'), ('流程体验', 2, '{退款延迟,退款太慢}');
CREATE VIEW word AS
SELECT r.desk_id, c.caption_zh AS category, r.domain, r.weight::integer AS weight, r.any_of[1] AS word
FROM csflow.keyword_rule AS r LEFT JOIN csflow.category AS c USING (desk_id, category_id)
WHERE cardinality(r.any_of) = 1 AND r.is_active;
SELECT is_empty(format($$SELECT w.category, u.word FROM wanted_word AS w, unnest(w.words) AS u (word)
  WHERE NOT EXISTS (SELECT FROM word AS v WHERE v.desk_id = %s AND v.category = w.category AND v.weight = w.weight AND v.word = u.word)$$, :desk),
  'B2: every keyword of the handbook, with its weight');
SELECT is_empty(format($$SELECT v.category, v.word FROM word AS v
  WHERE v.desk_id = %s AND v.category IS NOT NULL AND v.word !~ '^[ -~]+$'
    AND NOT EXISTS (SELECT FROM wanted_word AS w WHERE w.category = v.category AND v.word = ANY (w.words))$$, :desk),
  'B2: no Chinese keyword besides them and ours');
SELECT is((SELECT array_agg((c.kind, c.category)::text ORDER BY t.n) FROM unnest('{无法登录，退款延迟,不能登入,客服没人回覆}'::text[]) WITH ORDINALITY t (body, n), classify(:desk, t.body) c),
  '{"(technical_fault,core_function_blocked)","(technical_fault,core_function_blocked)","(complaint_suggestion,service_attitude)"}', 'B2: two matters, of which the graver decides; regional words');
SELECT is_empty(format($$SELECT c.caption_zh FROM csflow.category AS c WHERE c.desk_id = %s AND c.parent_id IS NOT NULL
  AND (SELECT count(*) FROM word AS v WHERE v.desk_id = c.desk_id AND v.category = c.caption_zh AND v.word ~ '^[ -~]+$') < 5$$, :desk),
  'B2: every second level has English keywords beside the Chinese ones');
SELECT is_empty(format($$SELECT d.domain, d.word FROM (VALUES ('支付', '支付'), ('支付', '付款'), ('支付', '扣款'), ('支付', '支付通道'), ('会员', '会员'),
    ('会员', '权益'), ('会员', '续费'), ('登录', '登录'), ('登录', '验证码'), ('登录', '密码'), ('提现', '提现'), ('提现', '到账'), ('退款', '退款'),
    ('退款', '退钱'), ('订单', '下单'), ('订单', '订单'), ('物流', '物流'), ('物流', '快递'), ('设置', '设置'), ('设置', '个性化'), ('客服', '客服'),
    ('客服', '态度'), ('产品', '功能'), ('产品', '界面')) AS d (domain, word)
  WHERE NOT EXISTS (SELECT FROM word AS v WHERE v.desk_id = %s AND v.domain = d.domain AND v.word = d.word)$$, :desk),
  'B6: the ten domains and their words');
SELECT is_empty(format($$SELECT a.canonical, a.word FROM (VALUES ('账号', '帐号'), ('账户', '帐户'), ('登录', '登陆'), ('登录', '登入'), ('短信', '简讯'),
    ('信息', '讯息'), ('信息', '资讯'), ('网络', '网路'), ('软件', '软体'), ('程序', '程式'), ('质量', '品质'), ('外卖', '外送'), ('骑手', '外送员'),
    ('快递', '宅配'), ('充值', '储值'), ('优惠券', '优惠卷'), ('优惠券', '折价券'), ('在线', '线上'), ('视频', '影片'), ('屏幕', '荧幕'), ('客服', '客服人员'),
    ('退款', '退钱'), ('退款', '退费'), ('打不开', '开不了'), ('无法', '不能'), ('无法', '没法')) AS a (canonical, word)
  EXCEPT SELECT canonical, word FROM csflow.keyword_alias WHERE desk_id = %s$$, :desk), 'B2: regional and misspelt words');
SELECT set_eq(format('SELECT DISTINCT class FROM csflow.lexicon WHERE desk_id = %s', :desk),
  '{anger,anxiety,negative,positive,intensifier,negation}'::text[], 'B8: the lexicon has all its classes');
SELECT is_empty(format($$SELECT class FROM csflow.lexicon WHERE desk_id = %s GROUP BY class
  HAVING count(*) FILTER (WHERE word ~ '[a-z]') < 4 OR count(*) FILTER (WHERE word !~ '[a-z]') < 4$$, :desk), 'B8: in both languages');

-- Every clock of 1.1 with its figures.
CREATE TABLE wanted_target (clock text, priority text, class text, tier text, exempt boolean, mode text, due_from text, duration interval,
  starts text[], stops text[], rearms text[], pauses text[]);
INSERT INTO wanted_target VALUES
  ('acknowledge', NULL, 'instant', NULL, false, 'once', 'duration', '1 min', '{opened}', '{public_message}', '{}', '{}'),
  ('acknowledge', NULL, 'instant', 'vip', true, 'once', 'duration', NULL, '{opened}', '{}', '{}', '{}'),
  ('human_standby', NULL, 'instant', NULL, false, 'once', 'duration', '1 min', '{opened}', '{assigned}', '{}', '{}'),
  ('human_standby', NULL, 'instant', 'vip', true, 'once', 'duration', NULL, '{opened}', '{}', '{}', '{}'),
  ('first_response', NULL, 'instant', 'vip', false, 'once', 'duration', '30 s', '{opened}', '{person_message}', '{}', '{}'),
  ('first_response', NULL, 'instant', NULL, false, 'once', 'none', NULL, '{opened}', '{person_message}', '{}', '{}'),
  ('first_response', NULL, 'asynchronous', NULL, false, 'once', 'duration', '24 h', '{opened}', '{news_named}', '{}', '{}'),
  ('promise', NULL, NULL, NULL, false, 'each', 'named', NULL, '{news_named}', '{public_message,promise_kept}', '{}', '{}'),
  ('interim_solution', 'E', NULL, NULL, false, 'once', 'duration', '30 min', '{condition_met}', '{interim_solution,solution_recorded}', '{}', '{}'),
  ('cause_located', 'A', NULL, NULL, false, 'once', 'duration', '4 h', '{condition_met}', '{cause_located}', '{}', '{waiting_customer,waiting_partner}'),
  ('resolve', 'B', NULL, NULL, false, 'once', 'duration', '24 h', '{opened}', '{answered}', '{}', '{waiting_customer,waiting_partner}'),
  ('resolve', 'A', NULL, NULL, false, 'once', 'none', NULL, '{opened}', '{answered}', '{}', '{waiting_customer,waiting_partner}'),
  ('resolve', 'E', NULL, NULL, false, 'once', 'none', NULL, '{opened}', '{answered}', '{}', '{waiting_customer,waiting_partner}'),
  ('direction', 'C', NULL, NULL, false, 'once', 'duration', '72 h', '{opened}', '{direction_given,answered}', '{}', '{waiting_customer}'),
  ('progress_update', NULL, NULL, NULL, false, 'daily_at', 'duration', NULL, '{transferred}', '{part_completed,answered}', '{progress_entered}', '{}'),
  ('department_promise', NULL, NULL, NULL, false, 'each', 'named', NULL, '{time_named}', '{progress_entered,part_completed,answered}', '{}', '{}'),
  ('breakthrough', NULL, NULL, NULL, false, 'once', 'duration', '24 h', '{transferred}', '{cause_located,interim_solution,solution_recorded,answered}',
    '{}', '{waiting_customer}'),
  ('partner_checkpoint', NULL, NULL, NULL, false, 'each', 'named', NULL, '{enter_waiting_partner}', '{leave_waiting_partner}',
    '{partner_replied,checkpoint_agreed}', '{}'),
  ('customer_update', NULL, NULL, NULL, false, 'every', 'duration', '6 h', '{enter_waiting_partner}', '{leave_waiting_partner}', '{public_message}', '{}'),
  ('approval', NULL, NULL, NULL, false, 'each', 'duration', '3 days', '{enter_waiting_approval}', '{leave_waiting_approval}', '{}', '{}'),
  ('auto_close', NULL, NULL, NULL, false, 'each', 'duration', '72 h', '{answered}', '{customer_message,leave_answered,closed}', '{answered}', '{}'),
  ('confirmed_close', NULL, NULL, NULL, false, 'each', 'none', NULL, '{solution_confirmed}', '{customer_message,closed}', '{}', '{new,assigned,waiting_approval}'),
  ('explained_close', NULL, NULL, NULL, false, 'each', 'none', NULL, '{plan_explained}', '{customer_message,closed}', '{}', '{new,assigned,waiting_approval}');
SELECT set_eq(format($$SELECT clock, priority::text, channel_class, customer_tier, is_exempt, mode, due_from, duration, starts_on, stops_on, rearms_on, pauses_in
  FROM csflow.target WHERE desk_id = %s AND is_active AND calendar = 'around_the_clock'
    AND num_nonnulls(kind, category_id, channel, handling_tier, complexity) = 0$$, :desk), 'TABLE wanted_target',
  'A2, B3, D2, D3, D4, D9, D12, F2: every clock of the playbook with its figures');
SELECT is((SELECT daily_at FROM csflow.target WHERE desk_id = :desk AND clock = 'progress_update'), time '10:00', 'D2: daily at 10:00');
SELECT is((SELECT array_agg(DISTINCT clock ORDER BY clock) FROM csflow.target WHERE desk_id = :desk AND on_reopen <> 'none'), '{resolve}',
  'reopened: resolve goes on with the time used before');
CREATE VIEW stage AS
SELECT t.desk_id, t.clock, t.priority::text AS priority, t.customer_tier, s.position, s.at_share_pct AS pct, s.at_offset, s.level, s.action,
  s.recipients, s.close_reason
FROM csflow.step AS s JOIN csflow.target AS t USING (desk_id, target_id);
SELECT results_eq(format($$SELECT pct, level, action, recipients FROM stage WHERE desk_id = %s AND clock = 'resolve' AND priority = 'B' ORDER BY position$$, :desk),
  $$VALUES (75::double precision, 'warning', 'notify', '{owner}'::text[]), (100, 'breach', 'notify', '{supervisor}'), (150, 'escalation', 'notify', '{head}')$$,
  'D6: the default steps: 75 % owner, 100 % supervisor, 150 % head');
SELECT is_empty(format($$SELECT clock FROM csflow.target AS t WHERE desk_id = %s AND (duration IS NOT NULL OR due_from = 'named') AND clock <> 'auto_close'
  AND (NOT EXISTS (SELECT FROM csflow.step AS s WHERE s.desk_id = t.desk_id AND s.target_id = t.target_id AND s.at_share_pct = 75 AND s.level = 'warning')
    OR NOT EXISTS (SELECT FROM csflow.step AS s WHERE s.desk_id = t.desk_id AND s.target_id = t.target_id AND s.at_share_pct = 100 AND s.level = 'breach'))$$, :desk),
  'D6: every target warns before it is missed and tells when it is');
SELECT results_eq(format($$SELECT pct, recipients FROM stage WHERE desk_id = %s AND clock = 'breakthrough' AND action = 'open_review'$$, :desk),
  $$VALUES (100::double precision, '{customer_service/head,technical_team/head,product/head}'::text[])$$, 'D3: the escalation review and its participants');
SELECT results_eq(format($$SELECT pct, action, recipients FROM stage WHERE desk_id = %s AND clock = 'interim_solution' ORDER BY position LIMIT 1$$, :desk),
  $$VALUES (0::double precision, 'open_review', '{emergency_response_group}'::text[])$$, 'B3: priority E calls the emergency response group at once');
SELECT results_eq(format($$SELECT clock, pct, recipients FROM stage WHERE desk_id = %s AND clock IN ('interim_solution', 'cause_located') AND level = 'breach' ORDER BY clock$$, :desk),
  $$VALUES ('cause_located', 100::double precision, '{supervisor,technical_team/head}'::text[]), ('interim_solution', 100, '{supervisor,customer_service/head,technical_team/head}')$$,
  'B3: missed, the technical lead is told; of an emergency the head of support, too');
SELECT results_eq(format($$SELECT pct, action, close_reason FROM stage WHERE desk_id = %s AND clock = 'auto_close'$$, :desk),
  $$VALUES (100::double precision, 'close', 'no_new_request')$$, 'F2: 72 h after the answer the ticket closes, without warning');
SELECT ok((SELECT count(*) = 1 FROM stage WHERE desk_id = :desk AND clock = 'human_standby' AND action = 'offer_next' AND pct = 100), 'A2: the next free person is asked');

SELECT results_eq(format('SELECT channel, is_instant FROM csflow.channel WHERE desk_id = %s ORDER BY channel COLLATE "C"', :desk),
  $$VALUES ('email', false), ('help_centre', false), ('hotline', true), ('in_app_feedback', false), ('left_message', false), ('live_chat', true),
    ('social_message', false), ('web_form', false)$$, 'A1: channels, instant and asynchronous');
SELECT is_empty(format($$SELECT t.clock FROM csflow.target AS t, (VALUES ('zh'), ('en')) AS l (lang) WHERE t.desk_id = %s AND NOT EXISTS (
  SELECT FROM csflow.caption AS c WHERE c.desk_id = t.desk_id AND c.kind = 'clock' AND c.code = t.clock AND c.lang = l.lang)$$, :desk), 'A9: every clock has its captions');
SELECT set_eq(format($$SELECT code FROM csflow.caption WHERE desk_id = %s AND kind = 'close_reason' AND lang = 'zh'$$, :desk),
  '{customer_confirmed,no_new_request,long_term_plan_explained}'::text[], 'F2: the three reasons for closing');
SELECT is_empty(format($$SELECT kind, code FROM csflow.caption WHERE desk_id = %s GROUP BY kind, code HAVING count(*) <> 2$$, :desk), 'A9: captions come in both languages');

CREATE VIEW raise AS
SELECT r.desk_id, r.reason, r.any_of, r.impact, r.raise_to::text AS raise_to, t.code AS notify
FROM csflow.keyword_rule AS r LEFT JOIN csflow.team AS t ON t.desk_id = r.desk_id AND t.team_id = r.notify_team_id
WHERE r.category_id IS NULL AND r.domain IS NULL;
SELECT ok((SELECT any_of @> '{全部用户,所有人,大面积,全国,都登不上}' FROM raise WHERE desk_id = :desk AND impact = 1), 'B4: words for everybody make the impact wide');
SELECT ok((SELECT any_of @> '{资金损失,被盗刷,钱不见了,被转走}' FROM raise WHERE desk_id = :desk AND raise_to = 'E' AND notify = 'risk_control'), 'B4: lost funds are E, risk control is told');
SELECT ok((SELECT any_of @> '{受伤,事故,中毒,送医院,威胁}' FROM raise WHERE desk_id = :desk AND raise_to = 'E' AND notify = 'emergency_response_group'), 'B4: safety is E');
SELECT ok((SELECT any_of @> '{起诉,律师,法院,12315,消协,监管,曝光}' FROM raise WHERE desk_id = :desk AND raise_to = 'A' AND reason LIKE 'legal%'), 'B4: legal risk is at least A');
SELECT ok((SELECT any_of @> '{大额,巨额,上万}' FROM raise WHERE desk_id = :desk AND raise_to = 'A' AND reason LIKE '%large%'), 'B4: large amounts are at least A');
SELECT ok((SELECT count(*) = 1 FROM csflow.priority_rule WHERE desk_id = :desk AND mode = 'raise' AND amount_at_least = 100 AND priority = 'A'), 'B4: 100 yuan at stake');
SELECT ok((SELECT count(*) > 0 FROM csflow.priority_rule WHERE desk_id = :desk AND mode = 'raise' AND customer_tier = 'vip'), 'B4: VIP');

-- Loading and exporting.
CREATE TABLE version_before AS SELECT version, xmin::text AS row_version FROM csflow.configuration_version WHERE desk_id = :desk;
SELECT is((SELECT sum(added + changed + removed) FROM csflow.load_playbook(:desk, csflow.shipped_playbook('internet'))), 0::bigint, 'design 6: loading twice changes nothing');
SELECT is((SELECT count(*) FROM csflow.load_playbook(:desk, csflow.shipped_playbook('internet'))), 15::bigint, 'and tells so for every table');
SELECT is((SELECT sum(added + changed + removed) FROM csflow.load_playbook(:desk, csflow.export_playbook(:desk))), 0::bigint, 'design 6: loading an export changes nothing');
SELECT results_eq(format('SELECT version, xmin::text FROM csflow.configuration_version WHERE desk_id = %s', :desk), 'TABLE version_before', 'no connection has to rebuild its cache');
SELECT is(csflow.export_playbook(:desk), csflow.canonical_playbook(csflow.shipped_playbook('internet')), 'design 6: the export is the document in canonical form');
SELECT is(csflow.canonical_playbook(csflow.export_playbook(:desk)), csflow.export_playbook(:desk), 'which is canonical itself');
SELECT set_has('SELECT csflow.shipped_playbooks()', $$VALUES ('internet')$$, 'the playbook is on the list of those that ship');
SELECT throws_ok($$SELECT csflow.shipped_playbook('nonsense')$$, 'SF002', 'unknown playbook: "nonsense"', 'others are refused');
SELECT is_empty($$SELECT p, f.path, f.fault FROM csflow.shipped_playbooks() AS p, csflow.check_playbook(csflow.shipped_playbook(p)) AS f$$, 'no shipped playbook has a fault');

-- Rows changed by hand survive the way through a document.
INSERT INTO csflow.calendar_day (desk_id, code, day, rule, reason) VALUES (:desk, 'around_the_clock', '2026-10-01', 'off', '国庆');
SELECT is((SELECT calendar::text FROM csflow.working_calendar WHERE desk_id = :desk), 'Asia/Shanghai; daily 00:00-24:00; 2026-10-01 off', 'D8, H4: a holiday is one INSERT');
UPDATE csflow.target SET duration = '20 hours' WHERE desk_id = :desk AND clock = 'resolve' AND priority = 'B';
UPDATE csflow.step SET position = position * 10 WHERE desk_id = :desk AND target_id = (SELECT target_id FROM csflow.target WHERE desk_id = :desk AND clock = 'direction');
INSERT INTO csflow.keyword_rule (desk_id, all_of, none_of, within_characters, field, raise_to, reason)
VALUES (:desk, '{发票,错}', '{谢谢}', 20, 'title', 'B', 'wrong invoice');
UPDATE csflow.caption SET sort_order = 70 WHERE desk_id = :desk AND kind = 'milestone' AND code = 'promise_kept';
SELECT csflow.export_playbook(:desk) AS edited \gset
SELECT is((SELECT sum(added + changed + removed) FROM csflow.load_playbook(:desk, :'edited')), 0::bigint, 'design 6: an export of changed rows changes nothing either');
SELECT csflow.create_desk('twin', NULL) AS twin \gset
SELECT lives_ok(format('SELECT csflow.load_playbook(%s, %L)', :twin, :'edited'), 'it can be loaded into another desk');
SELECT is(csflow.export_playbook(:twin), csflow.export_playbook(:desk), 'which is the same then');
SELECT results_eq(format('SELECT * FROM csflow.load_playbook(%s, csflow.shipped_playbook(%L)) WHERE added + changed + removed > 0', :desk, 'internet'),
  $$VALUES ('caption', 0, 2, 0), ('keyword_rule', 0, 0, 1), ('calendar_day', 0, 0, 1), ('target', 0, 1, 0), ('step', 3, 0, 3)$$,
  'loading the shipped document again undoes exactly that');
SELECT is((SELECT calendar::text FROM csflow.working_calendar WHERE desk_id = :desk), 'Asia/Shanghai; daily 00:00-24:00', 'D8: the holiday is gone from the calendar');

-- What a document no longer has.
CREATE TABLE before AS SELECT target_id, clock FROM csflow.target WHERE desk_id = :desk;
SELECT results_eq(format($$SELECT * FROM csflow.load_playbook(%s, '{"name": "bare"}') WHERE what IN ('team', 'category', 'target', 'step') ORDER BY what COLLATE "C"$$, :desk),
  $$VALUES ('category', 0, 0, 17), ('step', 0, 0, 49), ('target', 0, 0, 23), ('team', 0, 0, 6)$$, 'a bare document takes everything away');
SELECT is((SELECT count(*) FROM csflow.keyword_rule WHERE desk_id = :desk), 0::bigint, 'rules are deleted');
SELECT is((SELECT count(*) FROM csflow.target WHERE desk_id = :desk AND NOT is_active), 23::bigint, 'targets, which clocks of the past name, are only set inactive');
SELECT is((SELECT count(*) FROM csflow.category WHERE desk_id = :desk AND NOT is_active), 17::bigint, 'so are categories');
SELECT is((SELECT sum(added + changed + removed) FROM csflow.load_playbook(:desk, '{"name": "bare"}')), 0::bigint, 'and are not removed a second time');
SELECT is(csflow.export_playbook(:desk), csflow.canonical_playbook('{"name": "bare"}'), 'nor exported');
SELECT lives_ok(format('SELECT csflow.load_playbook(%s, csflow.shipped_playbook(%L))', :desk, 'internet'), 'the document back');
SELECT is(csflow.export_playbook(:desk), csflow.canonical_playbook(csflow.shipped_playbook('internet')), 'brings everything back');
SELECT set_eq(format('SELECT target_id, clock FROM csflow.target WHERE desk_id = %s', :desk), 'TABLE before', 'with the ids it had');

-- Ids given by hand, which the sequences have not reached.
SELECT csflow.create_desk('numbered', NULL) AS numbered \gset
INSERT INTO csflow.team (desk_id, team_id, code, name_zh, name_en) SELECT :numbered, currval('csflow.team_id_seq') + n, 'team_' || n, '队', 'team' FROM unnest('{1,2,5,9}'::int[]) AS n;
INSERT INTO csflow.category (desk_id, category_id, code, caption_zh, caption_en) SELECT :numbered, currval('csflow.category_id_seq') + 17 * n, 'kind_' || n, '类', 'kind' FROM generate_series(1, 3) AS n;
INSERT INTO csflow.priority_rule (desk_id, rule_id, mode, impact, priority) SELECT :numbered, currval('csflow.rule_id_seq') + 3, 'raise', 3, 'A';
INSERT INTO csflow.keyword_rule (desk_id, rule_id, any_of, raise_to) SELECT :numbered, currval('csflow.rule_id_seq') + 400 - n, '{起诉}', 'A' FROM generate_series(1, 390) AS n;
SELECT lives_ok(format('SELECT csflow.load_playbook(%s, csflow.shipped_playbook(%L))', :numbered, 'internet'), 'design 6: are passed over');
SELECT is(csflow.export_playbook(:numbered), csflow.canonical_playbook(csflow.shipped_playbook('internet')), 'and the document is loaded');

-- All or nothing.
SELECT throws_ok(format($$SELECT csflow.load_playbook(%s, '{"zone": "Mars/Base", "teams": [{"code": "a"}]}')$$, :desk), 'SF003', NULL, 'a faulty document is refused');
SELECT is((SELECT zone FROM csflow.desk WHERE desk_id = :desk), 'Asia/Shanghai', 'and changes nothing');
SELECT throws_ok($$SELECT csflow.load_playbook(0, '{}')$$, 'SF001', 'unknown desk: 0', 'an unknown desk is refused');

-- The reference is complete.
\set reference `cat doc/playbooks.md`
SELECT is_empty(format($$SELECT DISTINCT key FROM csflow.playbook_shape() WHERE strpos(%L, '`' || key || '`') = 0$$, :'reference'),
  'doc/playbooks.md names every key');
-- What the health figures reckon by stays when a playbook without it is loaded (csflow.report_calendar).
SELECT csflow.create_desk('reports') AS reports \gset
INSERT INTO csflow.working_calendar (desk_id, code, base) VALUES (:reports, 'reports', 'Asia/Shanghai; mon-fri 09:00-18:00');
INSERT INTO csflow.calendar_day (desk_id, code, day, rule) VALUES (:reports, 'reports', '2026-10-01', 'off');
INSERT INTO csflow.report_calendar (desk_id, calendar) VALUES (:reports, 'reports');
SELECT is_empty(format('SELECT * FROM csflow.load_playbook(%s, csflow.shipped_playbook(''internet'')) WHERE added + changed + removed > 0', :reports), 'H4: a reporting calendar leaves with no playbook');
SELECT is((SELECT count(*) FROM csflow.calendar_day WHERE desk_id = :reports AND code = 'reports'), 1::bigint, 'H4: nor do its holidays');

-- Any playbook takes the place of any other, though calendars and subjects leave with the targets and settings that name them.
SELECT create_desk('changing', playbook => 'complaint') AS changing \gset
UPDATE desk SET shift_calendar = 'work' WHERE desk_id = :changing;
SELECT lives_ok(format('SELECT * FROM load_playbook(%s, csflow.shipped_playbook(%L))', :changing, p), 'H4: complaint becomes ' || p)
FROM (VALUES ('tiered'), ('internet'), ('reception'), ('record'), ('complaint')) AS v (p);
SELECT is(csflow.export_playbook(:changing), csflow.canonical_playbook(csflow.shipped_playbook('complaint')), 'H4: and in the end itself again');
SELECT lives_ok(format($$SELECT * FROM load_playbook(%s, '{"settings": {"approval_for": ["gift"]}, "captions": {"approval_subject": [{"code": "gift", "en": "gift"}]}}')$$, :changing), 'H4: or what has other subjects of approval');
SELECT is(code, 'work', 'H4: the calendar that targets of before name stays') FROM working_calendar WHERE desk_id = :changing AND code <> 'around_the_clock';
SELECT is_empty(format($$SELECT * FROM csflow.playbook_changes(%s, '{"settings": {"approval_for": ["gift"]}, "captions": {"approval_subject": [{"code": "gift", "en": "gift"}]}}')$$, :changing), 'H4: and is not counted as removed');
SELECT * FROM finish();
