/*
 * classify_model.h
 *		A slow model of the classifier, made from classify.h and doc/classification.md, for classify_model_fuzz.c: which rules
 *		are refused, which fire, what counts, the figures of emotion. run_model() fills m from its input.
 *
 * Folding, the spellings that aliases give and the edges of words are the kernel's own, which have tests of their own.
 */
#ifndef CSF_TEST_CLASSIFY_MODEL_H
#define CSF_TEST_CLASSIFY_MODEL_H

#include "kernel/classify.h"

#include "classify_input.h"

#define N_PLACES (4 + N_ATTRIBUTES)
#define MAX_ENTRIES (MAX_RULES * 3 * MAX_WORDS)
#define MAX_OCCURRENCES 300
#define MAX_COMPARED_TEXT 1500

#define require(condition)                                                                                   \
	do                                                                                                       \
	{                                                                                                        \
		if (!(condition))                                                                                    \
		{                                                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                          \
			abort();                                                                                         \
		}                                                                                                    \
	} while (0)

enum
{
	ANY,
	ALL,
	NONE
};

/* One word of a rule's list, or of the lexicon, in all its spellings. */
typedef struct entry
{
	int owner; /* rule, or word of the lexicon */
	int list;
	int n_spellings;
	csf_pattern spellings[CSF_MAX_SPELLINGS];
} entry;

typedef struct occurrence
{
	int entry, place, start, end; /* first and last code point */
} occurrence;

typedef struct model
{
	const fuzz_input *input;
	csf_folded places[N_PLACES];
	bool is_refused[MAX_RULES], is_refused_word[MAX_LEXICON];
	int n_refused, first_refused; /* of everything; the first rule, or -1 */
	entry entries[MAX_ENTRIES], words[MAX_LEXICON];
	int n_entries, n_words;
	occurrence found[MAX_OCCURRENCES];
	int n_found;
	bool overflows, is_ambiguous;
	bool fired[MAX_RULES];
	bool counts_somewhere[MAX_ENTRIES];
	int n_counting; /* entries, or rules without any_of, that are in some sum */
	int sums[MAX_CATEGORIES];
	int domain_sums[MAX_RULES]; /* at the first rule that has the domain */
	double balance, anger, anxiety;
} model;

static model m;

/* -- What is refused ---------------------------------------------------------------------------------------------- */

static bool
is_buildable(const csf_classifier_input *input)
{
	csf_fault fault;
	int64 fault_rule_id;
	csf_classifier *classifier;

	memset(&fault, 0, sizeof(fault));
	classifier = csf_classifier_build(input, &fault, &fault_rule_id);
	require((classifier == NULL) == (fault.message[0] != '\0'));
	if (classifier == NULL)
		return false;
	csf_classifier_free(classifier);
	return true;
}

static bool
are_categories_sound(const fuzz_input *input)
{
	for (int i = 0; i < input->n_categories; i++)
	{
		const csf_category *category = &input->categories[i];
		bool has_parent = category->parent_id == 0;

		for (int j = 0; j < input->n_categories; j++)
		{
			if (j != i && input->categories[j].category_id == category->category_id)
				return false;
			has_parent = has_parent || (input->categories[j].category_id == category->parent_id &&
										input->categories[j].parent_id == 0);
		}
		if (category->category_id == 0 || !has_parent)
			return false;
	}
	return true;
}

/* Tries each alias, rule and word alone: together they are refused, or left out, exactly if they are alone. */
static void
find_refused(const fuzz_input *input, csf_alias *sound_aliases, int *n_sound)
{
	csf_classifier_input alone = {.categories = input->categories, .n_categories = input->n_categories};

	*n_sound = 0;
	for (int i = 0; i < input->n_aliases; i++)
	{
		alone.aliases = &input->aliases[i];
		alone.n_aliases = 1;
		if (is_buildable(&alone))
			sound_aliases[(*n_sound)++] = input->aliases[i];
	}
	m.n_refused = input->n_aliases - *n_sound;
	m.first_refused = -1;
	alone.aliases = sound_aliases;
	alone.n_aliases = *n_sound;
	for (int i = 0; i < input->n_rules; i++)
	{
		alone.rules = &input->rules[i];
		alone.n_rules = 1;
		m.is_refused[i] = !is_buildable(&alone);
		m.n_refused += m.is_refused[i];
		if (m.is_refused[i] && m.first_refused < 0)
			m.first_refused = i;
	}
	alone.n_rules = 0;
	for (int i = 0; i < input->n_lexicon; i++)
	{
		alone.lexicon = &input->lexicon[i];
		alone.n_lexicon = 1;
		m.is_refused_word[i] = !is_buildable(&alone);
		m.n_refused += m.is_refused_word[i];
	}
}

