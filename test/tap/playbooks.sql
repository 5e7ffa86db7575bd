-- What the playbooks tiered, complaint, reception and record hold, against lists written down here: responsibility matrix,
-- keywords, priorities, clocks with their figures and steps (handbook A2, A9, B1–B5, B8, C1, C3, C6, D1, D5–D8, D11, D12, E2,
-- E4, F2, F3, F6, F10; design 6). test/tap/playbook.sql does the same for internet, test/tap/playbooks_run.sql runs them.
SET client_min_messages = warning;
SET search_path = public, csflow;
SET intervalstyle = 'postgres';
SELECT no_plan();

CREATE TABLE book AS
SELECT name, csflow.create_desk(name, name) AS desk_id FROM unnest('{tiered,complaint,reception,record}'::text[]) AS b (name);
SELECT set_has('SELECT csflow.shipped_playbooks()', 'SELECT name FROM book', 'design 6: the four playbooks ship');

-- Loading and exporting.
SELECT is_empty('SELECT b.name, f.* FROM book AS b, csflow.check_playbook(csflow.shipped_playbook(b.name)) AS f', 'H4: none has a fault');
SELECT is((SELECT sum(l.added + l.changed + l.removed) FROM book AS b, csflow.load_playbook(b.desk_id, csflow.shipped_playbook(b.name)) AS l),
  0::bigint, 'design 6: loading twice changes nothing');
SELECT is(csflow.export_playbook(desk_id), csflow.canonical_playbook(csflow.shipped_playbook(name)), 'design 6: the export of ' || name || ' is the document in canonical form')
FROM book ORDER BY name;
SELECT is((SELECT sum(l.added + l.changed + l.removed) FROM book AS b, csflow.load_playbook(b.desk_id, csflow.export_playbook(b.desk_id)) AS l),
  0::bigint, 'design 6: loading an export changes nothing');

-- The responsibility matrix: kind, caption, handling department, coordinating departments, word of the tag.
CREATE TABLE wanted_kind (book text, zh text, en text, team text, coordinating text, tag_word text);
INSERT INTO wanted_kind VALUES
  ('complaint', '功能故障', 'function fault', '技术支持部', '产品开发部', '故障'),
  ('complaint', '账号问题', 'account problem', '账户管理部', '安全保障部', '账号'),
  ('complaint', '内容争议', 'content dispute', '内容审核部', '法务合规部', '内容'),
  ('complaint', '服务态度', 'service attitude', '客服中心', '人事培训部', '服务'),
  ('complaint', '支付问题', 'payment problem', '支付结算部', '财务管理部', '支付'),
  ('complaint', '隐私担忧', 'privacy concern', '隐私保护组', '安全保障部', '隐私'),
  ('complaint', '建议与反馈', 'suggestion, feedback', '产品开发部', '用户研究部', '建议'),
  ('tiered', '常规咨询', 'routine inquiry', '智能客服', '一线客服', '咨询'),
  ('tiered', '操作故障', 'operating fault', '一线客服', '技术', '故障'),
  ('tiered', '账户异常', 'account anomaly', '资深客服', '技术', '异常'),
  ('tiered', '重大投诉', 'major complaint', '专项小组', '产品、技术、运营', '投诉'),
  ('reception', '物流', 'logistics', '物流部门', '商户协调', '投诉'),
  ('reception', '支付', 'payment', '财务部门', '技术部门', '投诉'),
  ('reception', '售后', 'after-sales', '售后组', '商户协调', '投诉'),
  ('reception', '餐饮', 'food', '食品安全组', '商户协调', '投诉'),
  ('reception', '服务', 'service', '客诉质检组', '物流部门、商户协调', '投诉'),
  ('reception', '订单', 'order', '客服', '技术部门', '投诉'),
  ('reception', '技术', 'technical', '技术部门', '客服', '故障'),
  ('reception', '咨询', 'inquiry', '客服', NULL, '咨询'),
  ('record', '产品功能', 'product function', '技术', '运营', '功能'),
  ('record', '服务流程', 'service process', '运营', '售后', '流程'),
  ('record', '客户投诉', 'customer complaint', '客服', '售后', '投诉'),
  ('record', '外部因素', 'external factor', '运营', '客服', '外部');
SELECT results_eq(format($$SELECT k.caption_zh, k.caption_en, t.name_zh,
    (SELECT string_agg(h.name_zh, '、' ORDER BY i.n) FROM unnest(k.coordinating_team_ids) WITH ORDINALITY AS i (id, n)
      JOIN csflow.team AS h ON h.desk_id = k.desk_id AND h.team_id = i.id), k.tag_word
  FROM csflow.category AS k JOIN csflow.team AS t USING (desk_id, team_id)
  WHERE k.desk_id = %s AND k.parent_id IS NULL ORDER BY k.sort_order$$, b.desk_id),
  format('SELECT zh, en, team, coordinating, tag_word FROM wanted_kind WHERE book = %L', b.name),
  'B1, C1: kinds, handling and coordinating departments of ' || b.name || CASE b.name WHEN 'complaint' THEN ', the seven rows exactly' ELSE '' END)
FROM book AS b ORDER BY b.name;
SELECT is((SELECT array_agg(k.handling_tier ORDER BY k.sort_order) FROM csflow.category AS k JOIN book AS b USING (desk_id)
  WHERE b.name = 'tiered' AND k.parent_id IS NULL), '{1,2,3,4}'::smallint[], 'B5: the four handling tiers of tiered are its kinds');
SELECT is_empty($$SELECT b.name, c.code FROM csflow.category AS c JOIN book AS b USING (desk_id)
  WHERE c.parent_id IS NOT NULL AND c.team_id IS NOT NULL AND NOT (b.name = 'reception' AND c.code = 'delivery_accident')$$,
  'C1: every second level is its kind''s department''s');
