/*
 * classify.c
 *		Runs a classifier over a content.
 *
 * One pass over each text finds where patterns end. All the rest works on those places and on the rules they touch, so
 * a call costs nothing for rules that have no word in the text.
 */
#include "kernel/classifier.h"

#define FIRST_SEEN_SIZE 64
#define NOT_COVERED INT32_MAX

static uint32
seen_slot(const csf_evaluation *evaluation, int32 pattern, int32 group)
{
	uint32 slot =
		(((uint32) pattern + ((uint32) group << 20)) * UINT32_C(2654435769)) >> 7 & evaluation->seen_mask;

	while (evaluation->seen[slot].pattern != CSF_NONE &&
		   (evaluation->seen[slot].pattern != pattern || evaluation->seen[slot].group != group))
		slot = (slot + 1) & evaluation->seen_mask;
	return slot;
}

static void
resize_seen(csf_evaluation *evaluation, uint32 size)
{
	csf_seen_pattern *old = evaluation->seen;
	uint32 old_size = evaluation->seen_mask + 1;

	evaluation->seen = csf_alloc(size * sizeof(csf_seen_pattern));
	evaluation->seen_mask = size - 1;
	for (uint32 i = 0; i < size; i++)
		evaluation->seen[i] = (csf_seen_pattern){CSF_NONE, 0, {0, 0}};
	if (old == NULL)
		return;
	for (uint32 i = 0; i < old_size; i++)
		if (old[i].pattern != CSF_NONE)
			evaluation->seen[seen_slot(evaluation, old[i].pattern, old[i].group)] = old[i];
	csf_free(old);
}

static csf_seen_pattern *
note_pattern(csf_evaluation *evaluation, int32 pattern, int32 group)
{
	uint32 slot = seen_slot(evaluation, pattern, group);

	if (evaluation->seen[slot].pattern == CSF_NONE)
	{
		if ((uint32) evaluation->n_seen * 2 > evaluation->seen_mask)
		{
			resize_seen(evaluation, (evaluation->seen_mask + 1) * 2);
			slot = seen_slot(evaluation, pattern, group);
		}
		evaluation->seen[slot].pattern = pattern;
		evaluation->seen[slot].group = group;
		evaluation->n_seen++;
	}
	return &evaluation->seen[slot];
}

static void
scan_place(csf_evaluation *evaluation, int place, csf_text text)
{
	const csf_classifier *classifier = evaluation->classifier;
	csf_scanned_field *scanned = &evaluation->fields[place];
	int group = csf_place_group(place);
	int member = csf_place_member(place);

	if (text.length == 0)
		return;
	if (text.length > CSF_MAX_FOLD_BYTES)
		text.length = CSF_MAX_FOLD_BYTES;
	csf_fold(text.start, text.length, CSF_FOLD_SQUEEZE_SPACE, &scanned->text);
	csf_matcher_scan(classifier->matcher, &scanned->text, &scanned->ends);
	for (int i = 0; i < scanned->ends.n; i++)
	{
		csf_match_end end = scanned->ends.at[i];

		if (i % 1024 == 1023)
			csf_check_interrupts();
		for (int32 state = end.state; state != 0; state = csf_matcher_shorter(classifier->matcher, state))
		{
			int32 pattern = csf_matcher_pattern(classifier->matcher, state);
			int length = csf_matcher_length(classifier->matcher, pattern);

			if (classifier->first_use[pattern] == classifier->first_use[pattern + 1] ||
				(csf_place_is_whole(place) && length != scanned->text.n))
				continue;
			note_pattern(evaluation, pattern, group)->flags[member] |=
				CSF_SEEN(true) |
				(csf_matcher_at_word_edges(&scanned->text, end.end, length) ? CSF_SEEN(false) : 0);
		}
	}
}

static bool
has_flag(const csf_seen_pattern *seen, const csf_compiled_rule *rule, int flag)
{
	for (int member = rule->first_member; member <= rule->last_member; member++)
		if ((seen->flags[member] & flag) != 0)
			return true;
	return false;
}

