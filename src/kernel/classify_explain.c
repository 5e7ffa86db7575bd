/*
 * classify_explain.c
 *		Lists the occurrences behind a verdict, those that counted and those that did not.
 */
#include "kernel/classifier.h"
#include "kernel/utf8.h"

typedef struct hit_list
{
	csf_hit *hits;
	int n, capacity;
} hit_list;

static csf_hit *
add_hit(hit_list *list)
{
	if (list->n == list->capacity)
	{
		list->capacity *= 2;
		list->hits = csf_realloc(list->hits, list->capacity * sizeof(csf_hit));
	}
	memset(&list->hits[list->n], 0, sizeof(csf_hit));
	return &list->hits[list->n++];
}

static void
place_hit(const csf_evaluation *evaluation, int place, int32 start, int32 end, csf_hit *hit)
{
	const csf_scanned_field *scanned = &evaluation->fields[place];
	int32 first = scanned->text.source[start];

	hit->field = place == CSF_PLACE_TITLE ? CSF_FIELD_TITLE : CSF_FIELD_BODY;
	hit->place = place;
	hit->position = first + 1;
	hit->characters = scanned->text.source[end] - first + 1;
}

static const csf_touched_rule *
find_touched(const csf_evaluation *evaluation, int32 rule)
{
	int low = 0, high = evaluation->n_touched;

	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (evaluation->touched[middle].rule < rule)
			low = middle + 1;
		else
			high = middle;
	}
	return low < evaluation->n_touched && evaluation->touched[low].rule == rule ? &evaluation->touched[low]
																				: NULL;
}

/* The name under which an entry of a fired rule counts; those of all_of count as one. */
static int64
counting_unit(const csf_compiled_rule *rule, const csf_pattern_use *use)
{
	return (int64) use->rule * (CSF_MAX_RULE_PATTERNS + 1) + (rule->n_any == 0 ? 0 : use->slot);
}

/* The units that have counted, in an open-addressed set. */
typedef struct unit_set
{
	int64 *units; /* -1: free */
	uint32 mask;
} unit_set;

/* What counted, by contest, and what of it has been listed already. */
typedef struct tally
{
	csf_contribution *contributions[2];
	int n[2];
	unit_set listed;
} tally;

/* Whether a rule's entry is the one that counts for its target. */
static bool
contributes(const tally *counted, csf_contest contest, int32 target, const csf_compiled_rule *rule,
			const csf_pattern_use *use)
{
	csf_contribution key = {target, rule->n_any > 0 ? use->meaning : CSF_NONE - use->rule, rule->group,
							use->rule, rule->weight};

	return bsearch(&key, counted->contributions[contest], counted->n[contest], sizeof(csf_contribution),
				   csf_compare_contributions) != NULL;
}

static bool
counts_first_time(unit_set *set, int64 unit)
{
	uint32 at = (uint32) ((uint64) unit * UINT64_C(11400714819323198485) >> 40) & set->mask;

	while (set->units[at] != -1)
	{
		if (set->units[at] == unit)
			return false;
		at = (at + 1) & set->mask;
	}
	set->units[at] = unit;
	return true;
}

static void
make_unit_set(const csf_evaluation *evaluation, unit_set *set)
{
	uint32 size = 16;

	while (size < (uint32) evaluation->n_found * 2)
		size *= 2;
	set->units = csf_alloc(size * sizeof(int64));
	set->mask = size - 1;
	for (uint32 i = 0; i < size; i++)
		set->units[i] = -1;
}