SELECT is((SELECT t.name_zh FROM csflow.category AS c JOIN book AS b USING (desk_id) JOIN csflow.team AS t USING (desk_id, team_id)
  WHERE b.name = 'reception' AND c.code = 'delivery_accident'), '专项团队', 'C1: but an accident the special team''s');
SELECT is((SELECT string_agg(b.name || ' ' || t.name_zh, ', ' ORDER BY b.name) FROM book AS b JOIN csflow.desk AS d USING (desk_id)
  JOIN csflow.team AS t ON t.desk_id = d.desk_id AND t.team_id = d.review_team_id),
  'complaint 主管客服与协调员, reception 客服, record 升级协调, tiered 一线客服', 'C2: who sorts what the rules cannot decide');
SELECT set_has($$SELECT b.name, t.name_zh FROM csflow.team AS t JOIN book AS b USING (desk_id)$$,
  $$VALUES ('tiered', '用户问题攻坚小组'), ('reception', '专项团队'), ('reception', '质量管理团队')$$, 'C1, C6: departments beside the matrix');

-- Every keyword of the documents: weight 3, words that follow from them: 2, generic words: 1.
CREATE TABLE wanted_word (book text, kind text, category text, weight_3 text[], weight_2 text[], weight_1 text[]);
INSERT INTO wanted_word VALUES
  ('tiered', '常规咨询', '售前', '{售前咨询,咨询}', '{价格,套餐,有没有活动,优惠,怎么买,试用}', '{}'),
  ('tiered', '常规咨询', '使用', '{常规咨询,青少年模式}', '{怎么用,怎么设置,怎么开通,在哪里,会员,续费,营业时间}', '{请问,如何}'),
  ('tiered', '操作故障', '操作', '{操作故障,操作复杂}', '{不会操作,找不到按钮,设置失败,提交失败,上传失败,点不了}', '{}'),
  ('tiered', '操作故障', '播放与加载', '{播放卡顿,卡顿,服务器故障}', '{无法播放,加载慢,闪退,打不开,更新失败,安装失败,黑屏,缓冲}', '{}'),
  ('tiered', '账户异常', '登录与封禁', '{账户异常}', '{账号异常,无法登录,登录不了,账号被封,封号,冻结,异地登录,密码错误,验证码}', '{}'),
  ('tiered', '账户异常', '资金', '{账户资金}', '{盗号,号被盗,盗刷,余额不对,提现失败,被扣款,实名认证,换绑手机}', '{}'),
  ('tiered', '重大投诉', '升级与维权', '{重大投诉,投诉升级}', '{12315,消协,起诉,律师,法院,曝光,媒体,监管部门,要求赔偿,集体投诉}', '{}'),
  ('tiered', '重大投诉', '重大影响', '{投诉}', '{人身伤害,受伤,数据泄露,大面积,巨额,停业,负责人,找你们领导}', '{}'),
  ('complaint', '功能故障', '页面无法加载', '{无法加载,加载失败}', '{打不开,白屏,加载不出来,一直转圈,闪退,卡顿}', '{}'),
  ('complaint', '功能故障', '按钮点击无响应', '{点击无响应,按钮无响应}', '{点不了,没反应,点不动,卡死}', '{}'),
  ('complaint', '功能故障', '数据显示错误', '{数据显示错误,显示错误}', '{数据不对,显示异常,乱码,报错,错误代码}', '{故障,bug}'),
  ('complaint', '账号问题', '账号无法登录', '{无法登录}', '{登不上,登录不了,登录失败,登不进去,被封号,账号冻结}', '{}'),
  ('complaint', '账号问题', '密码错误', '{密码错误}', '{忘记密码,密码不对,重置密码,收不到验证码}', '{}'),
  ('complaint', '账号问题', '个人信息被篡改', '{信息被篡改,被篡改}', '{盗号,号被盗,资料被改,手机号被换,被别人登录,异地登录}', '{账号,登录}'),
  ('complaint', '内容争议', '内容错误', '{内容错误,信息错误}', '{写错了,介绍有误,与描述不符,价格标错,图文不符}', '{}'),
  ('complaint', '内容争议', '版权侵权', '{版权侵权,侵权}', '{抄袭,盗图,盗用,搬运,原创作者,未经授权转载}', '{}'),
  ('complaint', '内容争议', '信息不实', '{信息不实}', '{虚假信息,虚假宣传,谣言,误导,不属实}', '{违规内容,文章}'),
  ('complaint', '服务态度', '客服响应慢', '{响应慢,响应太慢}', '{没人回复,不回复,排队太久,打不通,没人理}', '{}'),
  ('complaint', '服务态度', '解决方案不合理', '{解决方案不合理,方案不公}', '{不接受这个方案,推卸责任,踢皮球,敷衍}', '{}'),
  ('complaint', '服务态度', '沟通不礼貌', '{不礼貌,服务态度}', '{态度差,态度恶劣,骂人,不耐烦,挂我电话,阴阳怪气}', '{客服,态度}'),
  ('complaint', '支付问题', '未支付扣费', '{未支付扣费,未支付却扣费}', '{重复扣款,多扣,乱扣费,自动扣费,扣了两次,已扣款}', '{}'),
  ('complaint', '支付问题', '退款延迟', '{支付失败,退款延迟}', '{没到账,未到账,不退款,退款进度,付不了款,钱没退,退款失败}', '{退款,支付,扣费}'),
  ('complaint', '隐私担忧', '个人信息泄露', '{个人信息泄露,信息泄露}', '{泄露,骚扰电话,垃圾短信,数据泄露,推销电话}', '{}'),
  ('complaint', '隐私担忧', '数据使用不当', '{数据使用不当}', '{未经同意,过度收集,强制授权,注销账号,删除我的数据,读取通讯录,偷听,大数据杀熟}', '{隐私,授权}'),
  ('complaint', '建议与反馈', '新功能建议', '{新功能,功能建议}', '{希望增加,建议增加,能不能加,希望支持,加个功能}', '{}'),
  ('complaint', '建议与反馈', '体验改进', '{体验改进,改进意见}', '{优化一下,不方便,不好用,操作繁琐,界面太乱,字太小,希望改进}', '{建议,希望,意见}'),
  ('reception', '物流', '配送时效', '{外卖延迟,订单未送达,未送达,超时赔付,配送时效}', '{还没送到,没送到,送餐慢,配送超时,催单,迟到,快递}', '{}'),
  ('reception', '物流', '配送事故', '{配送途中事故,人身安全,事故}', '{被撞,撞了,受伤,摔倒,送医院,流血}', '{}'),
  ('reception', '支付', '资金异常', '{退款未到账,未到账,退款延迟,支付失败,支付异常,资金异常}', '{没到账,重复扣款,多扣,扣了钱,钱没退,付款失败,少退了,支付不了}', '{退款,扣款}'),
  ('reception', '售后', '售后申请', '{售后申请,售后,补发,重新配送}', '{少送,漏送,送错,换货,退货}', '{}'),
  ('reception', '售后', '生鲜理赔', '{生鲜}', '{压坏,洒了,坏果,缺斤少两}', '{}'),
  ('reception', '售后', '团购券失效', '{团购券,批量失效}', '{券用不了,核销失败,券过期}', '{}'),
  ('reception', '售后', '跨城订单纠纷', '{跨城订单,订单纠纷}', '{异地订单}', '{赔付,赔偿}'),
  ('reception', '餐饮', '食品安全', '{食物变质,变质,食品安全}', '{异物,虫子,头发,馊了,发臭,发霉,过期食品,拉肚子,食物中毒,没熟,苍蝇,不新鲜}', '{}'),
  ('reception', '服务', '骑手态度', '{骑手态度,服务态度}', '{骑手骂人,辱骂,威胁,态度差,态度恶劣,不送上楼,提前点送达}', '{}'),
  ('reception', '服务', '商家违规', '{商家违规}', '{刷单,商家拒单,图文不符,不给发票,恶意取消,虚假宣传}', '{骑手,商家}'),
  ('reception', '订单', '订单异常', '{订单异常}', '{订单消失,无法取消,下不了单,无法下单,重复下单,被取消,改地址}', '{}'),
  ('reception', '订单', '酒店预订', '{酒店}', '{到店无房,订不了,入住,退订,预订失败}', '{}'),
  ('reception', '技术', '技术故障', '{技术故障,系统故障,系统崩溃,卡顿}', '{闪退,打不开,登录不了,白屏,黑屏,定位不准,加载失败,更新后}', '{故障}'),
  ('reception', '咨询', '规则与权益', '{退款规则,会员等级,优惠券,积分,咨询}', '{怎么退款,怎么用,在哪里,几点,能不能,营业时间,怎么开发票}', '{请问,怎么,如何}'),
  ('record', '产品功能', '功能异常', '{功能异常,系统崩溃,系统故障,支付失败,无法登录,错误提示}', '{闪退,报错,打不开,没反应,已扣款}', '{}'),
  ('record', '产品功能', '操作不便', '{操作不便,界面体验}', '{找不到,太复杂,不好用,步骤太多,看不懂}', '{}'),
  ('record', '产品功能', '版本兼容', '{版本兼容,兼容性,兼容问题}', '{更新后,升级后,旧版本,不支持}', '{}'),
  ('record', '服务流程', '订单处理延迟', '{订单处理延迟,订单异常}', '{没发货,不发货,还没处理,审核太久}', '{}'),
  ('record', '服务流程', '售后流程复杂', '{售后流程,流程复杂}', '{退换货,退货麻烦,手续,重复提交,提交材料}', '{}'),
  ('record', '服务流程', '响应超时', '{响应超时}', '{没人回复,等太久,排队,无人接听,迟迟没有}', '{流程}'),
  ('record', '客户投诉', '服务态度不满', '{服务态度}', '{态度差,不耐烦,敷衍,骂人,挂断}', '{}'),
  ('record', '客户投诉', '承诺未兑现', '{承诺未兑现,未兑现}', '{说好的,答应,没兑现,不算数,骗人}', '{}'),
  ('record', '客户投诉', '交付问题', '{交付问题}', '{少发,漏发,错发,货不对板,破损,质量问题}', '{投诉,赔偿,承诺}'),
  ('record', '外部因素', '物流延迟', '{物流延迟}', '{快递,物流不动,派送,丢件,延误,没送到}', '{}'),
  ('record', '外部因素', '政策调整', '{政策调整}', '{新规,监管要求,限购,规定变了,政策变化}', '{}'),
  ('record', '外部因素', '不可抗力', '{不可抗力}', '{台风,暴雨,地震,疫情,封路,停电,洪水}', '{物流,政策}');
