/*
 * classify_test.c
 *		Scoring of the classifier kernel: handbook B2 (rules, weights, places), B4 (what raises), B8 (emotion), C2 (doubt).
 */
#include "kernel/classify.h"

#include "tap.h"

/* Kinds 1 and 2; second levels below them. */
static const csf_category categories[] = {
	{1, 0}, {2, 0}, {11, 1}, {12, 1}, {21, 2}, {22, 2},
};

#define LIST(...)                                                                                            \
	(const char *[])                                                                                         \
	{                                                                                                        \
		__VA_ARGS__                                                                                          \
	}
#define ANY(...) .any_of = LIST(__VA_ARGS__), .n_any = sizeof(LIST(__VA_ARGS__)) / sizeof(char *)
#define ALL(...) .all_of = LIST(__VA_ARGS__), .n_all = sizeof(LIST(__VA_ARGS__)) / sizeof(char *)
#define NONE(...) .none_of = LIST(__VA_ARGS__), .n_none = sizeof(LIST(__VA_ARGS__)) / sizeof(char *)

static const csf_alias aliases[] = {
	{"登入", "登录"}, {"登陆", "登录"}, {"退钱", "退款"}, {"无法", "不能"}, {"没法", "不能"},
};

static const csf_lexicon_word lexicon[] = {
	{"愤怒", CSF_LEXICON_ANGER, 3},       {"垃圾", CSF_LEXICON_ANGER, 2},
	{"着急", CSF_LEXICON_ANXIETY, 2},     {"失望", CSF_LEXICON_NEGATIVE, 2},
	{"满意", CSF_LEXICON_POSITIVE, 2},    {"不满意", CSF_LEXICON_NEGATIVE, 2},
	{"非常", CSF_LEXICON_INTENSIFIER, 2}, {"不", CSF_LEXICON_NEGATION, 1},
	{"没有", CSF_LEXICON_NEGATION, 1},    {"angry", CSF_LEXICON_ANGER, 3},
	{"happy", CSF_LEXICON_POSITIVE, 2},   {"not", CSF_LEXICON_NEGATION, 1},
	{"very", CSF_LEXICON_INTENSIFIER, 2}, {"不过", CSF_LEXICON_NEGATIVE, 0},
};

static csf_fault fault;
static int64 fault_rule_id;

static csf_classifier *
build(const csf_keyword_rule *rules, int n)
{
	csf_classifier_input input = {
		.categories = categories,
		.n_categories = sizeof(categories) / sizeof(categories[0]),
		.rules = rules,
		.n_rules = n,
		.aliases = aliases,
		.n_aliases = sizeof(aliases) / sizeof(aliases[0]),
		.lexicon = lexicon,
		.n_lexicon = sizeof(lexicon) / sizeof(lexicon[0]),
		.minimum_score = 2,
		.minimum_margin = 1,
	};

	memset(&fault, 0, sizeof(fault));
	return csf_classifier_build(&input, &fault, &fault_rule_id);
}

static csf_verdict
classify(const csf_classifier *classifier, const char *title, const char *body)
{
	csf_verdict verdict;
	csf_content content = {.title = {title, strlen(title)}, .body = {body, strlen(body)}};

	csf_classify(classifier, &content, &verdict);
	return verdict;
}

#define RULES(rules) build(rules, sizeof(rules) / sizeof(rules[0]))

static void
is_near(double got, double want, const char *name)
{
	if (!ok(got > want - 1e-9 && got < want + 1e-9, "%s", name))
		fprintf(stderr, "#  got: %.12f\n# want: %.12f\n", got, want);
}

