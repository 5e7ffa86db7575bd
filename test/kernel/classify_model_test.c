/*
 * classify_model_test.c
 *		The classifier against the rules of handbook B2 and C2 written down plainly, over random rules and texts, and against
 *		itself over texts in another dress: traditional, full width, upper case, with accents and invisible characters.
 */
#include "kernel/classify.h"
#include "kernel/mask.h"
#include "kernel/matcher.h"
#include "kernel/similarity.h"

#include "tap.h"

#define SEED 20231015
#define MODELS 400
#define TEXTS_PER_MODEL 40
#define DRESSED_TEXTS 6000
#define MAX_RULES 12
#define MAX_LIST 3
#define MAX_OCCURRENCES 20000

static uint32 state = SEED;

static uint32
pick(uint32 n)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

static const csf_category categories[] = {{1, 0}, {2, 0}, {11, 1}, {12, 1}, {21, 2}, {22, 2}};

#define N_CATEGORIES 6

/* Few letters, so that patterns overlap, contain and follow one another. */
static const char *const letters[] = {"退", "款", "延", "a", "b", " ", "。"};

static void
random_text(char *text, uint32 length, uint32 n_letters)
{
	text[0] = '\0';
	for (uint32 i = 0; i < length; i++)
		strcat(text, letters[pick(n_letters)]);
}

/* -- Random rules ------------------------------------------------------------------------------------------------- */

static csf_keyword_rule rules[MAX_RULES];
static const char *lists[MAX_RULES][3][MAX_LIST];
static char words[MAX_RULES][3][MAX_LIST][32];
static int n_rules;

static int
random_list(int rule, int list, int n)
{
	for (int i = 0; i < n; i++)
	{
		random_text(words[rule][list][i], 1 + pick(4), 5);
		lists[rule][list][i] = words[rule][list][i];
	}
	return n;
}

static void
random_rule(int index)
{
	csf_keyword_rule *rule = &rules[index];

	memset(rule, 0, sizeof(*rule));
	rule->rule_id = 100 + index;
	rule->field = (csf_field) pick(3);
	rule->any_of = lists[index][0];
	rule->all_of = lists[index][1];
	rule->none_of = lists[index][2];
	rule->n_any = random_list(index, 0, (int) pick(MAX_LIST + 1));
	rule->n_all = pick(3) == 0 || rule->n_any == 0 ? random_list(index, 1, 1 + (int) pick(2)) : 0;
	rule->n_none = pick(4) == 0 ? random_list(index, 2, 1) : 0;
	rule->within_characters = rule->n_all == 2 && pick(2) == 0 ? 4 + (int) pick(5) : 0;
	rule->part_of_word = pick(2) == 0;
	rule->weight = 1 + (int) pick(3);
	rule->category_id = pick(4) == 0 ? 0 : categories[pick(N_CATEGORIES)].category_id;
	rule->domain = pick(3) == 0 ? (pick(2) == 0 ? "x" : "y") : NULL;
}

/* -- The model ---------------------------------------------------------------------------------------------------- */

typedef struct occurrence
{
	int rule, list, slot, field, start, end;
} occurrence;

typedef struct model
{
	csf_folded fields[2];
	occurrence found[MAX_OCCURRENCES];
	int n_found;
	bool fired[MAX_RULES];
	int sums[N_CATEGORIES], domains[2];
} model;

static model m;

static bool
looks_at(const csf_keyword_rule *rule, int field)
{
	return rule->field == CSF_FIELD_TEXT || (rule->field == CSF_FIELD_TITLE) == (field == 0);
}

/* The same word twice in a list is one entry: the first. */
static bool
is_repeated(int rule, int list, int slot)
{
	for (int i = 0; i < slot; i++)
		if (strcmp(words[rule][list][i], words[rule][list][slot]) == 0)
			return true;
	return false;
}

static void
find_entry(int rule, int list, int slot)
{
	int n;
	uint32 *code = csf_fold_pattern(words[rule][list][slot], &n);

	for (int field = 0; field < 2; field++)
		for (int end = n - 1; end < m.fields[field].n && looks_at(&rules[rule], field); end++)
			if (memcmp(m.fields[field].code + end - n + 1, code, (size_t) n * sizeof(uint32)) == 0 &&
				(rules[rule].part_of_word || csf_matcher_at_word_edges(&m.fields[field], end, n)))
				m.found[m.n_found++] = (occurrence){rule, list, slot, field, end - n + 1, end};
	csf_free(code);
}

static bool
occurs(int rule, int list, int slot, int field, int from, int to)
{
	for (int i = 0; i < m.n_found; i++)
		if (m.found[i].rule == rule && m.found[i].list == list && m.found[i].slot == slot &&
			(field < 0 || (m.found[i].field == field && m.found[i].start >= from && m.found[i].end <= to)))
			return true;
	return false;
}