static int
compare_found(const void *left, const void *right)
{
	const csf_found_use *a = left, *b = right;

	if (a->use->rule != b->use->rule)
		return a->use->rule < b->use->rule ? -1 : 1;
	if (a->use->role != b->use->role)
		return a->use->role < b->use->role ? -1 : 1;
	if (a->use->slot != b->use->slot)
		return a->use->slot < b->use->slot ? -1 : 1;
	return a->pattern < b->pattern ? -1 : 1;
}

static void
find_amount_uses(csf_evaluation *evaluation, int rank)
{
	const csf_classifier *classifier = evaluation->classifier;

	for (int i = 0; i < classifier->n_amount_uses; i++)
	{
		const csf_pattern_use *use = &classifier->amount_uses[i];
		const csf_compiled_rule *rule = &classifier->rules[use->rule];

		if (rule->amount_from <= rank && rank <= rule->amount_to)
			evaluation->found[evaluation->n_found++] = (csf_found_use){use, CSF_NONE};
	}
}

/* Lists which entries of which rules occur where those rules look. */
static void
find_uses(csf_evaluation *evaluation, const csf_content *content)
{
	const csf_classifier *classifier = evaluation->classifier;
	int capacity = classifier->n_amount_uses;

	for (uint32 i = 0; i <= evaluation->seen_mask; i++)
	{
		const csf_seen_pattern *seen = &evaluation->seen[i];

		if (seen->pattern != CSF_NONE)
			capacity += classifier->first_use[seen->pattern + 1] - classifier->first_use[seen->pattern];
	}
	evaluation->found = csf_alloc(capacity * sizeof(csf_found_use));
	for (uint32 i = 0; i <= evaluation->seen_mask; i++)
	{
		const csf_seen_pattern *seen = &evaluation->seen[i];

		if (seen->pattern == CSF_NONE)
			continue;
		for (int32 j = classifier->first_use[seen->pattern]; j < classifier->first_use[seen->pattern + 1];
			 j++)
		{
			const csf_pattern_use *use = &classifier->uses[j];
			const csf_compiled_rule *rule = &classifier->rules[use->rule];

			if (rule->group == seen->group && has_flag(seen, rule, CSF_SEEN(rule->part_of_word)))
				evaluation->found[evaluation->n_found++] = (csf_found_use){use, seen->pattern};
		}
	}
	if (content->has_amount)
		find_amount_uses(evaluation, content->amount_rank);
	qsort(evaluation->found, evaluation->n_found, sizeof(csf_found_use), compare_found);
}

/* Whether the i-th found use of a touched rule is the first of its slot, not just another spelling. */
static bool
begins_slot(const csf_evaluation *evaluation, const csf_touched_rule *touched, int i)
{
	const csf_found_use *found = &evaluation->found[touched->first_found + i];

	return i == 0 || found[-1].use->role != found->use->role || found[-1].use->slot != found->use->slot;
}

/* Decides which rules fire, nearness left aside. */
static void
touch_rules(csf_evaluation *evaluation)
{
	evaluation->touched = csf_alloc(evaluation->n_found * sizeof(csf_touched_rule));
	for (int i = 0; i < evaluation->n_found;)
	{
		csf_touched_rule *touched = &evaluation->touched[evaluation->n_touched++];
		const csf_compiled_rule *rule;
		int n_in_role[3] = {0, 0, 0};

		*touched = (csf_touched_rule){.rule = evaluation->found[i].use->rule, .first_found = i};
		for (; i < evaluation->n_found && evaluation->found[i].use->rule == touched->rule; i++)
			if (begins_slot(evaluation, touched, touched->n_found++))
				n_in_role[evaluation->found[i].use->role]++;
		rule = &evaluation->classifier->rules[touched->rule];
		touched->forbidden = n_in_role[CSF_ROLE_NONE] > 0;
		touched->fired = !touched->forbidden && n_in_role[CSF_ROLE_ALL] == rule->n_all &&
						 (rule->n_any == 0 || n_in_role[CSF_ROLE_ANY] > 0);
	}
}

/* A fired rule that asks for nearness: by slot of all_of, the latest character at which an occurrence began. */
typedef struct nearness
{
	csf_touched_rule *touched;
	int32 *latest_start;
} nearness;