static void
test_scoring(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 101, ANY("退款", "支付"), .weight = 1, .category_id = 1},
		{.rule_id = 102, ANY("退款延迟", "没到账"), .weight = 3, .category_id = 11},
		{.rule_id = 103, ANY("支付失败"), .weight = 2, .category_id = 12},
		{.rule_id = 104, ANY("闪退", "白屏"), .weight = 2, .category_id = 21},
		{.rule_id = 105, ANY("退款"), .weight = 1, .domain = "退款"},
		{.rule_id = 106, ANY("登录"), .weight = 1, .domain = "登录"},
	};
	csf_classifier *classifier = RULES(rules);
	csf_verdict verdict = classify(classifier, "", "退款延迟");

	is_int(verdict.category_id, 11, "B2: the second level with the highest sum");
	is_int(verdict.kind_id, 1, "B2: and its kind");
	is_int(verdict.score, 3, "B2: 退款 inside 退款延迟 does not count towards the category");
	is_text(verdict.domain, "退款", "B2: but towards the domain, a contest of its own");
	ok(!verdict.needs_review, "C2: a clear lead needs no review");

	verdict = classify(classifier, "", "退款延迟，退款，退款！");
	is_int(verdict.score, 4, "B2: 退款 elsewhere counts, once however often");
	verdict = classify(classifier, "退款延迟", "要退款");
	is_int(verdict.score, 4, "B2: the longest match wins only in its own field");
	verdict = classify(classifier, "", "退款延迟 没到账");
	is_int(verdict.score, 6, "B2: each different pattern of any_of counts");

	verdict = classify(classifier, "", "退款");
	is_int(verdict.kind_id, 1, "B2: a generic word alone decides the kind");
	ok(verdict.needs_review, "C2: a sum below the minimum needs review");
	verdict = classify(classifier, "", "退款 支付");
	is_int(verdict.category_id, 1, "B2: generic words name the kind as category");
	ok(!verdict.needs_review, "C2: and may reach the minimum");

	verdict = classify(classifier, "", "支付失败 闪退");
	ok(verdict.needs_review, "C2: a tie needs review");
	is_int(verdict.category_id, 12, "C2: and the earlier category stands in");
	is_int(verdict.runner_up_id, 21, "C2: the other is the runner-up");
	verdict = classify(classifier, "", "支付失败 支付不了 闪退");
	ok(!verdict.needs_review && verdict.category_id == 12 && verdict.score == 3,
	   "B2: generic words support the second levels of their kind");

	verdict = classify(classifier, "", "你好");
	ok(verdict.category_id == 0 && verdict.kind_id == 0 && verdict.needs_review,
	   "C2: nothing found needs review");
	verdict = classify(classifier, "", "");
	ok(verdict.category_id == 0 && verdict.needs_review && verdict.emotion == 0.0, "B2: no text at all");
	csf_classifier_free(classifier);
}

static void
test_folding(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, ANY("帐户异常"), .weight = 2, .category_id = 11},
		{.rule_id = 2, ANY("refund"), .weight = 2, .category_id = 21},
		{.rule_id = 3, ANY("BUG"), .part_of_word = true, .weight = 2, .category_id = 22},
		{.rule_id = 4, ANY("不能登录"), .weight = 2, .category_id = 12},
	};
	csf_classifier *classifier = RULES(rules);

	is_int(classify(classifier, "", "我的賬戶異常").category_id, 11,
		   "B2: a keyword of one script in the other");
	is_int(classify(classifier, "", "ＲＥＦＵＮＤ").category_id, 21, "B2: full width and upper case");
	is_int(classify(classifier, "", "我要refund了").category_id, 21, "B2: a Latin word among Chinese ones");
	is_int(classify(classifier, "", "is it refundable").category_id, 0,
		   "B2: refund does not fire in refundable");
	is_int(classify(classifier, "", "a nonrefund").category_id, 0, "B2: nor at the end of a word");
	is_int(classify(classifier, "", "debugging").category_id, 22, "B2: unless the rule says part_of_word");
	is_int(classify(classifier, "", "沒法登入").category_id, 12, "B2: aliases inside a phrase");
	is_int(classify(classifier, "", "无法登陆").category_id, 12, "B2: each with each");
	is_int(classify(classifier, "", "不能 登录").category_id, 0, "B2: a space parts Chinese words");
	csf_classifier_free(classifier);
}

