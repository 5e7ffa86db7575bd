/*
 * classify_build.c
 *		Checks keyword rules and compiles them into a classifier.
 */
#include "kernel/classifier.h"

#include <stdarg.h>

/* Bounds the automaton: so many code points over all spellings of all patterns. */
#define MAX_CODES (2 * 1024 * 1024)

/* Where a pattern of the automaton comes from: a rule's list, or the lexicon (rule is CSF_NONE, slot the entry). */
typedef struct pattern_origin
{
	csf_pattern pattern;
	csf_pattern_use use;
	bool spelling; /* not as written, but through an alias */
} pattern_origin;

typedef struct builder
{
	const csf_classifier_input *input;
	csf_classifier *classifier;
	csf_alias_set *aliases;
	csf_compiled_category *sorted_categories; /* by id; parent holds the index in the input */
	pattern_origin *origins;
	int n_origins, capacity;
	size_t n_codes;
	char *string_end;
	csf_fault *fault; /* the first one */
	int64 *fault_rule_id;
	bool is_faulty; /* fault is taken */
} builder;

static bool refuse(builder *build, int64 rule_id, const char *detail, const char *format, ...)
#if defined(__GNUC__)
	__attribute__((format(printf, 4, 5)))
#endif
	;

static bool
refuse(builder *build, int64 rule_id, const char *detail, const char *format, ...)
{
	va_list arguments;

	if (build->is_faulty)
		return false;
	build->is_faulty = true;
	va_start(arguments, format);
	vsnprintf(build->fault->message, sizeof(build->fault->message), format, arguments);
	va_end(arguments);
	snprintf(build->fault->detail, sizeof(build->fault->detail), "%s", detail);
	build->fault->hint[0] = '\0';
	build->fault->position = -1;
	*build->fault_rule_id = rule_id;
	return false;
}

#define CLIPPED(text) csf_utf8_clip((text), 90), (text)

static const char *
keep_string(builder *build, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = build->string_end;

	memcpy(copy, text, size);
	build->string_end += size;
	return copy;
}

static size_t
text_size(const char *text)
{
	return text == NULL ? 0 : strlen(text) + 1;
}

static size_t
list_size(const char **list, int n)
{
	size_t size = 0;

	for (int i = 0; i < n; i++)
		size += text_size(list[i]);
	return size;
}

static void
reserve_strings(builder *build)
{
	const csf_classifier_input *input = build->input;
	size_t size = 0;

	for (int i = 0; i < input->n_rules; i++)
	{
		const csf_keyword_rule *rule = &input->rules[i];

		size += text_size(rule->domain) + text_size(rule->attribute_key) + text_size(rule->amount_text) +
				text_size(rule->reason);
		size += list_size(rule->any_of, rule->n_any) + list_size(rule->all_of, rule->n_all) +
				list_size(rule->none_of, rule->n_none);
	}
	size += strlen(CSF_BUSINESS_OBJECT_KEY) + 1;
	for (int i = 0; i < input->n_lexicon; i++)
		size += text_size(input->lexicon[i].word);
	build->classifier->strings = csf_alloc(size);
	build->string_end = build->classifier->strings;
	build->classifier->memory += size;
}

static int
compare_categories(const void *left, const void *right)
{
	int64 a = ((const csf_compiled_category *) left)->category_id;
	int64 b = ((const csf_compiled_category *) right)->category_id;

	return a < b ? -1 : a > b;
}

static int32
find_category(const builder *build, int64 category_id)
{
	csf_compiled_category key = {.category_id = category_id};
	const csf_compiled_category *found = bsearch(&key, build->sorted_categories, build->input->n_categories,
												 sizeof(csf_compiled_category), compare_categories);

	return found == NULL ? CSF_NONE : found->parent;
}