static bool
all_near(int rule)
{
	for (int field = 0; field < 2; field++)
		for (int from = 0; from < m.fields[field].n; from++)
		{
			bool all = true;

			for (int slot = 0; slot < rules[rule].n_all; slot++)
				all = all && occurs(rule, 1, slot, field, from, from + rules[rule].within_characters - 1);
			if (all)
				return true;
		}
	return false;
}

static bool
fires(int rule)
{
	bool any = rules[rule].n_any == 0;

	for (int slot = 0; slot < rules[rule].n_any; slot++)
		any = any || occurs(rule, 0, slot, -1, 0, 0);
	for (int slot = 0; slot < rules[rule].n_all; slot++)
		any = any && occurs(rule, 1, slot, -1, 0, 0);
	for (int slot = 0; slot < rules[rule].n_none; slot++)
		any = any && !occurs(rule, 2, slot, -1, 0, 0);
	return any && (rules[rule].within_characters == 0 || all_near(rule));
}

static bool
competes(const occurrence *o, bool domains)
{
	const csf_keyword_rule *rule = &rules[o->rule];

	return m.fired[o->rule] && o->list == (rule->n_any > 0 ? 0 : 1) &&
		   (domains ? rule->domain != NULL : rule->category_id != 0);
}

static bool
is_beaten(const occurrence *o, bool domains)
{
	for (int i = 0; i < m.n_found; i++)
	{
		const occurrence *other = &m.found[i];

		if (competes(other, domains) && other->field == o->field && other->start <= o->start &&
			other->end >= o->end && other->end - other->start > o->end - o->start)
			return true;
	}
	return false;
}

static bool
counts(int rule, int slot, bool domains)
{
	for (int i = 0; i < m.n_found; i++)
		if (m.found[i].rule == rule && m.found[i].slot == slot && competes(&m.found[i], domains) &&
			!is_beaten(&m.found[i], domains))
			return true;
	return false;
}

static bool
same_target(int a, int b, bool domains)
{
	if (domains)
		return rules[a].domain != NULL && rules[b].domain != NULL &&
			   strcmp(rules[a].domain, rules[b].domain) == 0;
	return rules[a].category_id == rules[b].category_id;
}

/* Whether the same word counts for the same target in a heavier rule, or in an earlier one of the same weight. */
static bool
is_outweighed(int rule, int slot, bool domains)
{
	for (int other = 0; other < n_rules; other++)
		for (int i = 0; i < rules[other].n_any; i++)
			if (other != rule && m.fired[other] && same_target(rule, other, domains) &&
				(rules[other].weight > rules[rule].weight ||
				 (rules[other].weight == rules[rule].weight && other < rule)) &&
				strcmp(words[other][0][i], words[rule][0][slot]) == 0 && counts(other, i, domains))
				return true;
	return false;
}

static int
counted_entries(int rule, bool domains)
{
	int n = 0;

	for (int slot = 0; slot < MAX_LIST; slot++)
		n += counts(rule, slot, domains) && (rules[rule].n_any == 0 || !is_outweighed(rule, slot, domains));
	return rules[rule].n_any == 0 && n > 1 ? 1 : n;
}

static int
category_index(int64 category_id)
{
	int i = 0;

	while (categories[i].category_id != category_id)
		i++;
	return i;
}

static void
run_model(const char *title, const char *body)
{
	csf_fold(title, strlen(title), CSF_FOLD_SQUEEZE_SPACE, &m.fields[0]);
	csf_fold(body, strlen(body), CSF_FOLD_SQUEEZE_SPACE, &m.fields[1]);
	m.n_found = 0;
	memset(m.sums, 0, sizeof(m.sums));
	memset(m.domains, 0, sizeof(m.domains));
	for (int rule = 0; rule < n_rules; rule++)
	{
		int n[3] = {rules[rule].n_any, rules[rule].n_all, rules[rule].n_none};

		for (int list = 0; list < 3; list++)
			for (int slot = 0; slot < n[list]; slot++)
				if (list == 1 || !is_repeated(rule, list, slot))
					find_entry(rule, list, slot);
	}
	for (int rule = 0; rule < n_rules; rule++)
		m.fired[rule] = fires(rule);
	for (int rule = 0; rule < n_rules; rule++)
	{
		if (m.fired[rule] && rules[rule].category_id != 0)
			m.sums[category_index(rules[rule].category_id)] +=
				rules[rule].weight * counted_entries(rule, false);
		if (m.fired[rule] && rules[rule].domain != NULL)
			m.domains[rules[rule].domain[0] == 'y'] += rules[rule].weight * counted_entries(rule, true);
	}
	csf_folded_free(&m.fields[0]);
	csf_folded_free(&m.fields[1]);
}