static void
test_equal_patterns(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, ANY("退款", "退錢"), .weight = 1, .category_id = 11},
		{.rule_id = 2, ANY("退钱"), .weight = 3, .category_id = 11},
		{.rule_id = 3, ANY("退款"), .weight = 2, .category_id = 12},
		{.rule_id = 4, ALL("退款", "慢"), .weight = 1, .category_id = 11},
	};
	csf_classifier *classifier = RULES(rules);
	csf_verdict verdict;
	csf_hit *hits;

	is_int(classify(classifier, "", "退款").score, 3,
		   "B2: words equal by an alias count once, with the greatest weight");
	is_int(classify(classifier, "", "退款退钱").score, 3, "B2: also when both are there");
	is_int(classify(classifier, "", "退款").runner_up_score, 2, "B2: and again for another category");
	is_int(classify(classifier, "", "退款慢").score, 4, "B2: a rule with only all_of counts beside");
	ok(csf_explain(classifier, &(csf_content){.body = {"退款", strlen("退款")}}, &verdict, &hits) == 4 &&
		   !hits[0].counted && hits[0].reason == CSF_HIT_REPEATED && hits[1].counted && hits[2].counted &&
		   hits[3].reason == CSF_HIT_NOT_FIRED,
	   "B2: the lighter rule's hit is explained as counted already");
	csf_free(hits);
	csf_classifier_free(classifier);
}

static void
test_conditions(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, ALL("骑手", "态度"), .weight = 3, .category_id = 11},
		{.rule_id = 2, ALL("订单", "取消"), .within_characters = 6, .weight = 2, .category_id = 12},
		{.rule_id = 3, ANY("异物"), NONE("快递"), .weight = 2, .category_id = 21},
		{.rule_id = 4, ANY("加急"), .field = CSF_FIELD_TITLE, .weight = 2, .category_id = 22},
		{.rule_id = 5, ANY("慢", "迟到"), ALL("骑手"), .weight = 2, .category_id = 22},
	};
	csf_classifier *classifier = RULES(rules);
	csf_verdict verdict = classify(classifier, "骑手", "态度差");

	ok(verdict.category_id == 11 && verdict.score == 3, "B2: all_of over both fields counts once");
	is_int(classify(classifier, "", "骑手").category_id, 0, "B2: half of all_of does not");
	is_int(classify(classifier, "", "订单不能取消").category_id, 12, "B2: near enough");
	is_int(classify(classifier, "", "订单怎么不能取消").category_id, 0, "B2: too far");
	is_int(classify(classifier, "", "取消，订单，换一家，又取消订单").category_id, 12,
		   "B2: near at another place");
	is_int(classify(classifier, "订单", "取消").category_id, 0, "B2: nearness is within one field");
	is_int(classify(classifier, "", "有异物").category_id, 21, "B2: without the forbidden word");
	is_int(classify(classifier, "快递", "有异物").category_id, 0, "B2: with it");
	is_int(classify(classifier, "加急", "").category_id, 22, "B2: a rule on the title");
	is_int(classify(classifier, "", "加急").category_id, 0, "B2: does not look into the body");
	verdict = classify(classifier, "", "骑手慢，还迟到");
	ok(verdict.category_id == 22 && verdict.score == 4, "B2: all_of as a condition of any_of");
	csf_classifier_free(classifier);
}

static void
test_effects(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, ANY("盗刷"), .weight = 1, .impact = 2, .urgency = 1, .notify_team_id = 7},
		{.rule_id = 2, ANY("被盗刷"), .weight = 1, .impact = 1, .raise_to = 4, .notify_team_id = 8},
		{.rule_id = 3, ANY("律师"), .weight = 1, .raise_to = 3, .notify_team_id = 7},
		{.rule_id = 4, ANY("变质"), .weight = 3, .category_id = 11, .team_id = 70},
		{.rule_id = 5, ANY("骑手"), .weight = 2, .category_id = 21, .team_id = 71},
		{.rule_id = 6, ANY("律师"), .weight = 1, .team_id = 72},
	};
	csf_classifier *classifier = RULES(rules);
	csf_verdict verdict = classify(classifier, "", "卡被盗刷了，找律师");

	ok(verdict.impact == 1 && verdict.urgency == 1,
	   "B3: the most severe impact and urgency of the fired rules");
	ok(verdict.raise_to == 4 && verdict.raise_rule_id == 2, "B4: the highest raise, with its rule");
	ok(verdict.n_notify == 2 && verdict.notify_team_ids[0] == 7 && verdict.notify_team_ids[1] == 8,
	   "B4: each department told once, rules inside longer matches act too");
	is_int(verdict.team_id, 72, "B2: a rule without category names the team");
	is_int(verdict.rules_fired, 4, "B2: how many rules fired");
	is_int(classify(classifier, "", "食物变质，骑手").team_id, 70,
		   "B2: the team of the winning category's rule");
	is_int(classify(classifier, "", "骑手，律师").team_id, 71, "B2: the heavier rule's team");
	csf_classifier_free(classifier);
}