static bool
add_categories(builder *build)
{
	const csf_classifier_input *input = build->input;
	csf_classifier *classifier = build->classifier;
	size_t size = input->n_categories * sizeof(csf_compiled_category);

	classifier->categories = csf_alloc(size);
	classifier->n_categories = input->n_categories;
	classifier->memory += size;
	build->sorted_categories = csf_alloc(size);
	for (int i = 0; i < input->n_categories; i++)
		build->sorted_categories[i] = (csf_compiled_category){input->categories[i].category_id, i};
	qsort(build->sorted_categories, input->n_categories, sizeof(csf_compiled_category), compare_categories);
	for (int i = 0; i < input->n_categories; i++)
	{
		const csf_category *category = &input->categories[i];
		int32 parent = CSF_NONE;

		if (category->category_id == 0 || find_category(build, category->category_id) != i)
			return refuse(build, 0, "Category ids are different and not 0.",
						  "category id %lld cannot be used", (long long) category->category_id);
		if (category->parent_id != 0)
		{
			parent = find_category(build, category->parent_id);
			if (parent == CSF_NONE || input->categories[parent].parent_id != 0)
				return refuse(build, 0, "A second level lies below a kind, which lies below nothing.",
							  "category %lld cannot lie below %lld", (long long) category->category_id,
							  (long long) category->parent_id);
		}
		classifier->categories[i] = (csf_compiled_category){category->category_id, parent};
	}
	return true;
}

static void
add_origin(builder *build, csf_pattern pattern, csf_pattern_use use, bool spelling)
{
	if (build->n_origins == build->capacity)
	{
		build->capacity *= 2;
		build->origins = csf_realloc(build->origins, build->capacity * sizeof(pattern_origin));
	}
	build->origins[build->n_origins++] = (pattern_origin){pattern, use, spelling};
	build->n_codes += pattern.n;
}

/* Folds a pattern as written into folded and says what is wrong with it, if anything. */
static bool
fold_pattern(builder *build, const char *text, int64 rule_id, csf_pattern *folded)
{
	bool sound;

	if (text == NULL)
		text = "";
	folded->code = csf_fold_pattern(text, &folded->n);
	if (folded->n == 0)
		sound = refuse(build, rule_id, "Nothing is left of it after folding.", "pattern \"%.*s\" is empty",
					   CLIPPED(text));
	else if (folded->n == 1 && csf_is_word_character(folded->code[0]))
		sound = refuse(build, rule_id, "A single letter or digit occurs in too many texts to tell anything.",
					   "pattern \"%.*s\" is a single letter or digit", CLIPPED(text));
	else if (folded->n > CSF_MAX_PATTERN_CHARACTERS)
		sound = refuse(build, rule_id, "Patterns may have up to 100 characters.",
					   "pattern \"%.*s\" is too long: %d characters", CLIPPED(text), folded->n);
	else
		return true;
	csf_free((uint32 *) folded->code);
	return sound;
}

static bool
equal_patterns(csf_pattern a, csf_pattern b)
{
	return a.n == b.n && memcmp(a.code, b.code, a.n * sizeof(uint32)) == 0;
}

/* Adds a pattern in all its spellings. */
static bool
add_spellings(builder *build, csf_pattern folded, csf_pattern_use use, int64 rule_id)
{
	csf_pattern spellings[CSF_MAX_SPELLINGS];
	int n = csf_alias_spellings(build->aliases, folded.code, folded.n, spellings);

	if (n == 0)
		return refuse(build, rule_id, "It contains too many words that have aliases.",
					  "pattern \"%.*s\" has more than %d spellings", CLIPPED(use.text), CSF_MAX_SPELLINGS);
	for (int i = 0; i < n; i++)
		add_origin(build, spellings[i], use, i > 0);
	if (build->n_codes > MAX_CODES)
		return refuse(build, rule_id,
					  "The patterns of one desk may have 2 million characters in all spellings.",
					  "there are too many patterns");
	return true;
}