CREATE VIEW wanted_each AS
SELECT w.book, b.desk_id, w.kind, w.category, u.weight, u.word
FROM wanted_word AS w JOIN book AS b ON b.name = w.book, LATERAL (
  SELECT 3 AS weight, unnest(w.weight_3) AS word UNION ALL SELECT 2, unnest(w.weight_2) UNION ALL SELECT 1, unnest(w.weight_1)) AS u;
CREATE VIEW word AS
SELECT b.name AS book, r.desk_id, k.caption_zh AS kind, c.caption_zh AS category, c.code, r.weight::integer AS weight, r.any_of[1] AS word
FROM csflow.keyword_rule AS r JOIN book AS b USING (desk_id) JOIN csflow.category AS c USING (desk_id, category_id)
  JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
WHERE cardinality(r.any_of) = 1;
SELECT is((SELECT count(*) FROM wanted_word), 52::bigint, 'B1: 52 second levels');
SELECT set_eq($$SELECT k.desk_id, k.caption_zh AS kind, c.caption_zh FROM csflow.category AS c
  JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id$$,
  'SELECT b.desk_id, w.kind, w.category FROM wanted_word AS w JOIN book AS b ON b.name = w.book', 'B1: these and no others');
SELECT is_empty('SELECT book, category, weight, word FROM wanted_each EXCEPT SELECT book, category, weight, word FROM word',
  'B2: every keyword of the handbook, with its weight');