static nearness *
find_nearness(nearness *all, int n, int32 rule)
{
	int low = 0;

	while (n > 0)
	{
		int half = n / 2;

		if (all[low + half].touched->rule < rule)
		{
			low += half + 1;
			n -= half + 1;
		}
		else
			n = half;
	}
	return &all[low];
}

/* The shortest stretch that ends here begins where the latest occurrences of the other patterns begin. */
static void
note_nearness(const csf_evaluation *evaluation, nearness *near, int slot, int32 start, int32 end)
{
	const csf_compiled_rule *rule = &evaluation->classifier->rules[near->touched->rule];
	int32 first = start;

	if (start > near->latest_start[slot])
		near->latest_start[slot] = start;
	for (int i = 0; i < rule->n_all; i++)
	{
		if (near->latest_start[i] == CSF_NONE)
			return;
		if (near->latest_start[i] < first)
			first = near->latest_start[i];
	}
	if (end - first + 1 <= rule->within_characters)
		near->touched->fired = true;
}

static void
walk_nearness(csf_evaluation *evaluation, int place, nearness *all, int n)
{
	const csf_classifier *classifier = evaluation->classifier;
	const csf_scanned_field *scanned = &evaluation->fields[place];
	csf_occurrence occurrence;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < classifier->rules[all[i].touched->rule].n_all; j++)
			all[i].latest_start[j] = CSF_NONE;
	for (int i = 0; i < scanned->ends.n; i++)
	{
		if (i % 1024 == 0)
			csf_check_interrupts();
		occurrence.state = 0;
		while (csf_next_occurrence(evaluation, place, i, &occurrence))
		{
			int32 last = classifier->first_use[occurrence.pattern + 1];

			for (int32 j = classifier->first_use[occurrence.pattern]; j < last; j++)
			{
				const csf_pattern_use *use = &classifier->uses[j];
				const csf_compiled_rule *rule = &classifier->rules[use->rule];
				nearness *near;

				if (use->role != CSF_ROLE_ALL || rule->within_characters == 0 ||
					!csf_rule_looks_at(rule, place) || !(occurrence.at_edges || rule->part_of_word))
					continue;
				near = find_nearness(all, n, use->rule);
				if (near < all + n && near->touched->rule == use->rule)
					note_nearness(evaluation, near, use->slot, scanned->text.source[occurrence.start],
								  scanned->text.source[occurrence.end]);
			}
		}
	}
}

/* Takes back the firing of rules whose patterns are too far from each other. */
static void
check_nearness(csf_evaluation *evaluation)
{
	const csf_classifier *classifier = evaluation->classifier;
	nearness *all;
	int n = 0;

	for (int i = 0; i < evaluation->n_touched; i++)
		if (evaluation->touched[i].fired &&
			classifier->rules[evaluation->touched[i].rule].within_characters > 0)
			n++;
	if (n == 0)
		return;
	all = csf_alloc(n * sizeof(nearness));
	n = 0;
	for (int i = 0; i < evaluation->n_touched; i++)
	{
		csf_touched_rule *touched = &evaluation->touched[i];
		const csf_compiled_rule *rule = &classifier->rules[touched->rule];

		if (!touched->fired || rule->within_characters == 0)
			continue;
		touched->fired = false;
		all[n++] = (nearness){touched, csf_alloc(rule->n_all * sizeof(int32))};
	}
	for (int place = 0; place < classifier->n_places; place++)
		walk_nearness(evaluation, place, all, n);
	for (int i = 0; i < n; i++)
		csf_free(all[i].latest_start);
	csf_free(all);
}

/* The role whose patterns bring a rule's weight. */
static inline csf_role
weighing_role(const csf_compiled_rule *rule)
{
	return rule->n_any > 0 ? CSF_ROLE_ANY : CSF_ROLE_ALL;
}

static inline bool
takes_part(const csf_compiled_rule *rule, csf_contest contest)
{
	return contest == CSF_CONTEST_CATEGORY ? rule->category != CSF_NONE : rule->domain != CSF_NONE;
}