/* Whether a pattern is, perhaps as another spelling, in this list of the rule, whose origins begin at first. */
static bool
is_listed(const builder *build, int first, csf_role role, csf_pattern folded)
{
	for (int i = first; i < build->n_origins; i++)
		if (build->origins[i].use.role == role && equal_patterns(build->origins[i].pattern, folded))
			return true;
	return false;
}

/* Adds one list of a rule; *n receives how many different patterns it has. */
static bool
add_list(builder *build, int32 rule_index, int first, csf_role role, const char **list, int length, int *n)
{
	int64 rule_id = build->input->rules[rule_index].rule_id;

	*n = 0;
	for (int i = 0; i < length; i++)
	{
		csf_pattern folded;
		bool added = true;

		if (!fold_pattern(build, list[i], rule_id, &folded))
			return false;
		if (!is_listed(build, first, role, folded))
		{
			csf_pattern_use use = {rule_index, (*n)++, role, CSF_NONE, keep_string(build, list[i])};

			added = add_spellings(build, folded, use, rule_id);
		}
		csf_free((uint32 *) folded.code);
		if (!added)
			return false;
	}
	return true;
}

static bool
is_whole(csf_field field)
{
	return field == CSF_FIELD_CHANNEL || field == CSF_FIELD_CUSTOMER_TIER;
}

/* Whether every text in which the rule finds outer has inner in it too. */
static bool
implies(const csf_keyword_rule *rule, csf_pattern outer, csf_pattern inner)
{
	csf_folded text = {.code = (uint32 *) outer.code, .n = outer.n};

	if (is_whole(rule->field))
		return equal_patterns(outer, inner);
	for (int from = 0; from + inner.n <= outer.n; from++)
		if (memcmp(outer.code + from, inner.code, inner.n * sizeof(uint32)) == 0 &&
			(rule->part_of_word || csf_matcher_at_word_edges(&text, from + inner.n - 1, inner.n)))
			return true;
	return false;
}

/* A wanted pattern that contains a forbidden one can never help its rule to fire. */
static bool
check_contradiction(builder *build, const csf_keyword_rule *rule, int first)
{
	for (int i = first; i < build->n_origins; i++)
	{
		const pattern_origin *forbidden = &build->origins[i];

		if (forbidden->use.role != CSF_ROLE_NONE)
			continue;
		for (int j = first; j < build->n_origins; j++)
		{
			const pattern_origin *wanted = &build->origins[j];

			if (wanted->use.role != CSF_ROLE_NONE && !wanted->spelling &&
				implies(rule, wanted->pattern, forbidden->pattern))
				return refuse(build, rule->rule_id, "A text with the former can never satisfy the rule.",
							  "pattern \"%.*s\" contains \"%.*s\" of none_of", CLIPPED(wanted->use.text),
							  CLIPPED(forbidden->use.text));
		}
	}
	return true;
}

static bool
check_nearness(builder *build, const csf_keyword_rule *rule, int first, int n_all)
{
	if (rule->within_characters == 0)
		return true;
	if (n_all < 2)
		return refuse(build, rule->rule_id, "Nearness is a relation between different patterns of all_of.",
					  "within_characters %d needs at least two patterns in all_of", rule->within_characters);
	for (int i = first; i < build->n_origins; i++)
	{
		const pattern_origin *origin = &build->origins[i];

		if (origin->use.role == CSF_ROLE_ALL && !origin->spelling &&
			origin->pattern.n > rule->within_characters)
			return refuse(build, rule->rule_id, "The stretch must hold each pattern of all_of.",
						  "within_characters %d is shorter than pattern \"%.*s\"", rule->within_characters,
						  CLIPPED(origin->use.text));
	}
	return true;
}