SELECT is_empty($$SELECT book, category, weight, word FROM word WHERE word !~ '^[ -~]+$' OR word IN ('12315', 'bug')
  EXCEPT SELECT book, category, weight, word FROM wanted_each$$, 'B2: no Chinese keyword besides them');
SELECT is_empty($$SELECT book, category FROM wanted_word EXCEPT
  SELECT book, category FROM word WHERE word ~ '[a-z]' GROUP BY book, category HAVING count(*) >= 5$$,
  'B2: every second level has at least five English keywords beside the Chinese ones');

-- The keyword as the whole text gives its second level: no exceptions. A generic word alone is too little to be sure.
CREATE FUNCTION verdict(desk_id bigint, body text) RETURNS TABLE (kind text, category text, needs_review boolean, score integer, team text)
LANGUAGE sql STABLE AS $$
  SELECT k.caption_zh, c.caption_zh, v.needs_review, v.score, t.name_zh
  FROM csflow.classify(verdict.desk_id, verdict.body) AS v
  LEFT JOIN csflow.category AS k ON k.desk_id = verdict.desk_id AND k.code = v.kind AND k.parent_id IS NULL
  LEFT JOIN csflow.category AS c ON c.desk_id = verdict.desk_id AND c.code = v.category AND c.parent_id = k.category_id
  LEFT JOIN csflow.team AS t ON t.desk_id = verdict.desk_id AND t.code = v.team
$$;
SELECT is_empty(format($$SELECT w.category, w.word, v.* FROM wanted_each AS w, verdict(w.desk_id, w.word) AS v
  WHERE w.book = %L AND w.weight = 3 AND (v.kind, v.category, v.needs_review) IS DISTINCT FROM (w.kind, w.category, false)$$, name),
  'B2: each document keyword of ' || name || ' gives its own second level')
FROM book ORDER BY name;
SELECT is_empty($$SELECT w.book, w.category, w.word, v.* FROM wanted_each AS w, verdict(w.desk_id, w.word) AS v
  WHERE w.weight < 3 AND (v.kind, v.category, v.needs_review) IS DISTINCT FROM (w.kind, w.category, w.weight = 1)$$,
  'B2, C2: so does each word that follows from them; a generic one alone asks for manual review');
SELECT is_empty($$SELECT w.book, w.category, w.word, v.* FROM word AS w, verdict(w.desk_id, w.word) AS v
  WHERE w.word ~ '[a-z]' AND (v.kind, v.category, v.needs_review) IS DISTINCT FROM (w.kind, w.category, w.weight = 1)$$, 'B2: and each English keyword');
SELECT results_eq($$SELECT b.name, v.kind, v.category FROM book AS b, verdict(b.desk_id, 'APP订单支付后，页面显示‘支付失败’，但银行卡已扣款') AS v
    WHERE b.name IN ('complaint', 'record') ORDER BY b.name$$,
  $$VALUES ('complaint', '支付问题', '退款延迟'), ('record', '产品功能', '功能异常')$$, 'B1: the playbook decides what a text is');
SELECT results_eq($$SELECT s.body, v.kind, v.category, v.team FROM (VALUES (1, '外卖延迟'), (2, '退款未到账'), (3, '食物变质'), (4, '騎手態度'), (5, '外賣配送途中事故'),
    (6, '團購券批量失效'), (7, '吃了外卖食物中毒')) AS s (n, body), book AS b, verdict(b.desk_id, s.body) AS v WHERE b.name = 'reception' ORDER BY s.n$$,
  $$VALUES ('外卖延迟', '物流', '配送时效', '物流部门'), ('退款未到账', '支付', '资金异常', '财务部门'), ('食物变质', '餐饮', '食品安全', '食品安全组'),
    ('騎手態度', '服务', '骑手态度', '客诉质检组'), ('外賣配送途中事故', '物流', '配送事故', '专项团队'),
    ('團購券批量失效', '售后', '团购券失效', '专项团队'), ('吃了外卖食物中毒', '餐饮', '食品安全', '专项团队')$$,
  'B2, B4: the document''s examples reach their departments, in both scripts; danger and high loss reach the special team');
SELECT results_eq($$SELECT s.body, v.kind, v.team FROM unnest('{人工,转人工,人工客服,真人,找客服}'::text[]) WITH ORDINALITY AS s (body, n), book AS b,
    verdict(b.desk_id, s.body) AS v WHERE b.name = 'tiered' ORDER BY s.n$$,
  $$SELECT body, '常规咨询', '一线客服' FROM unnest('{人工,转人工,人工客服,真人,找客服}'::text[]) AS s (body)$$, 'A10: who asks for a person gets the front line');
SELECT results_eq($$SELECT v.kind, v.team FROM book AS b, verdict(b.desk_id, '转人工，请问会员怎么续费') AS v WHERE b.name = 'tiered' UNION ALL
    SELECT v.kind, v.team FROM book AS b, verdict(b.desk_id, '转人工，账号被封了') AS v WHERE b.name = 'tiered'$$,
  $$VALUES ('常规咨询', '一线客服'), ('账户异常', '资深客服')$$, 'A10, B5: instead of the bot, not instead of a higher tier');
SELECT set_eq($$SELECT DISTINCT b.name, r.domain FROM csflow.keyword_rule AS r JOIN book AS b USING (desk_id) WHERE r.domain IS NOT NULL AND b.name = 'reception'$$,
  $$VALUES ('reception', '外卖'), ('reception', '酒店'), ('reception', '支付')$$, 'B6: the modules of reception are its domains');