/* -- Words and where they occur ----------------------------------------------------------------------------------- */

static bool
same_code(const uint32 *a, int n_a, const uint32 *b, int n_b)
{
	return n_a == n_b && memcmp(a, b, (size_t) n_a * sizeof(uint32)) == 0;
}

static bool
has_spelling(const entry *e, csf_pattern pattern)
{
	for (int i = 0; i < e->n_spellings; i++)
		if (same_code(e->spellings[i].code, e->spellings[i].n, pattern.code, pattern.n))
			return true;
	return false;
}

static void
free_entry(entry *e)
{
	for (int i = 0; i < e->n_spellings; i++)
		csf_free((uint32 *) e->spellings[i].code);
}

static void
spell(const csf_alias_set *aliases, const char *word, int owner, int list, entry *e)
{
	int n;
	uint32 *code = csf_fold_pattern(word, &n);

	e->owner = owner;
	e->list = list;
	e->n_spellings = csf_alias_spellings(aliases, code, n, e->spellings);
	csf_free(code);
}

/* A word that is another spelling of an earlier one in the same list is no entry of its own. */
static void
add_entry(const csf_alias_set *aliases, const char *word, int rule, int list)
{
	entry *e = &m.entries[m.n_entries];

	spell(aliases, word, rule, list, e);
	for (int i = 0; i < m.n_entries; i++)
		if (m.entries[i].owner == rule && m.entries[i].list == list &&
			has_spelling(&m.entries[i], e->spellings[0]))
		{
			free_entry(e);
			return;
		}
	m.n_entries++;
}

static void
add_entries(const csf_alias *sound_aliases, int n_sound)
{
	csf_fault fault;
	int n_left_out;
	csf_alias_set *aliases = csf_alias_set_build(sound_aliases, n_sound, &n_left_out, &fault);

	m.n_entries = m.n_words = 0;
	for (int rule = 0; rule < m.input->n_rules; rule++)
	{
		const csf_keyword_rule *r = &m.input->rules[rule];
		int n[3] = {r->n_any, r->n_all, r->n_none};

		for (int list = ANY; list <= NONE && !m.is_refused[rule]; list++)
			for (int i = 0; i < n[list]; i++)
				add_entry(aliases, m.input->words[rule][list][i], rule, list);
	}
	for (int i = 0; i < m.input->n_lexicon; i++)
		if (!m.is_refused_word[i])
			spell(aliases, m.input->lexicon[i].word, i, 0, &m.words[m.n_words++]);
	csf_alias_set_free(aliases);
}

static bool
looks_at(const csf_keyword_rule *rule, int place)
{
	switch (rule->field)
	{
		case CSF_FIELD_TEXT:
			return place <= 1;
		case CSF_FIELD_ATTRIBUTE:
			return place >= 4 && strcmp(rule->attribute_key, attribute_keys[place - 4]) == 0;
		case CSF_FIELD_AMOUNT:
			return false;
		default:
			return place == (int) rule->field - 1;
	}
}

/* Whether one of the spellings is exactly the code points from start to end. */
static bool
is_at(const entry *e, const csf_folded *text, int start, int end)
{
	return has_spelling(e, (csf_pattern){text->code + start, end - start + 1});
}

static void
find_in_place(int index, int place)
{
	const entry *e = &m.entries[index];
	const csf_folded *text = &m.places[place];

	for (int i = 0; i < e->n_spellings; i++)
	{
		int n = e->spellings[i].n;

		for (int start = 0; start + n <= text->n; start++)
		{
			if (memcmp(text->code + start, e->spellings[i].code, (size_t) n * sizeof(uint32)) != 0 ||
				((place == 2 || place == 3) && n != text->n) ||
				(!m.input->rules[e->owner].part_of_word &&
				 !csf_matcher_at_word_edges(text, start + n - 1, n)))
				continue;
			if (m.n_found == MAX_OCCURRENCES)
				m.overflows = true;
			else
				m.found[m.n_found++] = (occurrence){index, place, start, start + n - 1};
		}
	}
}

/* -- Which rules fire --------------------------------------------------------------------------------------------- */