static csf_hit_reason
judge_use(const csf_compiled_rule *rule, const csf_touched_rule *touched, const csf_pattern_use *use,
		  const csf_occurrence *occurrence, tally *counted)
{
	bool in_category = rule->category != CSF_NONE && !occurrence->beaten[CSF_CONTEST_CATEGORY];
	bool in_domain = rule->domain != CSF_NONE && !occurrence->beaten[CSF_CONTEST_DOMAIN];

	if (use->role == CSF_ROLE_NONE)
		return CSF_HIT_FORBIDS;
	if (!touched->fired)
		return CSF_HIT_NOT_FIRED;
	if (use->role != (rule->n_any > 0 ? CSF_ROLE_ANY : CSF_ROLE_ALL) ||
		(rule->category == CSF_NONE && rule->domain == CSF_NONE))
		return CSF_HIT_CONDITION;
	if (!in_category && !in_domain)
		return CSF_HIT_INSIDE_LONGER;
	in_category = in_category && contributes(counted, CSF_CONTEST_CATEGORY, rule->category, rule, use);
	in_domain = in_domain && contributes(counted, CSF_CONTEST_DOMAIN, rule->domain, rule, use);
	if (!in_category && !in_domain)
		return CSF_HIT_REPEATED;
	return counts_first_time(&counted->listed, counting_unit(rule, use)) ? CSF_HIT_COUNTED : CSF_HIT_REPEATED;
}

static void
describe_rule(const csf_classifier *classifier, int place, const csf_pattern_use *use, csf_hit *hit)
{
	const csf_compiled_rule *rule = &classifier->rules[use->rule];

	hit->rule_id = rule->rule_id;
	hit->pattern = use->text;
	hit->weight = rule->weight;
	hit->effect = &rule->effect;
	if (place > CSF_PLACE_BODY)
		hit->field = rule->field;
	if (rule->field == CSF_FIELD_BUSINESS_OBJECT || rule->field == CSF_FIELD_ATTRIBUTE)
		hit->attribute_key = classifier->attribute_keys[place - CSF_PLACE_ATTRIBUTES];
}

static void
explain_occurrence(const csf_evaluation *evaluation, int place, const csf_occurrence *occurrence,
				   tally *counted, hit_list *list)
{
	const csf_classifier *classifier = evaluation->classifier;
	int32 last = classifier->first_use[occurrence->pattern + 1];

	for (int32 i = classifier->first_use[occurrence->pattern]; i < last && list->n < CSF_MAX_HITS; i++)
	{
		const csf_pattern_use *use = &classifier->uses[i];
		const csf_compiled_rule *rule = &classifier->rules[use->rule];
		csf_hit *hit;

		if (!csf_rule_looks_at(rule, place) || !(occurrence->at_edges || rule->part_of_word))
			continue;
		hit = add_hit(list);
		place_hit(evaluation, place, occurrence->start, occurrence->end, hit);
		describe_rule(classifier, place, use, hit);
		hit->reason = judge_use(rule, find_touched(evaluation, use->rule), use, occurrence, counted);
		hit->counted = hit->reason == CSF_HIT_COUNTED || hit->reason == CSF_HIT_CONDITION;
	}
}

static void
explain_amount(const csf_evaluation *evaluation, hit_list *list)
{
	const csf_classifier *classifier = evaluation->classifier;

	for (int i = 0; i < evaluation->n_found && list->n < CSF_MAX_HITS; i++)
	{
		const csf_found_use *found = &evaluation->found[i];
		const csf_compiled_rule *rule = &classifier->rules[found->use->rule];
		csf_hit *hit;

		if (found->pattern != CSF_NONE)
			continue;
		hit = add_hit(list);
		hit->place = classifier->n_places;
		describe_rule(classifier, hit->place, found->use, hit);
		hit->counted = true;
		hit->reason =
			rule->category == CSF_NONE && rule->domain == CSF_NONE ? CSF_HIT_CONDITION : CSF_HIT_COUNTED;
	}
}