SELECT is_empty($$SELECT name FROM book EXCEPT SELECT b.name FROM csflow.keyword_rule AS r JOIN book AS b USING (desk_id) WHERE r.domain IS NOT NULL
  GROUP BY b.name HAVING count(DISTINCT r.domain) >= 3$$, 'B6: every playbook has domains');
SELECT is((SELECT count(DISTINCT (p -> 'aliases', p -> 'lexicon')) FROM csflow.shipped_playbooks() AS n, csflow.shipped_playbook(n) AS p), 1::bigint,
  'B2, B8: all five share their regional words and their lexicon');

-- Priority: impact × urgency of each second level, and what raises it.
CREATE TABLE wanted_priority (book text, priority text, categories text[]);
INSERT INTO wanted_priority VALUES
  ('tiered', 'A', '{登录与封禁,资金,升级与维权,重大影响}'), ('tiered', 'B', '{售前,使用,操作,播放与加载}'),
  ('complaint', 'A', '{账号无法登录,个人信息被篡改,未支付扣费,个人信息泄露}'),
  ('complaint', 'B', '{页面无法加载,按钮点击无响应,数据显示错误,密码错误,内容错误,版权侵权,信息不实,客服响应慢,解决方案不合理,沟通不礼貌,退款延迟,数据使用不当}'),
  ('complaint', 'C', '{新功能建议,体验改进}'),
  ('reception', 'E', '{配送事故}'), ('reception', 'A', '{资金异常,食品安全}'),
  ('reception', 'B', '{配送时效,售后申请,生鲜理赔,团购券失效,跨城订单纠纷,骑手态度,商家违规,订单异常,酒店预订,技术故障,规则与权益}'),
  ('record', 'A', '{功能异常,承诺未兑现}'),
  ('record', 'B', '{版本兼容,订单处理延迟,售后流程复杂,响应超时,服务态度不满,交付问题,物流延迟,政策调整,不可抗力}'), ('record', 'C', '{操作不便}');
SELECT set_eq($$SELECT b.name, m.priority::text, c.caption_zh FROM csflow.category AS c JOIN book AS b USING (desk_id)
    JOIN csflow.category AS k ON k.desk_id = c.desk_id AND k.category_id = c.parent_id
    JOIN csflow.priority_rule AS m ON m.desk_id = c.desk_id AND m.mode = 'matrix'
      AND m.impact = coalesce(c.impact, k.impact) AND m.urgency = coalesce(c.urgency, k.urgency)$$,
  'SELECT book, priority, unnest(categories) FROM wanted_priority', 'B3: impact × urgency of every second level');
SELECT is_empty($$SELECT b.name, s.body, v.priority FROM book AS b, (VALUES ('资金损失', 'E'), ('被盗刷', 'E'), ('钱不见了', 'E'), ('被转走', 'E'), ('受伤', 'E'),
    ('事故', 'E'), ('中毒', 'E'), ('送医院', 'E'), ('威胁', 'E'), ('起诉', 'A'), ('律师', 'A'), ('法院', 'A'), ('12315', 'A'), ('消协', 'A'), ('监管', 'A'),
    ('曝光', 'A'), ('大额', 'A'), ('巨额', 'A'), ('上万', 'A'), ('某地区', 'A')) AS s (body, least), csflow.classify(b.desk_id, '你好 ' || s.body) AS v
  WHERE v.priority < s.least::csflow.priority$$, 'B4: words for funds, safety, law and large amounts raise the priority in every playbook');
SELECT is_empty($$SELECT b.name, s.body, v.impact FROM book AS b, unnest('{全部用户,所有人,大面积,全国,都登不上}'::text[]) AS s (body),
  csflow.classify(b.desk_id, s.body) AS v WHERE v.impact IS DISTINCT FROM 1$$, 'B3: words for everybody make the impact wide');
CREATE VIEW raise AS
SELECT b.name AS book, w.word, r.raise_to::text AS raise_to, t.code AS notify
FROM csflow.keyword_rule AS r JOIN book AS b USING (desk_id) JOIN csflow.team AS t ON t.desk_id = r.desk_id AND t.team_id = r.notify_team_id,
  unnest(r.any_of) AS w (word);
SELECT set_has('SELECT book, word, notify FROM raise', $$VALUES ('complaint', '资金损失', 'security'), ('complaint', '盗号', 'security'),
    ('complaint', '盗号', 'technical_support'), ('complaint', '未支付扣费', 'security'), ('reception', '受伤', 'special_team'),
    ('reception', '批量失效', 'special_team'), ('record', '投诉升级', 'coordination')$$, 'B4: and the departments concerned are told at once');
SELECT results_eq($$SELECT s.body, v.priority::text FROM (VALUES (1, '系统崩溃了'), (2, '大额订单异常'), (3, '我要投诉升级'), (4, '主要功能异常'), (5, '更新后字体不同'),
    (6, '界面体验不好')) AS s (n, body), book AS b, csflow.classify(b.desk_id, s.body) AS v WHERE b.name = 'record' ORDER BY s.n$$,
  $$VALUES ('系统崩溃了', 'E'), ('大额订单异常', 'E'), ('我要投诉升级', 'A'), ('主要功能异常', 'A'), ('更新后字体不同', 'B'), ('界面体验不好', 'C')$$,
  'B3: the document''s examples of urgent, high, medium and low in record');
SELECT set_has($$SELECT b.name, r.customer_tier, r.amount_at_least, r.priority::text FROM csflow.priority_rule AS r JOIN book AS b USING (desk_id) WHERE r.mode = 'raise'$$,
  $$VALUES ('reception', 'vip', NULL, 'A'), ('reception', NULL, 100, 'A')$$, 'B4: VIP and orders of 100 yuan or more in reception');