static bool
check_numbers(builder *build, const csf_keyword_rule *rule)
{
	if (rule->weight < 1 || rule->weight > CSF_MAX_WEIGHT)
		return refuse(build, rule->rule_id, "A weight is from 1 to 100.", "weight %d is out of range",
					  rule->weight);
	if (rule->impact < 0 || rule->impact > 3 || rule->urgency < 0 || rule->urgency > 3)
		return refuse(build, rule->rule_id,
					  "Impact and urgency are from 1, the highest, to 3, or 0 for none.",
					  "impact %d or urgency %d is out of range", rule->impact, rule->urgency);
	if (rule->raise_to < 0 || rule->raise_to > 4)
		return refuse(build, rule->rule_id, "A priority rank is from 1 (C) to 4 (E), or 0 for none.",
					  "raise_to %d is out of range", rule->raise_to);
	if (rule->within_characters < 0)
		return refuse(build, rule->rule_id, "The number of characters is positive, or 0 for anywhere.",
					  "within_characters %d is out of range", rule->within_characters);
	if (rule->n_any <= 0 && rule->n_all <= 0 && rule->field != CSF_FIELD_AMOUNT)
		return refuse(build, rule->rule_id, "A rule needs a pattern in any_of or all_of.",
					  "the rule could never fire: it looks for nothing");
	if (rule->n_any > CSF_MAX_RULE_PATTERNS || rule->n_all > CSF_MAX_RULE_PATTERNS ||
		rule->n_none > CSF_MAX_RULE_PATTERNS)
		return refuse(build, rule->rule_id, "Each list of a rule may have 1000 patterns.",
					  "the rule has too many patterns");
	return true;
}

/* What belongs to a field: a key to an attribute, bounds to an amount, patterns to the others. */
static bool
check_field(builder *build, const csf_keyword_rule *rule)
{
	bool has_key = rule->attribute_key != NULL && rule->attribute_key[0] != '\0';
	bool is_amount = rule->field == CSF_FIELD_AMOUNT;

	if ((int) rule->field < CSF_FIELD_TEXT || rule->field > CSF_FIELD_AMOUNT)
		return refuse(build, rule->rule_id, "It is none of the fields.", "field %d is unknown",
					  (int) rule->field);
	if (rule->field == CSF_FIELD_ATTRIBUTE && !has_key)
		return refuse(build, rule->rule_id, "It says which key of the ticket's attributes to look at.",
					  "field attribute needs an attribute_key");
	if (rule->field != CSF_FIELD_ATTRIBUTE && has_key)
		return refuse(build, rule->rule_id, "Other fields have no keys.",
					  "attribute_key \"%.*s\" goes with field attribute only", CLIPPED(rule->attribute_key));
	if (is_amount != (rule->amount_text != NULL))
		return refuse(build, rule->rule_id,
					  "A rule about an amount has bounds, and only such a rule has any.",
					  is_amount ? "field amount needs amount_at_least or amount_below"
								: "amount_at_least and amount_below go with field amount only");
	if (is_amount && rule->n_any + rule->n_all + rule->n_none > 0)
		return refuse(build, rule->rule_id, "An amount is compared with bounds.",
					  "field amount takes no patterns");
	if (is_amount && rule->amount_from > rule->amount_to)
		return refuse(build, rule->rule_id, "No amount lies between its bounds.",
					  "the rule could never fire: %s", rule->amount_text);
	if (is_whole(rule->field) && rule->n_all > 0)
		return refuse(build, rule->rule_id,
					  "A channel or customer tier equals one value as a whole: list them in any_of.",
					  "this field takes no all_of");
	return true;
}

/* The place of an attribute, which is added if it is new; CSF_NONE if there are too many. */
static int
intern_attribute(builder *build, const char *key)
{
	csf_classifier *classifier = build->classifier;

	for (int i = 0; i < classifier->n_attributes; i++)
		if (strcmp(classifier->attribute_keys[i], key) == 0)
			return CSF_PLACE_ATTRIBUTES + i;
	if (classifier->n_attributes == CSF_MAX_ATTRIBUTES)
		return CSF_NONE;
	classifier->attribute_keys[classifier->n_attributes] = keep_string(build, key);
	return CSF_PLACE_ATTRIBUTES + classifier->n_attributes++;
}