/* Enters the patterns of fired rules into the contests their weight counts in. */
static void
enter_contests(csf_evaluation *evaluation)
{
	const csf_classifier *classifier = evaluation->classifier;

	for (int i = 0; i < evaluation->n_touched; i++)
	{
		const csf_touched_rule *touched = &evaluation->touched[i];
		const csf_compiled_rule *rule = &classifier->rules[touched->rule];

		if (!touched->fired)
			continue;
		for (int j = touched->first_found; j < touched->first_found + touched->n_found; j++)
		{
			const csf_found_use *found = &evaluation->found[j];
			csf_seen_pattern *seen;

			if (found->use->role != weighing_role(rule) || found->pattern == CSF_NONE)
				continue;
			seen = &evaluation->seen[seen_slot(evaluation, found->pattern, rule->group)];
			for (int member = rule->first_member; member <= rule->last_member; member++)
				for (csf_contest contest = CSF_CONTEST_CATEGORY; contest <= CSF_CONTEST_DOMAIN; contest++)
					if (takes_part(rule, contest))
						seen->flags[member] |= CSF_ELIGIBLE(contest, rule->part_of_word);
		}
	}
}

static inline bool
is_eligible(const csf_evaluation *evaluation, int place, const csf_occurrence *occurrence,
			csf_contest contest)
{
	const csf_seen_pattern *seen;
	uint16 flags;

	/* Attributes are facts, no words of the customer's. */
	if (contest == CSF_CONTEST_LEXICON)
		return place <= CSF_PLACE_BODY && occurrence->at_edges &&
			   evaluation->classifier->lexicon_of[occurrence->pattern] != CSF_NONE;
	seen = &evaluation->seen[seen_slot(evaluation, occurrence->pattern, csf_place_group(place))];
	flags = seen->flags[csf_place_member(place)];
	if ((flags & CSF_ELIGIBLE(contest, true)) != 0)
		return true;
	return occurrence->at_edges && (flags & CSF_ELIGIBLE(contest, false)) != 0;
}

bool
csf_next_occurrence(const csf_evaluation *evaluation, int place, int index, csf_occurrence *occurrence)
{
	const csf_matcher *matcher = evaluation->classifier->matcher;
	const csf_scanned_field *scanned = &evaluation->fields[place];
	bool first = occurrence->state == 0;
	int length;

	occurrence->state =
		first ? scanned->ends.at[index].state : csf_matcher_shorter(matcher, occurrence->state);
	if (occurrence->state == 0)
		return false;
	occurrence->pattern = csf_matcher_pattern(matcher, occurrence->state);
	length = csf_matcher_length(matcher, occurrence->pattern);
	/* The longest comes first, so what is shorter than the whole has no longer one behind it. */
	if (csf_place_is_whole(place) && length != scanned->text.n)
	{
		occurrence->state = 0;
		return false;
	}
	occurrence->end = scanned->ends.at[index].end;
	occurrence->start = occurrence->end - length + 1;
	occurrence->at_edges = csf_matcher_at_word_edges(&scanned->text, occurrence->end, length);
	if (scanned->covers == NULL)
		return true;
	for (csf_contest contest = 0; contest < CSF_CONTESTS; contest++)
	{
		if (first)
			occurrence->open[contest] = true;
		occurrence->beaten[contest] = true;
		if (occurrence->open[contest] && is_eligible(evaluation, place, occurrence, contest))
		{
			occurrence->beaten[contest] = scanned->covers[index].start[contest] <= occurrence->start;
			occurrence->open[contest] = false;
		}
	}
	return true;
}

static void
cover_place(csf_evaluation *evaluation, int place)
{
	csf_scanned_field *scanned = &evaluation->fields[place];
	csf_cover *covers;
	csf_cover cover = {{NOT_COVERED, NOT_COVERED, NOT_COVERED}};

	if (scanned->ends.n == 0)
		return;
	covers = csf_alloc(scanned->ends.n * sizeof(csf_cover));
	for (int i = scanned->ends.n - 1; i >= 0; i--)
	{
		csf_occurrence occurrence = {.state = 0};
		int32 start[CSF_CONTESTS] = {NOT_COVERED, NOT_COVERED, NOT_COVERED};

		if (i % 1024 == 0)
			csf_check_interrupts();
		covers[i] = cover;
		while (csf_next_occurrence(evaluation, place, i, &occurrence))
			for (csf_contest contest = 0; contest < CSF_CONTESTS; contest++)
				if (start[contest] == NOT_COVERED && is_eligible(evaluation, place, &occurrence, contest))
					start[contest] = occurrence.start;
		for (int contest = 0; contest < CSF_CONTESTS; contest++)
			if (start[contest] < cover.start[contest])
				cover.start[contest] = start[contest];
	}
	scanned->covers = covers;
}