-- Every clock with its figures. condition: conditions that are not NULL, as column=value.
CREATE TABLE wanted_target (book text, clock text, condition text, mode text, due text, calendar text, starts text[], stops text[], rearms text[],
  pauses text[], on_reopen text);
INSERT INTO wanted_target VALUES
  ('tiered', 'bot_answer', 'handling_tier=1', 'each', '00:00:10', '24x7', '{opened,customer_message}', '{public_message}', '{}',
    '{in_progress,waiting_partner,waiting_approval,under_review}', 'none'),
  ('tiered', 'handover', '', 'each', '00:01:00', '24x7', '{handover_triggered}', '{accepted,person_message}', '{}', '{}', 'none'),
  ('tiered', 'handle', '', 'once', 'none', '24x7', '{assigned,accepted}', '{answered}', '{}', '{waiting_customer,waiting_partner}', 'resume'),
  ('tiered', 'handle', 'handling_tier=2', 'once', '02:00:00', '24x7', '{assigned,accepted}', '{answered}', '{}', '{waiting_customer,waiting_partner}', 'resume'),
  ('tiered', 'follow_up', 'handling_tier=3', 'once', '04:00:00', '24x7', '{condition_met}', '{senior_message}', '{}', '{}', 'none'),
  ('tiered', 'special_group', 'handling_tier=4', 'once', '00:15:00', '24x7', '{condition_met}', '{group_formed}', '{}', '{}', 'none'),
  ('tiered', 'task_force_response', '', 'each', '04:00:00', '24x7', '{task_force_opened}', '{task_force_entry,solution_recorded}', '{}', '{}', 'none'),
  ('tiered', 'task_force_solution', '', 'each', '24:00:00', '24x7', '{task_force_opened}', '{solution_recorded}', '{}', '{waiting_customer}', 'none'),
  ('complaint', 'first_contact', 'channel_class=instant', 'once', '00:02:00', '24x7', '{opened}', '{person_message}', '{}', '{}', 'none'),
  ('complaint', 'first_contact', 'channel_class=instant complexity=complex', 'once', 'exempt', '24x7', '{opened}', '{}', '{}', '{}', 'none'),
  ('complaint', 'acknowledge', 'channel_class=instant', 'once', '00:10:00', '24x7', '{opened}', '{person_message}', '{}', '{}', 'none'),
  ('complaint', 'acknowledge', 'channel_class=asynchronous', 'once', '00:30:00', '24x7', '{opened}', '{person_message}', '{}', '{}', 'none'),
  ('complaint', 'accept', '', 'each', '00:15:00', '24x7', '{assigned}', '{accepted}', '{assigned}',
    '{}', 'none'),
  ('complaint', 'preliminary_investigation', '', 'once', '24:00:00', '24x7', '{accepted}', '{finding_recorded}', '{}', '{waiting_customer}', 'none'),
  ('complaint', 'investigation', '', 'once', '48:00:00', '24x7', '{accepted}', '{report_recorded}', '{}', '{waiting_customer,waiting_partner}', 'none'),
  ('complaint', 'investigation', 'complexity=complex', 'once', '3 days', 'work', '{accepted}', '{report_recorded}', '{}', '{waiting_customer,waiting_partner}', 'none'),
  ('complaint', 'investigation', 'complexity=cross_department', 'once', '3 days', 'work', '{accepted}', '{report_recorded}', '{}', '{waiting_customer,waiting_partner}', 'none'),
  ('complaint', 'stage_report', 'complexity=cross_department', 'once', '3 days', 'work', '{accepted}', '{stage_report}', '{}', '{}', 'none'),
  ('complaint', 'stage_report', '', 'once', 'none', 'work', '{accepted}', '{stage_report}', '{}', '{}', 'none'),
  ('complaint', 'stage_report', 'complexity=complex', 'once', '3 days', 'work', '{accepted}', '{stage_report}', '{}', '{}', 'none'),
  ('complaint', 'resolve', '', 'once', '24:00:00', '24x7', '{opened}', '{answered}', '{}', '{waiting_customer,waiting_partner,under_review}', 'resume'),
  ('complaint', 'resolve', 'complexity=complex', 'once', '72:00:00', '24x7', '{opened}', '{answered}', '{}', '{waiting_customer,waiting_partner,under_review}', 'resume'),
  ('complaint', 'approval', '', 'each', 'none', '24x7', '{enter_waiting_approval}', '{leave_waiting_approval}', '{}', '{}', 'none'),
  ('complaint', 'feedback', '', 'each', '24:00:00', '24x7', '{approved,solution_final,review_upheld,review_amended,review_higher_level}',
    '{notice_sent,answered}', '{}', '{}', 'none'),
  ('complaint', 'objection_window', '', 'each', '7 days', '24x7', '{answered}', '{enter_under_review,reopened}', '{answered}', '{}', 'none'),
  ('complaint', 'late_objection', '', 'each', 'none', '24x7', '{late_objection}', '{person_message,enter_under_review,reopened}', '{}', '{}', 'none'),
  ('complaint', 'objection_response', '', 'each', '02:00:00', '24x7', '{enter_under_review}', '{person_message}', '{}', '{}', 'none'),
  ('complaint', 'review_start', '', 'each', '2 days', '24x7', '{enter_under_review}', '{reviewer_named,leave_under_review}', '{}', '{}', 'none'),
  ('complaint', 'call_back', '', 'each', 'named', '24x7', '{call_back_planned}', '{call_logged}', '{call_back_planned}', '{}', 'none'),
  ('complaint', 'call_back', 'customer_tier=vip', 'each', 'named', '24x7', '{answered,call_back_planned}', '{call_logged}', '{call_back_planned}', '{}', 'none'),
  ('complaint', 'call_back', 'priority=E channel_class=instant', 'each', 'named', '24x7', '{answered,call_back_planned}', '{call_logged}', '{call_back_planned}', '{}', 'none'),
  ('complaint', 'call_back', 'priority=E channel_class=asynchronous', 'each', 'named', '24x7', '{answered,call_back_planned}', '{call_logged}', '{call_back_planned}', '{}', 'none'),
  ('reception', 'first_response', '', 'once', 'none', '24x7', '{opened}', '{person_message}', '{}', '{}', 'none'),
  ('reception', 'emergency_call_back', 'priority=E', 'once', '00:10:00', '24x7', '{condition_met}', '{call_logged}', '{}', '{}', 'none'),
  ('reception', 'customer_update', 'channel_class=instant', 'every', '00:03:00', '24x7', '{accepted}', '{answered,conversation_ended}', '{public_message}',
    '{waiting_customer}', 'none'),
  ('reception', 'promise', '', 'each', 'named', '24x7', '{news_named}', '{public_message,promise_kept}', '{}', '{}', 'none'),
  ('reception', 'follow_up_task', '', 'each', 'named', '24x7', '{task_created}', '{task_done}', '{task_created}', '{}', 'none'),
  ('reception', 'call_back', '', 'each', 'named', '24x7', '{call_back_planned}', '{call_back_logged}', '{call_back_planned}', '{}', 'none'),
  ('reception', 'low_score_explanation', '', 'each', '24:00:00', '24x7', '{low_score_received}', '{explanation_written}', '{}', '{}', 'none'),
  ('reception', 'second_call', '', 'each', '24:00:00', '24x7', '{low_score_received}', '{second_call_begun}', '{}', '{}', 'none'),
  ('reception', 'temporary_right', '', 'each', 'named', '24x7', '{right_granted}', '{right_returned,conversation_ended,answered}', '{}', '{}', 'none'),
  ('record', 'start_handling', 'priority=E', 'once', '00:05:00', '24x7', '{condition_met}', '{accepted,answered}', '{}', '{}', 'none'),
  ('record', 'handle', 'priority=A', 'once', '24:00:00', '24x7', '{condition_met}', '{answered}', '{}', '{waiting_customer,waiting_partner}', 'resume'),
  ('record', 'handle', 'priority=B', 'once', '3 days', 'work', '{condition_met}', '{answered}', '{}', '{waiting_customer,waiting_partner}', 'resume'),
  ('record', 'plan_link', 'priority=C', 'once', 'none', '24x7', '{opened}', '{plan_linked}', '{}', '{}', 'none'),
  ('record', 'promise', '', 'each', 'named', '24x7', '{news_named}', '{public_message,promise_kept}', '{}', '{}', 'none'),
  ('record', 'task', '', 'each', 'named', '24x7', '{task_created}', '{task_done}', '{task_created}', '{}', 'none');