static void
test_emotion(void)
{
	const csf_keyword_rule rules[] = {{.rule_id = 1, ANY("退款"), .weight = 1, .category_id = 1}};
	csf_classifier *classifier = RULES(rules);
	csf_verdict verdict = classify(classifier, "", "我很愤怒");

	is_near(verdict.emotion, -0.5, "B8: a word of weight 3 is half of the range");
	is_near(verdict.anger, 0.5, "B8: anger");
	is_near(verdict.anxiety, 0.0, "B8: and no anxiety");
	is_near(classify(classifier, "", "着急").anxiety, 0.4, "B8: anxiety apart");
	is_near(classify(classifier, "", "非常愤怒").anger, 6.0 / 9.0, "B8: an intensifier");
	is_near(classify(classifier, "", "满意").emotion, 0.4, "B8: praise");
	is_near(classify(classifier, "", "没有得到满意").emotion, -0.4, "B8: negated praise");
	is_near(classify(classifier, "", "不是非常满意").emotion, -4.0 / 7.0,
			"B8: negation before an intensifier");
	is_near(classify(classifier, "", "不愤怒").emotion, 0.0, "B8: negated anger is none");
	is_near(classify(classifier, "", "不愤怒").anger, 0.0, "B8: in neither figure");
	is_near(classify(classifier, "", "不满意").emotion, -0.4, "B8: the longest word of the lexicon wins");
	is_near(classify(classifier, "", "不过满意").emotion, 0.4,
			"B8: a word of weight 0 shields what is in it");
	is_near(classify(classifier, "", "不行，满意").emotion, 0.4, "B8: negation ends with the clause");
	is_near(classify(classifier, "", "不说这些那些了满意").emotion, 0.4, "B8: and does not reach far");
	is_near(classify(classifier, "", "愤怒！").anger, 3.3 / 6.3, "B8: an exclamation mark");
	is_near(classify(classifier, "愤怒!!!", "！！！！！！").anger, 4.5 / 7.5, "B8: five at most");
	is_near(classify(classifier, "", "I am NOT at all happy").emotion, -0.4,
			"B8: English negation reaches over words");
	is_near(classify(classifier, "", "very angry").emotion, -6.0 / 9.0, "B8: English intensifier");
	is_near(classify(classifier, "", "unhappyish strangry").emotion, 0.0,
			"B8: English words are whole words");
	is_near(classify(classifier, "", "不是不满意").emotion, 0.0, "B8: negated complaint is none");
	csf_classifier_free(classifier);
}