/* Notes the patterns that count somewhere, and hands the words of the lexicon that win to the weighing of emotion. */
static void
count_place(csf_evaluation *evaluation, int place)
{
	const csf_classifier *classifier = evaluation->classifier;
	csf_scanned_field *scanned = &evaluation->fields[place];
	csf_lexicon_match *matches = csf_alloc(scanned->ends.n * sizeof(csf_lexicon_match));
	int n_matches = 0;

	scanned->matches = matches;

	for (int i = 0; i < scanned->ends.n; i++)
	{
		csf_occurrence occurrence = {.state = 0};

		if (i % 1024 == 0)
			csf_check_interrupts();
		while (csf_next_occurrence(evaluation, place, i, &occurrence))
		{
			for (csf_contest contest = CSF_CONTEST_CATEGORY; contest <= CSF_CONTEST_DOMAIN; contest++)
			{
				uint16 *flags;

				if (occurrence.beaten[contest])
					continue;
				flags = &evaluation->seen[seen_slot(evaluation, occurrence.pattern, csf_place_group(place))]
							 .flags[csf_place_member(place)];
				if ((*flags & CSF_ELIGIBLE(contest, true)) != 0)
					*flags |= CSF_COUNTED(contest, true);
				if (occurrence.at_edges && (*flags & CSF_ELIGIBLE(contest, false)) != 0)
					*flags |= CSF_COUNTED(contest, false);
			}
			if (!occurrence.beaten[CSF_CONTEST_LEXICON] &&
				(n_matches == 0 || matches[n_matches - 1].end < occurrence.start))
				matches[n_matches++] =
					(csf_lexicon_match){.start = occurrence.start,
										.end = occurrence.end,
										.entry = classifier->lexicon_of[occurrence.pattern]};
		}
	}
	if (place <= CSF_PLACE_BODY)
		csf_emotion_add(classifier, &scanned->text, matches, n_matches, &evaluation->emotion);
	scanned->n_matches = n_matches;
}

void
csf_evaluate(const csf_classifier *classifier, const csf_content *content, csf_evaluation *evaluation)
{
	memset(evaluation, 0, sizeof(*evaluation));
	evaluation->classifier = classifier;
	resize_seen(evaluation, FIRST_SEEN_SIZE);
	evaluation->fields = csf_alloc_zero(classifier->n_places * sizeof(csf_scanned_field));
	scan_place(evaluation, CSF_PLACE_TITLE, content->title);
	scan_place(evaluation, CSF_PLACE_BODY, content->body);
	if (classifier->is_read[CSF_PLACE_CHANNEL])
		scan_place(evaluation, CSF_PLACE_CHANNEL, content->channel);
	if (classifier->is_read[CSF_PLACE_CUSTOMER_TIER])
		scan_place(evaluation, CSF_PLACE_CUSTOMER_TIER, content->customer_tier);
	for (int i = 0; i < classifier->n_attributes && content->attributes != NULL; i++)
		scan_place(evaluation, CSF_PLACE_ATTRIBUTES + i, content->attributes[i]);
	find_uses(evaluation, content);
	touch_rules(evaluation);
	check_nearness(evaluation);
	enter_contests(evaluation);
	for (int place = 0; place < classifier->n_places; place++)
	{
		if (evaluation->fields[place].text.code == NULL)
			continue;
		cover_place(evaluation, place);
		count_place(evaluation, place);
	}
}

void
csf_evaluation_free(csf_evaluation *evaluation)
{
	for (int place = 0; place < evaluation->classifier->n_places; place++)
	{
		csf_scanned_field *scanned = &evaluation->fields[place];

		if (scanned->text.code != NULL)
			csf_folded_free(&scanned->text);
		if (scanned->ends.at != NULL)
			csf_free(scanned->ends.at);
		if (scanned->covers != NULL)
			csf_free(scanned->covers);
		if (scanned->matches != NULL)
			csf_free(scanned->matches);
	}
	csf_free(evaluation->fields);
	csf_free(evaluation->seen);
	csf_free(evaluation->found);
	csf_free(evaluation->touched);
}

