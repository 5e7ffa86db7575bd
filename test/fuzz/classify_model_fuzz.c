/*
 * classify_model_fuzz.c
 *		Fuzz target of the classifier with all that rules can say, against the slow model of classify_model.h:
 *		which rules are refused, the whole verdict, its explanation. For the input see classify_input.h.
 */
#include "kernel/classify.h"

#include "classify_input.h"
#include "classify_model.h"

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

/* The score of the i-th category as a candidate, 0 if it is none. */
static int
candidate_score(int i)
{
	const csf_category *categories = m.input->categories;
	int score = m.sums[i];

	for (int j = 0; j < m.input->n_categories; j++)
	{
		if (categories[j].parent_id == categories[i].category_id && m.sums[j] > 0)
			return 0;
		if (score > 0 && categories[i].parent_id == categories[j].category_id)
			score += m.sums[j];
	}
	return score;
}

/* The first of the highest candidates but one, -1 if there is none. */
static int
best_but(int excepted)
{
	int best = -1;

	for (int i = 0; i < m.input->n_categories; i++)
		if (i != excepted && candidate_score(i) > (best < 0 ? 0 : candidate_score(best)))
			best = i;
	return best;
}

static void
check_category(const csf_verdict *verdict)
{
	const csf_category *categories = m.input->categories;
	int best = best_but(-1);
	int second = best_but(best);
	int score = best < 0 ? 0 : candidate_score(best);
	int second_score = second < 0 || best < 0 ? 0 : candidate_score(second);

	require(verdict->category_id == (best < 0 ? 0 : categories[best].category_id));
	require(verdict->kind_id == (best < 0                          ? 0
								 : categories[best].parent_id == 0 ? categories[best].category_id
																   : categories[best].parent_id));
	require(verdict->score == score && verdict->runner_up_score == second_score);
	require(verdict->runner_up_id == (second_score == 0 ? 0 : categories[second].category_id));
	require(verdict->needs_review ==
			(best < 0 || score < m.input->minimum_score || score - second_score < m.input->minimum_margin));
}

/* Of equal sums the domain whose rule comes first; whether a rule left out is one is not said. */
static void
check_domain(const csf_verdict *verdict)
{
	int best = -1, given = -1;

	for (int i = 0; i < m.input->n_rules; i++)
	{
		if (m.domain_sums[i] > (best < 0 ? 0 : m.domain_sums[best]))
			best = i;
		if (given < 0 && verdict->domain != NULL && m.input->rules[i].domain != NULL &&
			strcmp(verdict->domain, m.input->rules[i].domain) == 0)
			given = i;
	}
	require((best < 0) == (given < 0));
	require(given == best || (m.n_refused > 0 && m.domain_sums[given] == m.domain_sums[best]));
}

static void
check_effects(const csf_verdict *verdict)
{
	csf_verdict expected = {.n_notify = 0};
	int team_weight = 0;

	for (int rule = 0; rule < m.input->n_rules; rule++)
	{
		const csf_keyword_rule *r = &m.input->rules[rule];
		bool is_new = r->notify_team_id != 0 && expected.n_notify < CSF_MAX_NOTIFIED;

		if (!m.fired[rule])
			continue;
		expected.rules_fired++;
		for (int i = 0; i < expected.n_notify; i++)
			is_new = is_new && expected.notify_team_ids[i] != r->notify_team_id;
		if (is_new)
			expected.notify_team_ids[expected.n_notify++] = r->notify_team_id;
		if (r->impact > 0 && (expected.impact == 0 || r->impact < expected.impact))
			expected.impact = r->impact;
		if (r->urgency > 0 && (expected.urgency == 0 || r->urgency < expected.urgency))
			expected.urgency = r->urgency;
		if (r->raise_to > expected.raise_to)
		{
			expected.raise_to = r->raise_to;
			expected.raise_rule_id = r->rule_id;
			expected.raise_reason = r->reason == NULL || r->reason[0] == '\0' ? NULL : r->reason;
		}
		if (r->team_id != 0 && r->weight > team_weight &&
			(r->category_id == 0 || r->category_id == verdict->category_id ||
			 r->category_id == verdict->kind_id))
		{
			team_weight = r->weight;
			expected.team_id = r->team_id;
		}
	}
	require(verdict->rules_fired == expected.rules_fired && verdict->n_notify == expected.n_notify);
	require(memcmp(verdict->notify_team_ids, expected.notify_team_ids, sizeof(expected.notify_team_ids)) ==
			0);
	require(verdict->impact == expected.impact && verdict->urgency == expected.urgency);
	require(verdict->raise_to == expected.raise_to && verdict->raise_rule_id == expected.raise_rule_id);
	require((verdict->raise_reason == NULL) == (expected.raise_reason == NULL));
	if (expected.raise_reason != NULL)
		require(strcmp(verdict->raise_reason, expected.raise_reason) == 0);
	require(m.is_ambiguous || verdict->team_id == expected.team_id);
}