static void
test_explanation(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, ANY("退款"), .weight = 1, .category_id = 1},
		{.rule_id = 2, ANY("退款延迟"), .weight = 3, .category_id = 11},
		{.rule_id = 3, ANY("cafe"), NONE("延迟"), .weight = 2, .category_id = 21},
		{.rule_id = 4, ANY("会社"), .weight = 2, .category_id = 22},
	};
	static const struct
	{
		int64 rule_id;
		int position, characters;
		csf_hit_reason reason;
	} want[] = {
		{3, 1, 4, CSF_HIT_NOT_FIRED}, {2, 8, 4, CSF_HIT_COUNTED},  {1, 8, 2, CSF_HIT_INSIDE_LONGER},
		{3, 10, 2, CSF_HIT_FORBIDS},  {1, 13, 2, CSF_HIT_COUNTED}, {1, 16, 2, CSF_HIT_REPEATED},
		{4, 18, 1, CSF_HIT_COUNTED},  {0, 19, 2, CSF_HIT_EMOTION},
	};
	static const char body[] = "CAFE\xCC\x81 ！退款延遲，退款，退款㍿愤怒";
	int n_want = sizeof(want) / sizeof(want[0]);
	csf_classifier *classifier = RULES(rules);
	csf_verdict verdict;
	csf_hit *hits;
	int n = csf_explain(classifier, &(csf_content){.body = {body, sizeof(body) - 1}}, &verdict, &hits);

	is_int(n, n_want, "B2: every occurrence is listed");
	for (int i = 0; i < n && i < n_want; i++)
		if (!ok(hits[i].rule_id == want[i].rule_id && hits[i].position == want[i].position &&
					hits[i].characters == want[i].characters && hits[i].reason == want[i].reason &&
					hits[i].field == CSF_FIELD_BODY,
				"B2: hit %d: rule, place in the original, reason", i + 1))
			printf("# got rule %lld at %d+%d reason %d\n", (long long) hits[i].rule_id, hits[i].position,
				   hits[i].characters, hits[i].reason);
	ok(n == n_want && strncmp(body + hits[6].offset, "㍿", hits[6].length) == 0 && hits[6].length == 3,
	   "B2: and the bytes there");
	csf_free(hits);
	csf_classifier_free(classifier);
}

static void
refuses(csf_keyword_rule rule, const char *message, const char *what)
{
	csf_classifier *classifier;

	rule.rule_id = 42;
	if (rule.weight == 0)
		rule.weight = 1;
	classifier = build(&rule, 1);
	ok(classifier == NULL && fault_rule_id == 42, "%s is refused", what);
	is_text(fault.message, message, what);
	if (classifier != NULL)
		csf_classifier_free(classifier);
}

static void
test_refusals(void)
{
	double zero = 0.0;
	csf_lexicon_word nan_word = {"气", CSF_LEXICON_ANGER, 0.0 / zero};
	csf_category orphan[] = {{1, 9}}, twice[] = {{1, 0}, {1, 0}}, deep[] = {{1, 0}, {2, 1}, {3, 2}};
	csf_alias empty = {"", "登录"};

	refuses((csf_keyword_rule){ANY(" ")}, "pattern \" \" is empty", "a blank pattern");
	refuses((csf_keyword_rule){ANY("\xE2\x80\x8B")}, "pattern \"\xE2\x80\x8B\" is empty",
			"an invisible pattern");
	refuses((csf_keyword_rule){ANY("Ａ")}, "pattern \"Ａ\" is a single letter or digit",
			"a one-letter pattern");
	refuses((csf_keyword_rule){ALL("退款", "7")}, "pattern \"7\" is a single letter or digit",
			"a one-digit pattern");
	refuses((csf_keyword_rule){NONE("退款")}, "the rule could never fire: it looks for nothing",
			"none_of alone");
	refuses((csf_keyword_rule){ANY("退款延迟"), NONE("退款")},
			"pattern \"退款延迟\" contains \"退款\" of none_of", "a contradiction");
	refuses((csf_keyword_rule){ANY("退钱"), NONE("退款")}, "pattern \"退钱\" contains \"退款\" of none_of",
			"a contradiction through an alias");
	refuses((csf_keyword_rule){ANY("退款"), .weight = 101}, "weight 101 is out of range",
			"a weight over 100");
	refuses((csf_keyword_rule){ANY("退款"), .category_id = 99}, "category 99 is unknown",
			"an unknown category");
	refuses((csf_keyword_rule){ANY("退款"), .impact = 4}, "impact 4 or urgency 0 is out of range",
			"an impact of 4");
	refuses((csf_keyword_rule){ANY("退款"), .raise_to = 5}, "raise_to 5 is out of range", "a raise beyond E");
	refuses((csf_keyword_rule){ALL("退款"), .within_characters = 5},
			"within_characters 5 needs at least two patterns in all_of", "nearness of one pattern");
	refuses(
		(csf_keyword_rule){.field = CSF_FIELD_AMOUNT, .amount_text = "at least 1", .within_characters = 5},
		"within_characters 5 needs at least two patterns in all_of", "nearness of an amount");
	refuses((csf_keyword_rule){ALL("退款延迟", "慢"), .within_characters = 3},
			"within_characters 3 is shorter than pattern \"退款延迟\"", "nearness too near");
	refuses((csf_keyword_rule){ANY("登录不能无法没法登录")},
			"pattern \"登录不能无法没法登录\" has more than 64 spellings", "too many spellings");

	ok(csf_classifier_build(&(csf_classifier_input){.lexicon = &nan_word, .n_lexicon = 1}, &fault,
							&fault_rule_id) == NULL,
	   "a lexicon weight of NaN is refused");
	ok(csf_classifier_build(&(csf_classifier_input){.categories = orphan, .n_categories = 1}, &fault,
							&fault_rule_id) == NULL,
	   "a second level without kind is refused");
	ok(csf_classifier_build(&(csf_classifier_input){.categories = twice, .n_categories = 2}, &fault,
							&fault_rule_id) == NULL,
	   "a category id twice is refused");
	ok(csf_classifier_build(&(csf_classifier_input){.categories = deep, .n_categories = 3}, &fault,
							&fault_rule_id) == NULL,
	   "a third level is refused");
	ok(csf_classifier_build(&(csf_classifier_input){.aliases = &empty, .n_aliases = 1}, &fault,
							&fault_rule_id) == NULL,
	   "an empty alias is refused");
}

