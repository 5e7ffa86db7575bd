-- What every desk has unless its playbook says otherwise. A section that a playbook leaves out is taken from here.

CREATE FUNCTION csflow.standard_playbook() RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN $json${
  "zone": "Asia/Shanghai",
  "settings": {
    "minimum_score": 2,
    "minimum_margin": 1,
    "review_team": null,
    "default_priority": "B",
    "maximum_text_bytes": 1048576,
    "resume_on_customer_message": true,
    "duplicate_at_intake": true,
    "duplicate_window": "24:00:00",
    "duplicate_similarity": 0.8,
    "emotion_threshold": 0.5,
    "anger_threshold": 0.5,
    "anxiety_threshold": 0.4,
    "incident_minimum": 5,
    "incident_factor": 3,
    "incident_window": "01:00:00",
    "approval_for": ["refund", "large_compensation", "other_departments"],
    "survey_on": "never",
    "survey_questions": ["overall"],
    "confirm_by_link": false,
    "link_validity": "7 days",
    "low_score": 3,
    "low_score_of": ["efficiency", "attitude", "clarity", "fairness", "overall"],
    "surge_minimum": 20,
    "surge_growth_pct": 30,
    "surge_guard": "same_weekday",
    "shift_calendar": null,
    "sample_size": 2
  },
  "channels": [
    {"code": "live_chat", "instant": true},
    {"code": "hotline", "instant": true},
    {"code": "in_app_feedback", "instant": false},
    {"code": "web_form", "instant": false},
    {"code": "social_message", "instant": false},
    {"code": "email", "instant": false},
    {"code": "left_message", "instant": false},
    {"code": "help_centre", "instant": false}
  ],
  "captions": {
    "state": [
      {"code": "new", "zh": "待处理", "en": "new"},
      {"code": "assigned", "zh": "已分派", "en": "assigned"},
      {"code": "in_progress", "zh": "处理中", "en": "in progress"},
      {"code": "waiting_customer", "zh": "等待客户", "en": "waiting for the customer"},
      {"code": "waiting_partner", "zh": "等待合作方", "en": "waiting for a partner"},
      {"code": "waiting_approval", "zh": "等待审批", "en": "waiting for approval"},
      {"code": "answered", "zh": "已答复", "en": "answered"},
      {"code": "under_review", "zh": "复核中", "en": "under review"},
      {"code": "closed", "zh": "已关闭", "en": "closed"},
      {"code": "duplicate", "zh": "重复", "en": "duplicate"},
      {"code": "invalid", "zh": "无效", "en": "invalid"}
    ],
    "priority": [
      {"code": "E", "zh": "紧急", "en": "urgent"},
      {"code": "A", "zh": "高", "en": "high"},
      {"code": "B", "zh": "中", "en": "medium"},
      {"code": "C", "zh": "低", "en": "low"}
    ],
    "channel": [
      {"code": "live_chat", "zh": "在线客服", "en": "live chat"},
      {"code": "hotline", "zh": "热线", "en": "hotline"},
      {"code": "in_app_feedback", "zh": "应用内反馈", "en": "in-app feedback"},
      {"code": "web_form", "zh": "网页表单", "en": "web form"},
      {"code": "social_message", "zh": "社交平台私信", "en": "social direct message"},
      {"code": "email", "zh": "邮件", "en": "e-mail"},
      {"code": "left_message", "zh": "留言", "en": "message left"},
      {"code": "help_centre", "zh": "帮助中心", "en": "help centre"}
    ],
    "customer_tier": [
      {"code": "standard", "zh": "普通客户", "en": "standard"},
      {"code": "vip", "zh": "VIP客户", "en": "VIP"}
    ],
    "milestone": [
      {"code": "cause_located", "zh": "已定位原因", "en": "cause located"},
      {"code": "interim_solution", "zh": "临时方案已落实", "en": "interim solution"},
      {"code": "solution_recorded", "zh": "已记录解决方案", "en": "solution recorded"},
      {"code": "direction_given", "zh": "已说明处理方向", "en": "direction given"},
      {"code": "progress_entered", "zh": "已更新进展", "en": "progress entered"},
      {"code": "part_completed", "zh": "协作部分已完成", "en": "part completed"},
      {"code": "partner_replied", "zh": "合作方已回复", "en": "partner replied"},
      {"code": "promise_kept", "zh": "承诺已兑现", "en": "promise kept"},
      {"code": "low_score_received", "zh": "收到低分评价", "en": "low score received"}
    ],
    "close_reason": [
      {"code": "customer_confirmed", "zh": "客户确认解决", "en": "the customer confirmed"},
      {"code": "no_new_request", "zh": "客户无新诉求", "en": "no new request"},
      {"code": "long_term_plan_explained", "zh": "已说明长期方案", "en": "the long-term plan has been explained"}
    ],
    "action": [
      {"code": "notify", "zh": "通知", "en": "notify"},
      {"code": "raise_priority", "zh": "提升优先级", "en": "raise the priority"},
      {"code": "assign_team", "zh": "转交部门", "en": "assign to a department"},
      {"code": "open_review", "zh": "召开评审会", "en": "open a review"},
      {"code": "offer_next", "zh": "转派下一位", "en": "offer to the next person"},
      {"code": "raise_tier", "zh": "提升处理层级", "en": "raise the handling tier"},
      {"code": "message_customer", "zh": "告知客户", "en": "tell the customer"},
      {"code": "open_ticket", "zh": "新建关联工单", "en": "open a linked ticket"},
      {"code": "ask_late_cause", "zh": "要求说明超时原因", "en": "ask why it is late"},
      {"code": "close", "zh": "关闭", "en": "close"}
    ],
    "late_cause": [
      {"code": "process_design", "zh": "流程设计", "en": "process design"},
      {"code": "staff_skill", "zh": "人员技能", "en": "staff skill"},
      {"code": "resources", "zh": "资源不足", "en": "too few resources"}
    ],
    "review_kind": [
      {"code": "escalation", "zh": "升级评审会", "en": "escalation review"},
      {"code": "supervisor", "zh": "主管复盘", "en": "supervisor's review"},
      {"code": "objection", "zh": "异议复核", "en": "review of an objection"},
      {"code": "emergency", "zh": "应急响应小组", "en": "emergency response group"}
    ],
    "soothing": [
      {"code": "anger", "zh": "客户很生气：先安抚，表示歉意和理解，听对方说完，不争辩；再说怎么处理、什么时候有结果。", "en": "The customer is angry: soothe first, apologise and show that you understand, hear them out, do not argue; then say what is done and by when."},
      {"code": "anxiety", "zh": "客户很着急：先安抚，告诉对方已经收到、由谁在处理、什么时候有进展；再问细节。", "en": "The customer is anxious: soothe first, say that it has arrived, who works on it and when there will be news; then ask for details."}
    ],
    "approval_subject": [
      {"code": "refund", "zh": "退款", "en": "refund"},
      {"code": "large_compensation", "zh": "大额补偿", "en": "large compensation"},
      {"code": "other_departments", "zh": "跨部门资源", "en": "resources of other departments"},
      {"code": "plan", "zh": "处理方案", "en": "plan"}
    ],
    "template": [],
    "clock": []
  },
  "matrix": [
    {"impact": 1, "urgency": 1, "priority": "E"},
    {"impact": 1, "urgency": 2, "priority": "A"},
    {"impact": 1, "urgency": 3, "priority": "B"},
    {"impact": 2, "urgency": 1, "priority": "A"},
    {"impact": 2, "urgency": 2, "priority": "B"},
    {"impact": 2, "urgency": 3, "priority": "C"},
    {"impact": 3, "urgency": 1, "priority": "B"},
    {"impact": 3, "urgency": 2, "priority": "C"},
    {"impact": 3, "urgency": 3, "priority": "C"}
  ],
  "calendars": [
    {"code": "around_the_clock", "hours": "daily 00:00-24:00", "caption": "24×7"}
  ],
  "opening_states": ["new", "assigned", "in_progress", "answered", "duplicate", "invalid"],
  "transitions": {
    "new": ["assigned", "in_progress", "waiting_customer", "waiting_partner", "waiting_approval", "answered", "duplicate", "invalid"],
    "assigned": ["new", "in_progress", "waiting_customer", "waiting_partner", "waiting_approval", "answered", "duplicate", "invalid"],
    "in_progress": ["assigned", "waiting_customer", "waiting_partner", "waiting_approval", "answered", "closed", "duplicate", "invalid"],
    "waiting_customer": ["assigned", "in_progress", "waiting_partner", "waiting_approval", "answered", "closed", "duplicate", "invalid"],
    "waiting_partner": ["assigned", "in_progress", "waiting_customer", "waiting_approval", "answered", "closed", "duplicate", "invalid"],
    "waiting_approval": ["assigned", "in_progress", "waiting_customer", "waiting_partner", "answered", "duplicate", "invalid"],
    "answered": ["assigned", "in_progress", "under_review", "closed"],
    "under_review": ["assigned", "in_progress", "waiting_customer", "waiting_partner", "waiting_approval", "answered", "closed"],
    "closed": ["assigned", "in_progress", "under_review"],
    "duplicate": ["new", "assigned", "in_progress"],
    "invalid": ["new", "assigned", "in_progress"]
  },
  "teams": [],
  "categories": [],
  "domains": [],
  "aliases": {},
  "lexicon": [],
  "rules": [],
  "raises": [],
  "approvals": [],
  "steps": {},
  "targets": []
}$json$::jsonb;
COMMENT ON FUNCTION csflow.standard_playbook() IS
'The sections every playbook has unless it brings its own: channels, captions, priority matrix, a 24×7 calendar, transitions. Result: a document for load_playbook(); loaded alone it makes a desk that accepts tickets and has no targets. Design 6, handbook A1, A9, B3.';