/* The score of the i-th category as a candidate, 0 if it is none. */
static int
candidate_score(int i)
{
	if (categories[i].parent_id != 0)
		return m.sums[i] == 0 ? 0 : m.sums[i] + m.sums[category_index(categories[i].parent_id)];
	for (int j = 0; j < N_CATEGORIES; j++)
		if (categories[j].parent_id == categories[i].category_id && m.sums[j] > 0)
			return 0;
	return m.sums[i];
}

static bool
agrees(const csf_verdict *verdict)
{
	int best = -1, score = 0, second = 0, fired = 0;
	const char *domain = m.domains[0] == 0 && m.domains[1] == 0 ? NULL
						 : m.domains[0] > m.domains[1]          ? "x"
																: "y";

	for (int i = 0; i < N_CATEGORIES; i++)
		if (candidate_score(i) > score)
		{
			best = i;
			score = candidate_score(i);
		}
	for (int i = 0; i < N_CATEGORIES; i++)
		if (i != best && candidate_score(i) > second)
			second = candidate_score(i);
	for (int rule = 0; rule < n_rules; rule++)
		fired += m.fired[rule];
	if (m.domains[0] == m.domains[1] && domain != NULL)
		domain = verdict->domain; /* the first in the rules */
	return verdict->category_id == (best < 0 ? 0 : categories[best].category_id) && verdict->score == score &&
		   verdict->runner_up_score == second && verdict->rules_fired == fired &&
		   verdict->needs_review == (score < 2 || score - second < 1) &&
		   (domain == NULL ? verdict->domain == NULL
						   : verdict->domain != NULL && strcmp(domain, verdict->domain) == 0);
}

static csf_classifier *
build_rules(void)
{
	csf_classifier_input input = {.categories = categories,
								  .n_categories = N_CATEGORIES,
								  .rules = rules,
								  .n_rules = n_rules,
								  .minimum_score = 2,
								  .minimum_margin = 1};
	csf_fault fault;
	int64 fault_rule_id;

	return csf_classifier_build(&input, &fault, &fault_rule_id);
}

static void
test_model(void)
{
	int compared = 0, with_score = 0, with_nearness = 0;

	for (int i = 0; i < MODELS; i++)
	{
		csf_classifier *classifier;

		/* A rule that the builder refuses is drawn again. */
		for (n_rules = 0; n_rules < MAX_RULES;)
		{
			csf_classifier *trial;

			random_rule(n_rules++);
			trial = build_rules();
			if (trial == NULL)
				n_rules--;
			else
				csf_classifier_free(trial);
		}
		classifier = build_rules();
		for (int j = 0; j < TEXTS_PER_MODEL; j++)
		{
			char title[200], body[400];
			csf_verdict verdict;

			random_text(title, pick(8), 7);
			random_text(body, pick(40), 7);
			csf_classify(classifier,
						 &(csf_content){.title = {title, strlen(title)}, .body = {body, strlen(body)}},
						 &verdict);
			run_model(title, body);
			if (!agrees(&verdict))
			{
				ok(false, "B2: as the model, rules %d, text %d: \"%s\" \"%s\"", i, j, title, body);
				csf_classifier_free(classifier);
				return;
			}
			compared++;
			with_score += verdict.score > 0;
			for (int rule = 0; rule < n_rules; rule++)
				with_nearness += m.fired[rule] && rules[rule].within_characters > 0;
		}
		csf_classifier_free(classifier);
	}
	ok(true, "B2, C2: %d verdicts as the model's (seed %d)", compared, SEED);
	ok(with_score > compared / 3 && with_nearness > 100,
	   "%d of them with a score, %d rules fired by nearness", with_score, with_nearness);
}

/* -- The same text in another dress ------------------------------------------------------------------------------- */

/* By folded code point: code points that fold to it alone. */
#define DRESSES 8
static uint32 dresses[0x10000][DRESSES];

static void
collect_dresses(void)
{
	for (uint32 code = 1; code < 0x10000; code++)
	{
		char bytes[4];
		csf_folded folded;

		csf_fold(bytes, (size_t) csf_utf8_put(code, bytes), CSF_FOLD_KEEP_SPACE, &folded);
		for (int i = 0; folded.n == 1 && folded.code[0] < 0x10000 && i < DRESSES; i++)
			if (dresses[folded.code[0]][i] == 0)
			{
				dresses[folded.code[0]][i] = code;
				break;
			}
		csf_folded_free(&folded);
	}
}

/* Each character by another that folds the same, with accents and invisible characters strewn in. */
static void
dress(const char *text, char *dressed)
{
	static const char *const strewn[] = {"\xE2\x80\x8B", "\xCC\x81", "\xEF\xB8\x8F"};
	csf_folded folded;

	csf_fold(text, strlen(text), CSF_FOLD_KEEP_SPACE, &folded);
	for (int i = 0; i < folded.n; i++)
	{
		const uint32 *choice = dresses[folded.code[i] < 0x10000 ? folded.code[i] : 0];
		uint32 n = 0;

		while (n < DRESSES && choice[n] != 0)
			n++;
		dressed += csf_utf8_put(n == 0 ? folded.code[i] : choice[pick(n)], dressed);
		if (pick(20) == 0)
			dressed = stpcpy(dressed, strewn[pick(3)]);
	}
	*dressed = '\0';
	csf_folded_free(&folded);
}