static bool
place_rule(builder *build, const csf_keyword_rule *rule, csf_compiled_rule *compiled)
{
	int place = CSF_PLACE_TITLE;

	if (rule->field == CSF_FIELD_CHANNEL)
		place = CSF_PLACE_CHANNEL;
	else if (rule->field == CSF_FIELD_CUSTOMER_TIER)
		place = CSF_PLACE_CUSTOMER_TIER;
	else if (rule->field == CSF_FIELD_BUSINESS_OBJECT)
		place = intern_attribute(build, CSF_BUSINESS_OBJECT_KEY);
	else if (rule->field == CSF_FIELD_ATTRIBUTE)
		place = intern_attribute(build, rule->attribute_key);
	if (place == CSF_NONE)
		return refuse(build, rule->rule_id, "The rules of one desk may look at 64 different attributes.",
					  "there are too many attributes");
	compiled->field = rule->field;
	compiled->group = csf_place_group(place);
	compiled->first_member = rule->field == CSF_FIELD_BODY ? 1 : 0;
	compiled->last_member = rule->field == CSF_FIELD_TEXT || rule->field == CSF_FIELD_BODY ? 1 : 0;
	return true;
}

/* Which places the rules look at. Attributes are known only once all rules are there. */
static void
mark_places(builder *build)
{
	csf_classifier *classifier = build->classifier;

	classifier->n_places = CSF_PLACE_ATTRIBUTES + classifier->n_attributes;
	classifier->is_read = csf_alloc_zero(classifier->n_places * sizeof(bool));
	classifier->memory += classifier->n_places * sizeof(bool);
	for (int place = 0; place < classifier->n_places; place++)
		for (int i = 0; i < classifier->n_rules && !classifier->is_read[place]; i++)
			classifier->is_read[place] = csf_rule_looks_at(&classifier->rules[i], place);
}

/* The index of a domain, which is added if it is new. Domains are few. */
static int32
intern_domain(builder *build, const char *domain)
{
	csf_classifier *classifier = build->classifier;

	if (domain == NULL)
		return CSF_NONE;
	for (int32 i = 0; i < classifier->n_domains; i++)
		if (strcmp(classifier->domains[i], domain) == 0)
			return i;
	classifier->domains[classifier->n_domains] = keep_string(build, domain);
	return classifier->n_domains++;
}

static void
fill_effect(builder *build, const csf_keyword_rule *rule, csf_compiled_rule *compiled)
{
	bool has_reason = rule->reason != NULL && rule->reason[0] != '\0';

	compiled->effect = (csf_effect){
		.category_id = rule->category_id,
		.domain = compiled->domain == CSF_NONE ? NULL : build->classifier->domains[compiled->domain],
		.impact = rule->impact,
		.urgency = rule->urgency,
		.raise_to = rule->raise_to,
		.team_id = rule->team_id,
		.notify_team_id = rule->notify_team_id,
		.reason = has_reason ? keep_string(build, rule->reason) : NULL,
	};
}