/* Adds what a fired rule contributes: each entry of any_of that counts, those of all_of as one. */
static int
rule_contributions(const csf_evaluation *evaluation, const csf_touched_rule *touched, csf_contest contest,
				   csf_contribution *contributions)
{
	const csf_compiled_rule *rule = &evaluation->classifier->rules[touched->rule];
	int32 target = contest == CSF_CONTEST_CATEGORY ? rule->category : rule->domain;
	int32 last_slot = CSF_NONE;
	int n = 0;

	for (int i = touched->first_found; i < touched->first_found + touched->n_found; i++)
	{
		const csf_found_use *found = &evaluation->found[i];

		if (found->use->role != weighing_role(rule) || found->use->slot == last_slot ||
			(found->pattern != CSF_NONE &&
			 !has_flag(&evaluation->seen[seen_slot(evaluation, found->pattern, rule->group)], rule,
					   CSF_COUNTED(contest, rule->part_of_word))))
			continue;
		last_slot = found->use->slot;
		contributions[n++] =
			(csf_contribution){target, found->use->meaning, rule->group, touched->rule, rule->weight};
		if (rule->n_any == 0)
		{
			contributions[0].meaning = CSF_NONE - touched->rule;
			break;
		}
	}
	return n;
}

/* The heaviest of a meaning first, then the earliest rule. */
int
csf_compare_contributions(const void *left, const void *right)
{
	const csf_contribution *a = left, *b = right;

	if (a->target != b->target)
		return a->target < b->target ? -1 : 1;
	if (a->meaning != b->meaning)
		return a->meaning < b->meaning ? -1 : 1;
	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	if (a->weight != b->weight)
		return a->weight > b->weight ? -1 : 1;
	return a->rule < b->rule ? -1 : a->rule > b->rule;
}

int
csf_contributions(const csf_evaluation *evaluation, csf_contest contest, csf_contribution **contributions)
{
	csf_contribution *all = csf_alloc(evaluation->n_found * sizeof(csf_contribution));
	int n = 0, kept = 0;

	for (int i = 0; i < evaluation->n_touched; i++)
	{
		const csf_touched_rule *touched = &evaluation->touched[i];

		if (touched->fired && takes_part(&evaluation->classifier->rules[touched->rule], contest))
			n += rule_contributions(evaluation, touched, contest, all + n);
	}
	qsort(all, n, sizeof(csf_contribution), csf_compare_contributions);
	for (int i = 0; i < n; i++)
		if (i == 0 || all[i].target != all[kept - 1].target || all[i].meaning != all[kept - 1].meaning ||
			all[i].group != all[kept - 1].group)
			all[kept++] = all[i];
	*contributions = all;
	return kept;
}

static void
add_up(const csf_evaluation *evaluation, csf_contest contest, int *sums)
{
	csf_contribution *contributions;
	int n = csf_contributions(evaluation, contest, &contributions);

	for (int i = 0; i < n; i++)
		sums[contributions[i].target] += contributions[i].weight;
	csf_free(contributions);
}

/* Picks the best category and the next one; see classify.h. */
static void
pick_category(const csf_classifier *classifier, const int *sums, csf_verdict *verdict)
{
	bool *is_supported = csf_alloc_zero(classifier->n_categories * sizeof(bool));
	int32 best = CSF_NONE;

	for (int i = 0; i < classifier->n_categories; i++)
		if (classifier->categories[i].parent != CSF_NONE && sums[i] > 0)
			is_supported[classifier->categories[i].parent] = true;
	for (int i = 0; i < classifier->n_categories; i++)
	{
		const csf_compiled_category *category = &classifier->categories[i];
		int score = sums[i];

		if (score == 0 || is_supported[i])
			continue;
		if (category->parent != CSF_NONE)
			score += sums[category->parent];
		if (score > verdict->score)
		{
			verdict->runner_up_id = verdict->category_id;
			verdict->runner_up_score = verdict->score;
			verdict->category_id = category->category_id;
			verdict->score = score;
			best = i;
		}
		else if (score > verdict->runner_up_score)
		{
			verdict->runner_up_id = category->category_id;
			verdict->runner_up_score = score;
		}
	}
	if (best != CSF_NONE)
	{
		int32 kind = classifier->categories[best].parent;

		verdict->kind_id = kind == CSF_NONE ? verdict->category_id : classifier->categories[kind].category_id;
	}
	verdict->needs_review = best == CSF_NONE || verdict->score < classifier->minimum_score ||
							verdict->score - verdict->runner_up_score < classifier->minimum_margin;
	csf_free(is_supported);
}