/* Whether an entry occurs in a stretch of characters of one place, or, with place -1, anywhere. */
static bool
occurs(int index, int place, int from, int to)
{
	for (int i = 0; i < m.n_found; i++)
	{
		const occurrence *o = &m.found[i];

		if (o->entry == index &&
			(place < 0 || (o->place == place && m.places[place].source[o->start] >= from &&
						   m.places[place].source[o->end] <= to)))
			return true;
	}
	return false;
}

static bool
all_occur(int rule, int place, int from, int to)
{
	for (int i = 0; i < m.n_entries; i++)
		if (m.entries[i].owner == rule && m.entries[i].list == ALL && !occurs(i, place, from, to))
			return false;
	return true;
}

static bool
all_near(int rule)
{
	for (int i = 0; i < m.n_found; i++)
	{
		int from = m.places[m.found[i].place].source[m.found[i].start];

		if (m.entries[m.found[i].entry].owner == rule &&
			all_occur(rule, m.found[i].place, from, from + m.input->rules[rule].within_characters - 1))
			return true;
	}
	return false;
}

static bool
fires(int rule)
{
	const csf_keyword_rule *r = &m.input->rules[rule];
	bool any = r->n_any == 0;

	if (m.is_refused[rule])
		return false;
	if (r->field == CSF_FIELD_AMOUNT)
		return m.input->has_amount && r->amount_from <= m.input->amount_rank &&
			   m.input->amount_rank <= r->amount_to;
	for (int i = 0; i < m.n_entries; i++)
	{
		if (m.entries[i].owner != rule)
			continue;
		if (m.entries[i].list == NONE && occurs(i, -1, 0, 0))
			return false;
		any = any || (m.entries[i].list == ANY && occurs(i, -1, 0, 0));
	}
	return any && all_occur(rule, -1, 0, 0) && (r->within_characters == 0 || all_near(rule));
}

/* -- What counts -------------------------------------------------------------------------------------------------- */

static bool
takes_part(int rule, bool domains)
{
	const csf_keyword_rule *r = &m.input->rules[rule];

	return m.fired[rule] && (domains ? r->domain != NULL : r->category_id != 0);
}

static bool
competes(int index, bool domains)
{
	int rule = m.entries[index].owner;

	return takes_part(rule, domains) && m.entries[index].list == (m.input->rules[rule].n_any > 0 ? ANY : ALL);
}

static bool
is_beaten(const occurrence *o, bool domains)
{
	for (int i = 0; i < m.n_found; i++)
	{
		const occurrence *other = &m.found[i];

		if (other->place == o->place && other->start <= o->start && other->end >= o->end &&
			other->end - other->start > o->end - o->start && competes(other->entry, domains))
			return true;
	}
	return false;
}

static bool
counts(int index, bool domains)
{
	if (!competes(index, domains))
		return false;
	for (int i = 0; i < m.n_found; i++)
		if (m.found[i].entry == index && !is_beaten(&m.found[i], domains))
			return true;
	return false;
}

static bool
same_target(int a, int b, bool domains)
{
	const csf_keyword_rule *left = &m.input->rules[a], *right = &m.input->rules[b];

	if (domains)
		return left->domain != NULL && right->domain != NULL && strcmp(left->domain, right->domain) == 0;
	return left->category_id == right->category_id;
}

/* Title and body are one place for this, all others are facts of their own. */
static bool
same_group(int a, int b)
{
	for (int place = 0; place < N_PLACES; place++)
		if (looks_at(&m.input->rules[a], place) && looks_at(&m.input->rules[b], place))
			return true;
	return m.input->rules[a].field <= CSF_FIELD_BODY && m.input->rules[b].field <= CSF_FIELD_BODY;
}

/*
 * Words are equal when their spellings are. Aliases that contain one another may give two words only some spellings in
 * common; whether these are equal nobody has said.
 */
static bool
same_meaning(const entry *a, const entry *b)
{
	int common = 0, back = 0;

	for (int i = 0; i < a->n_spellings; i++)
		common += has_spelling(b, a->spellings[i]);
	for (int i = 0; i < b->n_spellings; i++)
		back += has_spelling(a, b->spellings[i]);
	m.is_ambiguous = m.is_ambiguous || (common > 0 && (common < a->n_spellings || back < b->n_spellings));
	return common > 0;
}