/* Each occurrence of a word is listed once, and what counts is marked so at one of them. */
static void
check_hits(const csf_hit *hits, int n)
{
	int counted = 0;
	double balance = 0;

	for (int i = 0; i < n; i++)
	{
		counted += hits[i].reason == CSF_HIT_COUNTED;
		balance += hits[i].emotion;
		require(hits[i].pattern != NULL && (hits[i].effect == NULL) == (hits[i].rule_id == 0));
		for (int j = 0; j < i && hits[i].characters > 0; j++)
			require(hits[i].pattern != hits[j].pattern || hits[i].place != hits[j].place ||
					hits[i].offset != hits[j].offset || hits[i].length != hits[j].length);
	}
	require(m.is_ambiguous || counted == m.n_counting);
	require(balance - m.balance > -1e-6 && balance - m.balance < 1e-6);
}

static void
check_content(const csf_classifier *classifier)
{
	const fuzz_input *input = m.input;
	csf_text attributes[CSF_MAX_ATTRIBUTES] = {{NULL, 0}};
	csf_text texts[N_PLACES] = {{NULL, 0}};
	csf_content content = {.has_amount = input->has_amount, .amount_rank = input->amount_rank};
	csf_verdict verdict, explained;
	csf_hit *hits;
	size_t length = 0;
	int n;

	for (int place = 0; place < N_PLACES; place++)
	{
		if (input->texts[place] != NULL)
			texts[place] = (csf_text){input->texts[place], strlen(input->texts[place])};
		length += texts[place].length;
	}
	for (int i = 0; csf_classifier_attribute(classifier, i) != NULL; i++)
		for (int j = 0; j < N_ATTRIBUTES; j++)
			if (strcmp(csf_classifier_attribute(classifier, i), attribute_keys[j]) == 0)
				attributes[i] = texts[4 + j];
	content.title = texts[0];
	content.body = texts[1];
	content.channel = texts[2];
	content.customer_tier = texts[3];
	content.attributes = attributes;
	csf_classify(classifier, &content, &verdict);
	n = csf_explain(classifier, &content, &explained, &hits);
	require(memcmp(&verdict, &explained, sizeof(verdict)) == 0);
	if (length <= MAX_COMPARED_TEXT)
	{
		for (int place = 0; place < N_PLACES; place++)
			csf_fold(texts[place].start == NULL ? "" : texts[place].start, texts[place].length,
					 CSF_FOLD_SQUEEZE_SPACE, &m.places[place]);
		run_model();
		if (!m.overflows)
		{
			if (!m.is_ambiguous)
			{
				check_category(&verdict);
				check_domain(&verdict);
			}
			check_effects(&verdict);
			check_hits(hits, n);
			require(is_share(verdict.emotion, m.balance) && is_share(verdict.anger, m.anger) &&
					is_share(verdict.anxiety, m.anxiety));
		}
		for (int place = 0; place < N_PLACES; place++)
			csf_folded_free(&m.places[place]);
	}
	csf_free(hits);
}

/* What is read is what a rule that is not refused looks at; more may be. */
static void
check_reads(const csf_classifier *classifier)
{
	csf_classifier_size size = csf_classifier_measure(classifier);

	require(size.rules == m.input->n_rules && size.patterns >= 0 && size.memory > 0);
	for (int i = 0; i < m.input->n_rules; i++)
		require(m.is_refused[i] || csf_classifier_reads(classifier, m.input->rules[i].field));
}

static void
check_input(const fuzz_input *input)
{
	csf_alias sound_aliases[MAX_ALIASES];
	int n_sound;
	int64 fault_rule_id;
	csf_fault fault;
	csf_classifier *classifier;

	memset(&fault, 0, sizeof(fault));
	classifier = csf_classifier_build(
		&(csf_classifier_input){input->categories, input->n_categories, input->rules, input->n_rules,
								input->aliases, input->n_aliases, input->lexicon, input->n_lexicon,
								input->minimum_score, input->minimum_margin, input->tolerant},
		&fault, &fault_rule_id);
	if (!are_categories_sound(input))
	{
		require(classifier == NULL && fault.message[0] != '\0');
		return;
	}
	m.input = input;
	find_refused(input, sound_aliases, &n_sound);
	require((fault.message[0] != '\0') == (m.n_refused > 0));
	require((classifier == NULL) == (m.n_refused > 0 && !input->tolerant));
	if (m.n_refused > 0 && n_sound == input->n_aliases)
		require(fault_rule_id == (m.first_refused < 0 ? 0 : m.first_refused + 1));
	if (classifier == NULL)
		return;
	require(csf_classifier_left_out(classifier) == m.n_refused);
	check_reads(classifier);
	add_entries(sound_aliases, n_sound);
	check_content(classifier);
	for (int i = 0; i < m.n_entries; i++)
		free_entry(&m.entries[i]);
	for (int i = 0; i < m.n_words; i++)
		free_entry(&m.words[i]);
	csf_classifier_free(classifier);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static fuzz_input input;
	char *copy = csf_alloc(size + 1);

	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] == 0 ? ' ' : (char) data[i];
	copy[size] = '\0';
	read_input(&input, copy);
	check_input(&input);
	csf_free(copy);
	return 0;
}