static void
apply_severity(const csf_compiled_rule *rule, csf_verdict *verdict)
{
	const csf_effect *effect = &rule->effect;

	if (effect->impact != 0 && (verdict->impact == 0 || effect->impact < verdict->impact))
		verdict->impact = effect->impact;
	if (effect->urgency != 0 && (verdict->urgency == 0 || effect->urgency < verdict->urgency))
		verdict->urgency = effect->urgency;
	if (effect->raise_to > verdict->raise_to)
	{
		verdict->raise_to = effect->raise_to;
		verdict->raise_rule_id = rule->rule_id;
		verdict->raise_reason = effect->reason;
	}
}

static void
apply_notification(const csf_compiled_rule *rule, csf_verdict *verdict)
{
	if (rule->effect.notify_team_id == 0 || verdict->n_notify == CSF_MAX_NOTIFIED)
		return;
	for (int i = 0; i < verdict->n_notify; i++)
		if (verdict->notify_team_ids[i] == rule->effect.notify_team_id)
			return;
	verdict->notify_team_ids[verdict->n_notify++] = rule->effect.notify_team_id;
}

/* The team of the heaviest fired rule that has one and does not speak for another category. */
static void
pick_team(const csf_evaluation *evaluation, csf_verdict *verdict)
{
	const csf_classifier *classifier = evaluation->classifier;
	int weight = 0;

	for (int i = 0; i < evaluation->n_touched; i++)
	{
		const csf_compiled_rule *rule = &classifier->rules[evaluation->touched[i].rule];
		int64 category_id =
			rule->category == CSF_NONE ? 0 : classifier->categories[rule->category].category_id;

		if (!evaluation->touched[i].fired || rule->effect.team_id == 0 || rule->weight <= weight)
			continue;
		if (category_id != 0 && category_id != verdict->category_id && category_id != verdict->kind_id)
			continue;
		weight = rule->weight;
		verdict->team_id = rule->effect.team_id;
	}
}

void
csf_evaluation_verdict(const csf_evaluation *evaluation, csf_verdict *verdict)
{
	const csf_classifier *classifier = evaluation->classifier;
	int *category_sums = csf_alloc_zero(classifier->n_categories * sizeof(int));
	int *domain_sums = csf_alloc_zero(classifier->n_domains * sizeof(int));
	int best_domain = 0;

	memset(verdict, 0, sizeof(*verdict));
	for (int i = 0; i < evaluation->n_touched; i++)
	{
		const csf_touched_rule *touched = &evaluation->touched[i];
		const csf_compiled_rule *rule = &classifier->rules[touched->rule];

		if (!touched->fired)
			continue;
		verdict->rules_fired++;
		apply_severity(rule, verdict);
		apply_notification(rule, verdict);
	}
	add_up(evaluation, CSF_CONTEST_CATEGORY, category_sums);
	add_up(evaluation, CSF_CONTEST_DOMAIN, domain_sums);
	pick_category(classifier, category_sums, verdict);
	pick_team(evaluation, verdict);
	for (int i = 0; i < classifier->n_domains; i++)
		if (domain_sums[i] > best_domain)
		{
			best_domain = domain_sums[i];
			verdict->domain = classifier->domains[i];
		}
	csf_emotion_finish(&evaluation->emotion, verdict);
	csf_free(category_sums);
	csf_free(domain_sums);
}

void
csf_classify(const csf_classifier *classifier, const csf_content *content, csf_verdict *verdict)
{
	csf_evaluation evaluation;

	csf_evaluate(classifier, content, &evaluation);
	csf_evaluation_verdict(&evaluation, verdict);
	csf_evaluation_free(&evaluation);
}