CREATE VIEW target_row AS
SELECT b.name AS book, b.desk_id, t.target_id, t.clock, concat_ws(' ', 'kind=' || t.kind, 'category=' || t.category_id, 'priority=' || t.priority::text,
    'channel=' || t.channel, 'channel_class=' || t.channel_class, 'customer_tier=' || t.customer_tier, 'handling_tier=' || t.handling_tier,
    'complexity=' || t.complexity) AS condition,
  t.mode, CASE WHEN t.is_exempt THEN 'exempt' WHEN t.due_from = 'duration' THEN t.duration::text ELSE t.due_from END AS due,
  CASE t.calendar WHEN 'around_the_clock' THEN '24x7' ELSE t.calendar END AS calendar, t.starts_on, t.stops_on, t.rearms_on, t.pauses_in, t.on_reopen
FROM csflow.target AS t JOIN book AS b USING (desk_id) WHERE t.is_active;
SELECT set_eq(format($$SELECT clock, condition, mode, due, calendar, starts_on, stops_on, rearms_on, pauses_in, on_reopen FROM target_row WHERE book = %L$$, name),
  format('SELECT clock, condition, mode, due, calendar, starts, stops, rearms, pauses, on_reopen FROM wanted_target WHERE book = %L', name),
  CASE name WHEN 'tiered' THEN 'A10, B5, C6' WHEN 'complaint' THEN 'A2, C3, D1, D9, D11, E2, E4, F3, F10' WHEN 'reception' THEN 'B4, D5, D7, D12, F6, H2'
    ELSE 'B3, D7, D12' END || ': every clock of ' || name || ' with its figures')
FROM book ORDER BY name;
SELECT set_eq($$SELECT b.name, c.base = csflow.calendar_china() AND c.calendar = c.base FROM csflow.working_calendar AS c JOIN book AS b USING (desk_id) WHERE c.code = 'work'$$,
  $$VALUES ('complaint', true), ('record', true)$$, 'D8: where the documents say 工作日, China''s working days are meant');
SELECT is_empty($$SELECT b.name FROM csflow.step AS s JOIN book AS b USING (desk_id) WHERE s.action = 'close'$$, 'F2: none of them closes by itself');

-- Steps: 75 % owner, 100 % supervisor, 150 % head, and what goes beyond.
CREATE VIEW stage AS
SELECT r.book, r.clock, r.condition, r.due, coalesce(s.at_share_pct::text || ' %', s.at_offset::text) AS at, s.level, s.action, s.recipients, t.code AS team
FROM csflow.step AS s JOIN target_row AS r USING (desk_id, target_id) LEFT JOIN csflow.team AS t ON t.desk_id = s.desk_id AND t.team_id = s.team_id;
SELECT set_eq($$SELECT DISTINCT r.book, r.clock FROM target_row AS r WHERE r.due NOT IN ('none', 'exempt') AND NOT (
    EXISTS (SELECT FROM stage AS s WHERE (s.book, s.clock, s.condition, s.at, s.level, s.recipients) = (r.book, r.clock, r.condition, '75 %', 'warning', '{owner}'))
    AND EXISTS (SELECT FROM stage AS s WHERE (s.book, s.clock, s.condition, s.at, s.level) = (r.book, r.clock, r.condition, '100 %', 'breach') AND 'supervisor' = ANY (s.recipients))
    AND EXISTS (SELECT FROM stage AS s WHERE (s.book, s.clock, s.condition, s.at, s.level, s.recipients) = (r.book, r.clock, r.condition, '150 %', 'escalation', '{head}')))$$,
  $$VALUES ('complaint', 'objection_window'), ('reception', 'customer_update'), ('tiered', 'handle'), ('tiered', 'follow_up')$$,
  'D6: every target but four warns at 75 %, tells at 100 % and at 150 %');