static bool
add_rule(builder *build, int32 index)
{
	const csf_keyword_rule *rule = &build->input->rules[index];
	csf_compiled_rule *compiled = &build->classifier->rules[index];
	int first = build->n_origins;
	int n_none;

	if (!check_numbers(build, rule) || !check_field(build, rule) || !place_rule(build, rule, compiled))
		return false;
	compiled->rule_id = rule->rule_id;
	compiled->within_characters = rule->within_characters;
	compiled->part_of_word = rule->part_of_word;
	compiled->weight = rule->weight;
	compiled->amount_from = rule->amount_from;
	compiled->amount_to = rule->amount_to;
	compiled->domain = intern_domain(build, rule->domain);
	fill_effect(build, rule, compiled);
	compiled->category = rule->category_id == 0 ? CSF_NONE : find_category(build, rule->category_id);
	if (rule->category_id != 0 && compiled->category == CSF_NONE)
		return refuse(build, rule->rule_id, "The rule adds weight to a category that is not there.",
					  "category %lld is unknown", (long long) rule->category_id);
	if (rule->field == CSF_FIELD_AMOUNT)
	{
		csf_pattern_use use = {index, 0, CSF_ROLE_ALL, CSF_NONE, keep_string(build, rule->amount_text)};

		/* There are no patterns that could be near one another: the rule would never fire. */
		if (!check_nearness(build, rule, first, 0))
			return false;
		compiled->n_all = 1;
		build->classifier->amount_uses[build->classifier->n_amount_uses++] = use;
		return true;
	}
	return add_list(build, index, first, CSF_ROLE_ANY, rule->any_of, rule->n_any, &compiled->n_any) &&
		   add_list(build, index, first, CSF_ROLE_ALL, rule->all_of, rule->n_all, &compiled->n_all) &&
		   add_list(build, index, first, CSF_ROLE_NONE, rule->none_of, rule->n_none, &n_none) &&
		   check_contradiction(build, rule, first) && check_nearness(build, rule, first, compiled->n_all);
}

/* Forgets the patterns from first on, of a rule or word at fault; false if that is not wanted. */
static bool
leave_out(builder *build, int first)
{
	if (!build->input->tolerant)
		return false;
	while (build->n_origins > first)
	{
		const csf_pattern *pattern = &build->origins[--build->n_origins].pattern;

		build->n_codes -= pattern->n;
		csf_free((uint32 *) pattern->code);
	}
	build->classifier->n_left_out++;
	return true;
}

static bool
add_rules(builder *build)
{
	csf_classifier *classifier = build->classifier;
	int n = build->input->n_rules;
	int n_amount = 0;

	for (int i = 0; i < n; i++)
		n_amount += build->input->rules[i].field == CSF_FIELD_AMOUNT;
	classifier->amount_uses = csf_alloc(n_amount * sizeof(csf_pattern_use));
	classifier->rules = csf_alloc_zero(n * sizeof(csf_compiled_rule));
	classifier->domains = csf_alloc(n * sizeof(char *));
	classifier->n_rules = n;
	classifier->memory +=
		n * (sizeof(csf_compiled_rule) + sizeof(char *)) + n_amount * sizeof(csf_pattern_use);
	for (int i = 0; i < n; i++)
	{
		int first = build->n_origins;

		csf_check_interrupts();
		if (!add_rule(build, i) && !leave_out(build, first))
			return false;
	}
	mark_places(build);
	return true;
}

static bool
add_lexicon_word(builder *build, int32 index)
{
	const csf_lexicon_word *word = &build->input->lexicon[index];
	const char *text = word->word == NULL ? "" : word->word;
	csf_pattern_use use = {CSF_NONE, index, CSF_ROLE_ANY, CSF_NONE, text};
	csf_pattern folded;
	bool added;

	if (!(word->weight >= 0.0 && word->weight <= CSF_MAX_LEXICON_WEIGHT))
		return refuse(build, 0, "A weight of the lexicon is from 0 to 10.",
					  "weight %g of the lexicon's \"%.*s\" is out of range", word->weight, CLIPPED(text));
	if ((int) word->class < CSF_LEXICON_ANGER || word->class > CSF_LEXICON_NEGATION)
		return refuse(build, 0, "The class is none of the lexicon's.",
					  "class %d of the lexicon's \"%.*s\" is unknown", (int) word->class, CLIPPED(text));
	if (!fold_pattern(build, text, 0, &folded))
		return false;
	build->classifier->lexicon[index].text = use.text = keep_string(build, text);
	added = add_spellings(build, folded, use, 0);
	csf_free((uint32 *) folded.code);
	return added;
}