/* Whether the same word counts for the same target in a heavier rule, or in an earlier one of the same weight. */
static bool
is_outweighed(int index, const bool *counting, bool domains)
{
	int rule = m.entries[index].owner;
	int weight = m.input->rules[rule].weight;
	bool outweighed = false;

	for (int i = 0; i < m.n_entries; i++)
	{
		int other = m.entries[i].owner;

		if (i != index && counting[i] && m.entries[i].list == ANY && same_target(rule, other, domains) &&
			same_group(rule, other) && same_meaning(&m.entries[index], &m.entries[i]) &&
			(m.input->rules[other].weight > weight || (m.input->rules[other].weight == weight && i < index)))
			outweighed = true;
	}
	return outweighed;
}

static int *
sum_of(int rule, bool domains)
{
	int i = 0;

	if (domains)
	{
		while (!same_target(i, rule, true))
			i++;
		return &m.domain_sums[i];
	}
	while (m.input->categories[i].category_id != m.input->rules[rule].category_id)
		i++;
	return &m.sums[i];
}

/* Adds up; unit_counts has, for each rule without any_of, whether it is in a sum. */
static void
add_up(bool domains, bool *unit_counts)
{
	static bool counting[MAX_ENTRIES];
	bool once[MAX_RULES] = {false};

	for (int i = 0; i < m.n_entries; i++)
		counting[i] = counts(i, domains);
	for (int rule = 0; rule < m.input->n_rules; rule++)
		once[rule] = m.input->rules[rule].field == CSF_FIELD_AMOUNT && takes_part(rule, domains);
	for (int i = 0; i < m.n_entries; i++)
	{
		int rule = m.entries[i].owner;

		if (counting[i] && m.entries[i].list == ALL)
			once[rule] = true;
		else if (counting[i] && !is_outweighed(i, counting, domains))
		{
			*sum_of(rule, domains) += m.input->rules[rule].weight;
			m.counts_somewhere[i] = true;
		}
	}
	for (int rule = 0; rule < m.input->n_rules; rule++)
	{
		if (once[rule])
			*sum_of(rule, domains) += m.input->rules[rule].weight;
		unit_counts[rule] = unit_counts[rule] || once[rule];
	}
}

/* -- Emotion ------------------------------------------------------------------------------------------------------ */

typedef struct feeling
{
	int start, end;
	bool emotional;
	double weight[CSF_LEXICON_CLASSES];
} feeling;

/* Joins what the lexicon says of a word: as it is written, or else as the first word that an alias makes the same. */
static bool
feel(const csf_folded *text, int start, int end, feeling *f)
{
	const entry *first = NULL;

	for (int i = 0; i < m.n_words && first == NULL; i++)
		if (same_code(m.words[i].spellings[0].code, m.words[i].spellings[0].n, text->code + start,
					  end - start + 1))
			first = &m.words[i];
	for (int i = 0; i < m.n_words && first == NULL; i++)
		if (is_at(&m.words[i], text, start, end))
			first = &m.words[i];
	if (first == NULL || !csf_matcher_at_word_edges(text, end, end - start + 1))
		return false;
	*f = (feeling){.start = start, .end = end};
	for (int i = 0; i < m.n_words; i++)
	{
		const csf_lexicon_word *word = &m.input->lexicon[m.words[i].owner];

		if (!same_code(first->spellings[0].code, first->spellings[0].n, m.words[i].spellings[0].code,
					   m.words[i].spellings[0].n))
			continue;
		if (word->weight > f->weight[word->class])
			f->weight[word->class] = word->weight;
		f->emotional = f->emotional || word->class <= CSF_LEXICON_POSITIVE;
	}
	return true;
}

/* The longest word of the lexicon that ends at a place of the text. */
static bool
feel_before(const csf_folded *text, int end, feeling *f)
{
	int longest = 0;

	for (int i = 0; i < m.n_words; i++)
		for (int j = 0; j < m.words[i].n_spellings; j++)
			if (m.words[i].spellings[j].n > longest)
				longest = m.words[i].spellings[j].n;
	for (int start = end < longest ? 0 : end - longest + 1; start <= end; start++)
		if (feel(text, start, end, f))
			return true;
	return false;
}

/* The words of feeling of a place from left to right; none lies inside another one or begins in the one before. */
static int
find_feelings(const csf_folded *text, feeling *feelings)
{
	int n = 0, n_free = 0;

	for (int end = 0; end < text->n; end++)
	{
		feeling f;

		if (!feel_before(text, end, &f))
			continue;
		while (n > 0 && feelings[n - 1].start >= f.start)
			n--;
		feelings[n++] = f;
	}
	for (int i = 0; i < n; i++)
		if (n_free == 0 || feelings[n_free - 1].end < feelings[i].start)
			feelings[n_free++] = feelings[i];
	return n_free;
}

