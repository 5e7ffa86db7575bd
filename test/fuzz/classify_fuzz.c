/*
 * classify_fuzz.c
 *		Rules and texts from any bytes. The first byte of a line says what it is; what the builder refuses, it refuses with
 *		a message; what it accepts gives a verdict and an explanation within their bounds.
 */
#include "kernel/classify.h"

#define MAX_RULES 32
#define MAX_WORDS 8

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

typedef struct fuzz_rule
{
	const char *words[3][MAX_WORDS];
	int n[3];
} fuzz_rule;

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
split_words(char *line, fuzz_rule *rule)
{
	int list = 0;

	for (char *word = strtok(line, "|"); word != NULL; word = strtok(NULL, "|"))
	{
		if (word[0] == '&' || word[0] == '^')
			list = word[0] == '&' ? 1 : 2;
		if (rule->n[list] < MAX_WORDS)
			rule->words[list][rule->n[list]++] = word[0] == '&' || word[0] == '^' ? word + 1 : word;
	}
}

static void
check_verdict(const csf_classifier *classifier, const char *title, const char *body, int n_rules)
{
	csf_verdict verdict;
	csf_hit *hits;
	csf_text texts[2] = {{body, strlen(body)}, {title, strlen(title)}};
	csf_content content = {.title = texts[1],
						   .body = texts[0],
						   .channel = texts[1],
						   .customer_tier = texts[0],
						   .attributes = texts};
	int n = csf_explain(classifier, &content, &verdict, &hits);
	int rules_seen = 0;

	require(verdict.emotion >= -1.0 && verdict.emotion <= 1.0);
	require(verdict.anger >= 0.0 && verdict.anger <= 1.0 && verdict.anxiety >= 0.0 && verdict.anxiety <= 1.0);
	require(verdict.rules_fired <= n_rules && verdict.score >= verdict.runner_up_score);
	require(verdict.score == 0 || verdict.category_id != 0);
	for (int i = 0; i < n; i++)
	{
		require(hits[i].position >= 1 && hits[i].characters >= 1 && hits[i].pattern != NULL);
		require(i == 0 || hits[i].place > hits[i - 1].place ||
				(hits[i].place == hits[i - 1].place && hits[i].position >= hits[i - 1].position));
		rules_seen += hits[i].reason == CSF_HIT_COUNTED;
	}
	require((verdict.score > 0) <= (rules_seen > 0));
	csf_free(hits);
}

/* Any but the amount, which has no patterns; a channel or tier takes no all_of. */
static csf_field
field_of(unsigned char byte, int n_all)
{
	csf_field field = (csf_field) (byte / 8 % CSF_FIELD_AMOUNT);

	return n_all > 0 && (field == CSF_FIELD_CHANNEL || field == CSF_FIELD_CUSTOMER_TIER) ? CSF_FIELD_TEXT
																						 : field;
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static const csf_category categories[] = {{1, 0}, {2, 0}, {11, 1}, {12, 1}, {21, 2}};
	static const csf_alias aliases[] = {{"登入", "登录"}, {"ab", "cd"}, {"退钱", "退款"}};
	static const csf_lexicon_word lexicon[] = {
		{"不", CSF_LEXICON_NEGATION, 1},   {"very", CSF_LEXICON_INTENSIFIER, 10},
		{"满意", CSF_LEXICON_POSITIVE, 2}, {"ab", CSF_LEXICON_ANGER, 10},
		{"不满", CSF_LEXICON_ANXIETY, 1},
	};
	static fuzz_rule rules[MAX_RULES];
	csf_keyword_rule input[MAX_RULES];
	char *copy = csf_alloc(size + 1);
	char *line = copy;
	int n = 0;
	int64 fault_rule_id;
	csf_fault fault;
	csf_classifier *classifier;

	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] == 0 ? ' ' : (char) data[i];
	copy[size] = '\0';
	for (char *stop = strchr(line, '\n'); stop != NULL && n < MAX_RULES; stop = strchr(line, '\n'))
	{
		unsigned char first = (unsigned char) line[0];

		*stop = '\0';
		memset(&rules[n], 0, sizeof(rules[n]));
		split_words(line + (first != 0), &rules[n]);
		input[n] = (csf_keyword_rule){
			.rule_id = n + 1,
			.any_of = rules[n].words[0],
			.n_any = rules[n].n[0],
			.all_of = rules[n].words[1],
			.n_all = rules[n].n[1],
			.none_of = rules[n].words[2],
			.n_none = rules[n].n[2],
			.field = field_of(first, rules[n].n[1]),
			.attribute_key = field_of(first, rules[n].n[1]) == CSF_FIELD_ATTRIBUTE ? "k" : NULL,
			.within_characters = first % 5 == 0 ? first % 20 : 0,
			.part_of_word = first % 2 == 0,
			.weight = 1 + first % 4,
			.category_id = categories[first % 5].category_id,
			.domain = first % 7 == 0 ? "d" : NULL,
		};
		n++;
		line = stop + 1;
	}
	memset(&fault, 0, sizeof(fault));
	classifier = csf_classifier_build(
		&(csf_classifier_input){categories, 5, input, n, aliases, 3, lexicon, 5, 2, 1, false}, &fault,
		&fault_rule_id);
	require((classifier == NULL) == (fault.message[0] != '\0'));
	if (classifier != NULL)
	{
		check_verdict(classifier, line, line, n);
		check_verdict(classifier, "", line + strlen(line) / 2, n);
		csf_classifier_free(classifier);
	}
	csf_free(copy);
	return 0;
}