static void
test_tolerance(void)
{
	csf_keyword_rule rules[] = {
		{.rule_id = 7, ANY("退款"), .weight = 2, .category_id = 11},
		{.rule_id = 8, ANY("闪退", "x"), .weight = 2, .category_id = 21},
		{.rule_id = 9, ANY("白屏"), .weight = 0, .category_id = 22},
	};
	csf_alias useless[] = {{"x", "退款"}, {"退钱", "退款"}};
	csf_lexicon_word words[] = {{"气", CSF_LEXICON_ANGER, -1}, {"怒", CSF_LEXICON_ANGER, 3}};
	csf_classifier_input input = {categories, 6, rules, 3, useless, 2, words, 2, 2, 1, true};
	csf_classifier *classifier = csf_classifier_build(&input, &fault, &fault_rule_id);

	is_int(csf_classifier_left_out(classifier), 4, "a tolerant build says how much it left out");
	is_text(fault.message, "alias \"x\" for \"退款\" is too short or too long", "and what was the first");
	is_int(classify(classifier, "", "退钱").category_id, 11, "B2: the other rules and aliases work");
	is_int(classify(classifier, "", "闪退白屏").rules_fired, 0, "B2: those left out do not");
	is_near(classify(classifier, "", "怒气").anger, 0.5, "B8: nor words left out");
	csf_classifier_free(classifier);
	input.n_aliases = 0;
	classifier = csf_classifier_build(&input, &fault, &fault_rule_id);
	is_int(fault_rule_id, 8, "a tolerant build names the first rule at fault");
	csf_classifier_free(classifier);
}

static void
test_no_rules(void)
{
	csf_classifier *classifier = csf_classifier_build(&(csf_classifier_input){0}, &fault, &fault_rule_id);
	csf_verdict verdict = classify(classifier, "退款", "退款");

	ok(verdict.needs_review && verdict.category_id == 0, "C2: a desk without rules sends all to review");
	ok(csf_classifier_measure(classifier).memory > 0, "memory is reported");
	csf_classifier_free(classifier);
}

/* -- Fields other than words of the customer's ---------------------------------------------------------------------- */

#define TEXT(text)                                                                                           \
	{                                                                                                        \
		text, sizeof(text) - 1                                                                               \
	}