/* Within three characters or words of one another, in one clause. */
static bool
is_near(const csf_folded *text, int from, int to)
{
	static const uint32 enders[] = {',', '.',    ';',    ':',    '!',    '?',    '(',   ')',
									'"', 0x3001, 0x3002, 0x2026, 0x2014, 0x201C, 0x201D};
	int units = 0;
	bool in_word = false;

	for (int i = from; i < to; i++)
	{
		bool is_word = csf_is_word_character(text->code[i]);

		if (units > 3)
			return false;
		for (size_t j = 0; j < sizeof(enders) / sizeof(enders[0]); j++)
			if (text->code[i] == enders[j])
				return false;
		units += text->code[i] != ' ' && !(is_word && in_word);
		in_word = is_word;
	}
	return units <= 3;
}

static void
add_feelings(const csf_folded *text)
{
	static feeling feelings[MAX_COMPARED_TEXT + 1];
	int n = find_feelings(text, feelings);

	for (int i = 0; i < n; i++)
	{
		const double *weight = feelings[i].weight;
		double bad = weight[CSF_LEXICON_NEGATIVE], factor = 1.0, negation = 0.0;

		for (int j = i; j > 0 && feelings[i].emotional && !feelings[j - 1].emotional &&
						is_near(text, feelings[j - 1].end + 1, feelings[j].start);
			 j--)
		{
			if (feelings[j - 1].weight[CSF_LEXICON_INTENSIFIER] > 0)
				factor *= feelings[j - 1].weight[CSF_LEXICON_INTENSIFIER];
			if (feelings[j - 1].weight[CSF_LEXICON_NEGATION] > 0)
				negation = negation > 0 ? 0 : feelings[j - 1].weight[CSF_LEXICON_NEGATION];
		}
		factor = factor > 3 ? 3 : factor;
		bad = weight[CSF_LEXICON_ANGER] > bad ? weight[CSF_LEXICON_ANGER] : bad;
		bad = weight[CSF_LEXICON_ANXIETY] > bad ? weight[CSF_LEXICON_ANXIETY] : bad;
		m.balance += factor * (negation > 0 ? -negation * weight[CSF_LEXICON_POSITIVE]
											: weight[CSF_LEXICON_POSITIVE] - bad);
		m.anger += negation > 0 ? 0 : factor * weight[CSF_LEXICON_ANGER];
		m.anxiety += negation > 0 ? 0 : factor * weight[CSF_LEXICON_ANXIETY];
	}
}

static bool
is_share(double figure, double sum)
{
	int exclamations = 0;
	double difference;

	for (int place = 0; place <= 1; place++)
		for (int i = 0; i < m.places[place].n; i++)
			exclamations += m.places[place].code[i] == '!';
	sum *= 1.0 + 0.1 * (exclamations > 5 ? 5 : exclamations);
	difference = figure - sum / ((sum < 0 ? -sum : sum) + 3.0);
	return difference > -1e-9 && difference < 1e-9;
}

static void
run_model(void)
{
	bool unit_counts[MAX_RULES] = {false};

	m.n_found = m.n_counting = 0;
	m.overflows = m.is_ambiguous = false;
	m.balance = m.anger = m.anxiety = 0;
	memset(m.sums, 0, sizeof(m.sums));
	memset(m.domain_sums, 0, sizeof(m.domain_sums));
	memset(m.counts_somewhere, 0, sizeof(m.counts_somewhere));
	for (int i = 0; i < m.n_entries; i++)
		for (int place = 0; place < N_PLACES; place++)
			if (looks_at(&m.input->rules[m.entries[i].owner], place))
				find_in_place(i, place);
	if (m.overflows)
		return;
	for (int rule = 0; rule < m.input->n_rules; rule++)
		m.fired[rule] = fires(rule);
	add_up(false, unit_counts);
	add_up(true, unit_counts);
	for (int i = 0; i < m.n_entries; i++)
		m.n_counting += m.counts_somewhere[i];
	for (int rule = 0; rule < m.input->n_rules; rule++)
		m.n_counting += unit_counts[rule];
	add_feelings(&m.places[0]);
	add_feelings(&m.places[1]);
}

#endif