static void
explain_emotion(const csf_evaluation *evaluation, int place, hit_list *list)
{
	const csf_classifier *classifier = evaluation->classifier;
	const csf_scanned_field *scanned = &evaluation->fields[place];

	for (int i = 0; i < scanned->n_matches && list->n < CSF_MAX_HITS; i++)
	{
		const csf_lexicon_match *match = &scanned->matches[i];
		const csf_lexicon_entry *entry = &classifier->lexicon[match->entry];
		csf_hit *hit = add_hit(list);

		place_hit(evaluation, place, match->start, match->end, hit);
		hit->pattern = entry->text;
		hit->emotion = match->value;
		hit->reason = match->negated && match->value == 0.0 ? CSF_HIT_NEGATED : CSF_HIT_EMOTION;
		hit->counted = match->value != 0.0 || !entry->emotional;
	}
}

/* By place, the longer first, rules before the lexicon; equal ones keep the order of the rules. */
static int
compare_hits(const void *left, const void *right)
{
	const csf_hit *a = left, *b = right;

	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	if (a->position != b->position)
		return a->position < b->position ? -1 : 1;
	if (a->characters != b->characters)
		return a->characters > b->characters ? -1 : 1;
	if ((a->rule_id == 0) != (b->rule_id == 0))
		return a->rule_id == 0 ? 1 : -1;
	if (a->rule_id != b->rule_id)
		return a->rule_id < b->rule_id ? -1 : 1;
	return (int) a->reason - (int) b->reason;
}

/* Hits come in the order of places, so one walk over each text finds their bytes. */
static void
place_in_bytes(hit_list *list, int place, csf_text text)
{
	size_t offset = 0;
	int character = 1;

	for (int i = 0; i < list->n; i++)
	{
		csf_hit *hit = &list->hits[i];
		uint32 code;

		if (hit->place != place)
			continue;
		for (; character < hit->position; character++)
			offset += csf_utf8_decode(text.start + offset, text.length - offset, &code);
		hit->offset = offset;
		for (int j = 0; j < hit->characters; j++)
			hit->length +=
				csf_utf8_decode(text.start + offset + hit->length, text.length - offset - hit->length, &code);
	}
}

int
csf_explain(const csf_classifier *classifier, const csf_content *content, csf_verdict *verdict,
			csf_hit **hits)
{
	csf_evaluation evaluation;
	hit_list list = {csf_alloc(16 * sizeof(csf_hit)), 0, 16};
	tally counted;

	csf_evaluate(classifier, content, &evaluation);
	csf_evaluation_verdict(&evaluation, verdict);
	make_unit_set(&evaluation, &counted.listed);
	for (csf_contest contest = CSF_CONTEST_CATEGORY; contest <= CSF_CONTEST_DOMAIN; contest++)
		counted.n[contest] = csf_contributions(&evaluation, contest, &counted.contributions[contest]);
	for (int place = 0; place < classifier->n_places; place++)
	{
		for (int i = 0; i < evaluation.fields[place].ends.n && list.n < CSF_MAX_HITS; i++)
		{
			csf_occurrence occurrence = {.state = 0};

			if (i % 1024 == 0)
				csf_check_interrupts();
			while (csf_next_occurrence(&evaluation, place, i, &occurrence))
				explain_occurrence(&evaluation, place, &occurrence, &counted, &list);
		}
		explain_emotion(&evaluation, place, &list);
	}
	explain_amount(&evaluation, &list);
	qsort(list.hits, list.n, sizeof(csf_hit), compare_hits);
	place_in_bytes(&list, CSF_PLACE_TITLE, content->title);
	place_in_bytes(&list, CSF_PLACE_BODY, content->body);
	place_in_bytes(&list, CSF_PLACE_CHANNEL, content->channel);
	place_in_bytes(&list, CSF_PLACE_CUSTOMER_TIER, content->customer_tier);
	for (int i = 0; i < classifier->n_attributes && content->attributes != NULL; i++)
		place_in_bytes(&list, CSF_PLACE_ATTRIBUTES + i, content->attributes[i]);
	csf_free(counted.listed.units);
	csf_free(counted.contributions[0]);
	csf_free(counted.contributions[1]);
	csf_evaluation_free(&evaluation);
	*hits = list.hits;
	return list.n;
}