static const char *const phrases[] = {
	"退款延迟",
	"没到账",
	"账户异常",
	"登录不了",
	"收不到验证码",
	"骑手态度恶劣",
	"食物变质",
	"支付失败",
	"非常愤怒",
	"不满意",
	"refund",
	"crash",
	"very angry",
	"手机13812345678",
	"zs@qq.com",
	"文三路138号",
	"订单202310001",
	"，",
	"。",
	" ",
	"的",
	"我要投诉你们",
	"!",
	"不",
};

static const csf_lexicon_word lexicon[] = {
	{"愤怒", CSF_LEXICON_ANGER, 3},       {"满意", CSF_LEXICON_POSITIVE, 2},
	{"不", CSF_LEXICON_NEGATION, 1},      {"angry", CSF_LEXICON_ANGER, 2},
	{"very", CSF_LEXICON_INTENSIFIER, 2}, {"恶劣", CSF_LEXICON_NEGATIVE, 2},
	{"非常", CSF_LEXICON_INTENSIFIER, 2},
};

static bool
same_personal_data(const char *text, const char *dressed)
{
	csf_personal_item *a, *b;
	int n_a = csf_find_personal_data(text, strlen(text), &a);
	int n_b = csf_find_personal_data(dressed, strlen(dressed), &b);
	bool same = n_a == n_b;

	for (int i = 0; same && i < n_a; i++)
		same = a[i].kind == b[i].kind;
	csf_free(a);
	csf_free(b);
	return same;
}

static void
test_dress(void)
{
	static const char *refund[] = {"退款", "到账", "refund"}, *account[] = {"帳戶異常", "登录", "驗證碼"},
					  *courier[] = {"骑手", "态度"}, *food[] = {"变质"}, *crash[] = {"CRASH", "支付失败"};
	csf_keyword_rule five[] = {
		{.rule_id = 1, .any_of = refund, .n_any = 3, .weight = 2, .category_id = 11, .domain = "退款"},
		{.rule_id = 2, .any_of = account, .n_any = 3, .weight = 2, .category_id = 12, .raise_to = 4},
		{.rule_id = 3, .all_of = courier, .n_all = 2, .within_characters = 6, .weight = 3, .category_id = 21},
		{.rule_id = 4, .any_of = food, .n_any = 1, .weight = 3, .category_id = 22, .impact = 1},
		{.rule_id = 5, .any_of = crash, .n_any = 2, .weight = 2, .category_id = 1, .urgency = 1},
	};
	csf_classifier_input input = {categories, N_CATEGORIES, five, 5, NULL, 0, lexicon, 7, 2, 1, false};
	csf_fault fault;
	int64 fault_rule_id;
	csf_classifier *classifier = csf_classifier_build(&input, &fault, &fault_rule_id);
	int verdicts = 0, similar = 0, personal = 0, changed = 0;

	collect_dresses();
	for (int i = 0; i < DRESSED_TEXTS; i++)
	{
		char text[1000] = "", dressed[8000];
		csf_verdict plain, other;

		for (uint32 n = 1 + pick(10); n > 0; n--)
			strcat(text, phrases[pick(sizeof(phrases) / sizeof(phrases[0]))]);
		dress(text, dressed);
		changed += strcmp(text, dressed) != 0;
		/* The verdicts hold no pointers but into the classifier, and were zeroed before. */
		csf_classify(classifier, &(csf_content){.body = {text, strlen(text)}}, &plain);
		csf_classify(classifier, &(csf_content){.body = {dressed, strlen(dressed)}}, &other);
		verdicts += memcmp(&plain, &other, sizeof(plain)) == 0;
		similar += csf_text_similarity(text, strlen(text), dressed, strlen(dressed)) == 1.0;
		personal += same_personal_data(text, dressed);
	}
	ok(changed > DRESSED_TEXTS * 9 / 10, "%d of %d texts were dressed otherwise (seed %d)", changed,
	   DRESSED_TEXTS, SEED);
	is_int(verdicts, DRESSED_TEXTS,
		   "B2, B3, B8: script, width, case and invisible characters change no verdict");
	is_int(similar, DRESSED_TEXTS, "A8: nor whether texts are alike");
	is_int(personal, DRESSED_TEXTS, "F8: nor what is personal");
	csf_classifier_free(classifier);
}

int
main(void)
{
	test_model();
	test_dress();
	return done_testing();
}