static bool
add_lexicon(builder *build)
{
	csf_classifier *classifier = build->classifier;
	int n = build->input->n_lexicon;

	classifier->lexicon = csf_alloc_zero(n * sizeof(csf_lexicon_entry));
	classifier->n_lexicon = n;
	classifier->memory += n * sizeof(csf_lexicon_entry);
	for (int i = 0; i < n; i++)
	{
		int first = build->n_origins;

		if (!add_lexicon_word(build, i) && !leave_out(build, first))
			return false;
	}
	return true;
}

/*
 * Joins the words of the lexicon that fold to the same pattern in the first one's entry. A word as written takes
 * precedence over one that only an alias makes the same.
 */
static void
join_lexicon(builder *build, const int32 *pattern_of, bool spellings)
{
	csf_classifier *classifier = build->classifier;

	for (int i = 0; i < build->n_origins; i++)
	{
		const pattern_origin *origin = &build->origins[i];
		const csf_lexicon_word *word;
		csf_lexicon_entry *entry;
		int32 *entry_of = &classifier->lexicon_of[pattern_of[i]];

		if (origin->use.rule != CSF_NONE || origin->spelling != spellings)
			continue;
		if (*entry_of != CSF_NONE && spellings)
			continue;
		if (*entry_of == CSF_NONE)
			*entry_of = origin->use.slot;
		word = &build->input->lexicon[origin->use.slot];
		entry = &classifier->lexicon[*entry_of];
		if (word->weight > entry->weight[word->class])
			entry->weight[word->class] = word->weight;
		if (word->class <= CSF_LEXICON_POSITIVE)
			entry->emotional = true;
	}
}

/* The spellings of an entry follow one another, the one as written first. */
static void
find_meanings(builder *build, const int32 *pattern_of)
{
	for (int from = 0; from < build->n_origins;)
	{
		int32 meaning = pattern_of[from];
		int to = from + 1;

		for (; to < build->n_origins && build->origins[to].spelling; to++)
			if (pattern_of[to] < meaning)
				meaning = pattern_of[to];
		for (; from < to; from++)
			build->origins[from].use.meaning = meaning;
	}
}

/* Sorts the uses by pattern, in the order they came. */
static void
index_uses(builder *build, const int32 *pattern_of)
{
	csf_classifier *classifier = build->classifier;
	int n_patterns = csf_matcher_patterns(classifier->matcher);
	int32 *next;

	classifier->first_use = csf_alloc_zero((n_patterns + 1) * sizeof(int32));
	for (int i = 0; i < build->n_origins; i++)
		if (build->origins[i].use.rule != CSF_NONE)
			classifier->first_use[pattern_of[i] + 1]++;
	for (int i = 0; i < n_patterns; i++)
		classifier->first_use[i + 1] += classifier->first_use[i];
	next = csf_alloc(n_patterns * sizeof(int32));
	memcpy(next, classifier->first_use, n_patterns * sizeof(int32));
	classifier->uses = csf_alloc(classifier->first_use[n_patterns] * sizeof(csf_pattern_use));
	for (int i = 0; i < build->n_origins; i++)
		if (build->origins[i].use.rule != CSF_NONE)
			classifier->uses[next[pattern_of[i]]++] = build->origins[i].use;
	csf_free(next);
	classifier->memory +=
		(n_patterns + 1) * sizeof(int32) + classifier->first_use[n_patterns] * sizeof(csf_pattern_use);
}