static void
test_fields(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, .field = CSF_FIELD_CHANNEL, ANY("hotline"), .weight = 3, .category_id = 11},
		{.rule_id = 2, .field = CSF_FIELD_BUSINESS_OBJECT, ANY("退款"), .weight = 4, .category_id = 11},
		{.rule_id = 3, ANY("退款"), .weight = 2, .category_id = 11},
		{.rule_id = 4,
		 .field = CSF_FIELD_ATTRIBUTE,
		 .attribute_key = "region",
		 ANY("上海"),
		 .weight = 1,
		 .raise_to = 3},
		{.rule_id = 5,
		 .field = CSF_FIELD_AMOUNT,
		 .amount_from = 1,
		 .amount_to = 1,
		 .amount_text = "at least 100, below 500",
		 .weight = 5,
		 .category_id = 12,
		 .reason = "money"},
	};
	csf_classifier *classifier = RULES(rules);
	csf_text attributes[2] = {TEXT("退钱"), TEXT("在上海")};
	csf_content content = {.body = TEXT("退款 hotline 上海 愤怒"),
						   .channel = TEXT("ＨＯＴＬＩＮＥ"),
						   .customer_tier = TEXT("愤怒"),
						   .attributes = attributes,
						   .has_amount = true,
						   .amount_rank = 1};
	csf_verdict verdict, plain;
	csf_hit *hits;
	int n = csf_explain(classifier, &content, &verdict, &hits);

	is_int(verdict.score, 9,
		   "B2: channel, business object and text count each, an attribute with the words' aliases");
	is_int(verdict.runner_up_score, 5, "B4: an amount within its bounds counts once");
	is_int(verdict.raise_rule_id, 4, "B2: an attribute raises");
	is_int(n, 6, "B2: all are explained: text, lexicon, channel, two attributes, amount");
	ok(hits[n - 1].rule_id == 5 && hits[n - 1].field == CSF_FIELD_AMOUNT && hits[n - 1].position == 0 &&
		   hits[n - 1].counted,
	   "B2: the amount last, without a place");
	is_text(hits[n - 1].effect->reason, "money", "B2: with the rule's own reason");
	csf_free(hits);
	content.amount_rank = 2;
	content.channel = (csf_text) TEXT("the hotline");
	content.attributes = NULL;
	csf_classify(classifier, &content, &verdict);
	is_int(verdict.score, 2,
		   "B2: only a whole channel, only an amount below its bound, only attributes that are there");
	content.customer_tier = (csf_text){NULL, 0};
	csf_classify(classifier, &content, &plain);
	ok(verdict.anger == plain.anger, "B8: only the customer's own words are heard for emotion");
	csf_classifier_free(classifier);
}

/* -- Long work asks whether to stop ---------------------------------------------------------------------------------- */

static unsigned long
checks_of(const csf_classifier *classifier, const char *piece, size_t length)
{
	size_t n = strlen(piece);
	char *text = csf_alloc(length + n);
	csf_verdict verdict;
	unsigned long before;

	for (size_t i = 0; i < length; i += n)
		memcpy(text + i, piece, n);
	before = csf_interrupt_checks;
	csf_classify(classifier, &(csf_content){.body = {text, length / n * n}}, &verdict);
	csf_free(text);
	return csf_interrupt_checks - before;
}

static void
test_interrupts(void)
{
	const csf_keyword_rule rules[] = {
		{.rule_id = 1, ANY("退款", "款退", "退款退款"), .weight = 3, .category_id = 11},
		{.rule_id = 2, ALL("退款", "款退"), .within_characters = 9, .weight = 3, .category_id = 12},
	};
	csf_classifier *classifier = RULES(rules);
	unsigned long plain = checks_of(classifier, "天", 1 << 20), full = checks_of(classifier, "退款", 1 << 20),
				  half = checks_of(classifier, "退款", 1 << 19);

	/* 350,000 characters: 5 times 65,536, in folding and in matching; a match at each ends in passes of 1,024. */
	ok(plain >= 10, "design 5: a text of 1 MB without a match can be cancelled at %lu places", plain);
	ok(full >= 4 * (1 << 20) / 3 / 1024, "design 5: one full of matches at %lu", full);
	ok(full > half + half / 2, "design 5: the longer the more often (%lu at half the length)", half);
	csf_classifier_free(classifier);
}

int
main(void)
{
	test_scoring();
	test_folding();
	test_equal_patterns();
	test_conditions();
	test_effects();
	test_emotion();
	test_explanation();
	test_refusals();
	test_tolerance();
	test_no_rules();
	test_fields();
	test_interrupts();
	return done_testing();
}