SELECT set_eq($$SELECT book, clock, at, level, action, recipients, team FROM stage
    WHERE NOT (at = '75 %' AND level = 'warning') AND NOT (at = '100 %' AND level = 'breach' AND recipients = '{supervisor}') AND NOT (at = '150 %')$$,
  $$VALUES ('tiered', 'bot_answer', '100 %', 'escalation', 'assign_team', '{front_line}'::text[], 'front_line'),
    ('tiered', 'handover', '100 %', 'escalation', 'raise_priority', '{team}', NULL),
    ('tiered', 'handle', '100 %', 'escalation', 'assign_team', '{senior_staff}', 'senior_staff'),
    ('tiered', 'handle', '100 %', 'escalation', 'raise_tier', '{}', NULL),
    ('tiered', 'follow_up', '100 %', 'escalation', 'assign_team', '{special_group}', 'special_group'),
    ('tiered', 'follow_up', '100 %', 'escalation', 'raise_tier', '{}', NULL),
    ('complaint', 'accept', '100 %', 'escalation', 'offer_next', '{}', NULL),
    ('complaint', 'resolve', '100 %', 'breach', 'ask_late_cause', '{owner}', NULL),
    ('complaint', 'review_start', '0 %', 'escalation', 'open_review', '{supervisor}', NULL),
    ('complaint', 'objection_window', '100 %', 'escalation', 'notify', '{owner}', NULL),
    ('complaint', 'late_objection', '0 %', 'escalation', 'notify', '{supervisor}', NULL),
    ('reception', 'emergency_call_back', '0 %', 'escalation', 'assign_team', '{special_team}', 'special_team'),
    ('reception', 'emergency_call_back', '0 %', 'escalation', 'message_customer', '{}', NULL),
    ('reception', 'emergency_call_back', '100 %', 'breach', 'notify', '{supervisor,head}', NULL),
    ('reception', 'customer_update', '-00:01:00', 'warning', 'notify', '{owner}', NULL),
    ('reception', 'customer_update', '100 %', 'breach', 'notify', '{owner,supervisor}', NULL),
    ('reception', 'promise', '100 %', 'breach', 'notify', '{owner,supervisor}', NULL),
    ('reception', 'low_score_explanation', '0 %', 'escalation', 'open_review', '{supervisor}', NULL),
    ('reception', 'temporary_right', '100 %', 'breach', 'notify', '{owner,supervisor}', NULL),
    ('record', 'start_handling', '100 %', 'breach', 'notify', '{supervisor,head}', NULL),
    ('record', 'promise', '100 %', 'breach', 'notify', '{owner,supervisor}', NULL),
    ('record', 'promise', '100 %', 'escalation', 'open_ticket', '{}', NULL),
    ('record', 'task', '100 %', 'escalation', 'notify', '{coordinator}', NULL)$$,
  'B4, B5, C3, D5, D6, D12, F6: the steps beyond the default');

-- States, captions, reasons.
SELECT is_empty($$SELECT b.name, s.from_state FROM book AS b, (VALUES ('answered'), ('closed')) AS s (from_state) WHERE NOT EXISTS (
  SELECT FROM csflow.transition AS t WHERE t.desk_id = b.desk_id AND t.from_state = s.from_state AND t.to_state = 'under_review') AND b.name = 'complaint'$$,
  'F3: in complaint an objection is possible to an answer and on a closed ticket');
SELECT is_empty($$SELECT b.name, c.kind, c.code FROM csflow.caption AS c JOIN book AS b USING (desk_id) GROUP BY b.name, c.kind, c.code HAVING count(*) <> 2$$,
  'A9: captions come in both languages');
SELECT set_eq($$SELECT b.name, c.code FROM csflow.caption AS c JOIN book AS b USING (desk_id) WHERE c.kind = 'clock' AND c.lang = 'zh'$$,
  'SELECT DISTINCT book, clock FROM wanted_target', 'A9: every clock has its caption, and no other');
SELECT is_empty($$SELECT b.name, r.reason FROM book AS b, unnest('{customer_confirmed,no_new_request,long_term_plan_explained}'::text[]) AS r (reason)
  WHERE NOT EXISTS (SELECT FROM csflow.caption AS c WHERE c.desk_id = b.desk_id AND c.kind = 'close_reason' AND c.code = r.reason)$$, 'F2: the three reasons for closing');
SELECT set_has($$SELECT b.name, c.code FROM csflow.caption AS c JOIN book AS b USING (desk_id) WHERE c.kind IN ('close_reason', 'milestone')$$,
  $$VALUES ('complaint', 'staff_confirmed'),
    ('reception', 'review_technical'), ('reception', 'review_process'), ('reception', 'review_attitude'), ('record', 'joined_iteration_plan')$$,
  'D1, F2, G5: what else people record');
SELECT is_empty($$SELECT b.name, m.code FROM book AS b, unnest('{approved,rejected}'::text[]) AS m (code)
  WHERE NOT EXISTS (SELECT FROM csflow.caption AS c WHERE c.desk_id = b.desk_id AND c.kind = 'milestone' AND c.code = m.code)$$, 'E2: decisions can be recorded');
SELECT * FROM finish();