static void
build_automaton(builder *build)
{
	csf_classifier *classifier = build->classifier;
	csf_pattern *patterns = csf_alloc(build->n_origins * sizeof(csf_pattern));
	int32 *pattern_of = csf_alloc(build->n_origins * sizeof(int32));
	int n_patterns;

	for (int i = 0; i < build->n_origins; i++)
		patterns[i] = build->origins[i].pattern;
	classifier->matcher = csf_matcher_build(patterns, build->n_origins, pattern_of);
	n_patterns = csf_matcher_patterns(classifier->matcher);
	classifier->lexicon_of = csf_alloc(n_patterns * sizeof(int32));
	for (int i = 0; i < n_patterns; i++)
		classifier->lexicon_of[i] = CSF_NONE;
	join_lexicon(build, pattern_of, false);
	join_lexicon(build, pattern_of, true);
	find_meanings(build, pattern_of);
	index_uses(build, pattern_of);
	classifier->memory += csf_matcher_memory(classifier->matcher) + n_patterns * sizeof(int32);
	csf_free(patterns);
	csf_free(pattern_of);
}

static void
free_builder(builder *build)
{
	for (int i = 0; i < build->n_origins; i++)
		csf_free((uint32 *) build->origins[i].pattern.code);
	csf_free(build->origins);
	if (build->sorted_categories != NULL)
		csf_free(build->sorted_categories);
	csf_alias_set_free(build->aliases);
}

csf_classifier *
csf_classifier_build(const csf_classifier_input *input, csf_fault *fault, int64 *fault_rule_id)
{
	builder build = {.input = input, .fault = fault, .fault_rule_id = fault_rule_id, .capacity = 256};
	csf_classifier *classifier;

	*fault_rule_id = 0;
	classifier = build.classifier = csf_alloc_zero(sizeof(csf_classifier));
	classifier->memory = sizeof(csf_classifier);
	classifier->minimum_score = input->minimum_score;
	classifier->minimum_margin = input->minimum_margin;
	build.aliases = csf_alias_set_build(input->aliases, input->n_aliases, &classifier->n_left_out, fault);
	build.is_faulty = classifier->n_left_out > 0;
	build.origins = csf_alloc(build.capacity * sizeof(pattern_origin));
	reserve_strings(&build);
	if ((input->tolerant || !build.is_faulty) && add_categories(&build) && add_rules(&build) &&
		add_lexicon(&build))
		build_automaton(&build);
	else
	{
		csf_classifier_free(classifier);
		classifier = NULL;
	}
	free_builder(&build);
	return classifier;
}

int
csf_classifier_left_out(const csf_classifier *classifier)
{
	return classifier->n_left_out;
}

csf_classifier_size
csf_classifier_measure(const csf_classifier *classifier)
{
	return (csf_classifier_size){classifier->n_rules, csf_matcher_patterns(classifier->matcher),
								 csf_matcher_states(classifier->matcher), classifier->memory};
}

bool
csf_classifier_reads(const csf_classifier *classifier, csf_field field)
{
	switch (field)
	{
		case CSF_FIELD_CHANNEL:
			return classifier->is_read[CSF_PLACE_CHANNEL];
		case CSF_FIELD_CUSTOMER_TIER:
			return classifier->is_read[CSF_PLACE_CUSTOMER_TIER];
		case CSF_FIELD_BUSINESS_OBJECT:
		case CSF_FIELD_ATTRIBUTE:
			return classifier->n_attributes > 0;
		case CSF_FIELD_AMOUNT:
			return classifier->n_amount_uses > 0;
		default:
			return true;
	}
}

const char *
csf_classifier_attribute(const csf_classifier *classifier, int number)
{
	return number < classifier->n_attributes ? classifier->attribute_keys[number] : NULL;
}

void
csf_classifier_free(csf_classifier *classifier)
{
	void *parts[] = {classifier->first_use, classifier->uses,    classifier->lexicon_of,
					 classifier->rules,     classifier->domains, classifier->categories,
					 classifier->lexicon,   classifier->strings, classifier->amount_uses,
					 classifier->is_read};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i] != NULL)
			csf_free(parts[i]);
	if (classifier->matcher != NULL)
		csf_matcher_free(classifier->matcher);
	csf_free(classifier);
}
