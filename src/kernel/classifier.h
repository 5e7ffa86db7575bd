/*
 * classifier.h
 *		The compiled form of a classifier, shared by the modules that build, run and explain it; nobody else's business.
 */
#ifndef CSF_CLASSIFIER_H
#define CSF_CLASSIFIER_H

#include "kernel/classify.h"
#include "kernel/matcher.h"

#define CSF_NONE (-1)

typedef enum csf_role
{
	CSF_ROLE_ANY,
	CSF_ROLE_ALL,
	CSF_ROLE_NONE
} csf_role;

/* One use of a pattern: as the slot-th entry of a rule's list. Spellings of one entry share the slot. */
typedef struct csf_pattern_use
{
	int32 rule;
	int32 slot;
	csf_role role;
	int32 meaning; /* the least pattern among its spellings, the same for entries that aliases make equal */
	const char *text; /* as written */
} csf_pattern_use;

/* The texts of what is classified, by number; attributes follow. Title and body are one group: a text rule looks at both. */
typedef enum csf_place
{
	CSF_PLACE_TITLE,
	CSF_PLACE_BODY,
	CSF_PLACE_CHANNEL,
	CSF_PLACE_CUSTOMER_TIER,
	CSF_PLACE_ATTRIBUTES
} csf_place;

static inline int
csf_place_group(int place)
{
	return place <= CSF_PLACE_BODY ? 0 : place - 1;
}

/* Within its group. */
static inline int
csf_place_member(int place)
{
	return place == CSF_PLACE_BODY ? 1 : 0;
}

static inline bool
csf_place_is_whole(int place)
{
	return place == CSF_PLACE_CHANNEL || place == CSF_PLACE_CUSTOMER_TIER;
}

typedef struct csf_compiled_rule
{
	int64 rule_id;
	csf_field field;
	int group, first_member, last_member; /* of places it looks at */
	int n_any, n_all;                     /* different ones */
	int within_characters;
	bool part_of_word;
	int weight;
	int32 category; /* index, or CSF_NONE */
	int32 domain;
	int amount_from, amount_to;
	csf_effect effect;
} csf_compiled_rule;

static inline bool
csf_rule_looks_at(const csf_compiled_rule *rule, int place)
{
	return rule->group == csf_place_group(place) && rule->first_member <= csf_place_member(place) &&
		   rule->last_member >= csf_place_member(place);
}

typedef struct csf_compiled_category
{
	int64 category_id;
	int32 parent; /* index, or CSF_NONE for a kind */
} csf_compiled_category;

typedef struct csf_lexicon_entry
{
	bool emotional; /* a word of emotion, perhaps of weight 0 */
	double weight[CSF_LEXICON_CLASSES];
	const char *text;
} csf_lexicon_entry;

struct csf_classifier
{
	csf_matcher *matcher;
	int32 *first_use; /* by pattern: where its uses begin; one more bounds the last */
	csf_pattern_use *uses;
	int32 *lexicon_of; /* by pattern: entry of the lexicon, or CSF_NONE */
	csf_compiled_rule *rules;
	csf_compiled_category *categories;
	const char **domains;
	csf_lexicon_entry *lexicon;
	csf_pattern_use *amount_uses; /* the bounds of an amount, by rule, as if they were a pattern of all_of */
	const char *attribute_keys[CSF_MAX_ATTRIBUTES];
	bool *is_read; /* by place: some rule looks there */
	char *strings; /* all texts */
	int n_places, n_attributes, n_amount_uses;
	int n_rules, n_categories, n_domains, n_lexicon;
	int minimum_score, minimum_margin;
	int n_left_out;
	size_t memory;
};

/* A word of the lexicon in a folded text; of overlapping ones only the longer, then the earlier, is there. */
typedef struct csf_lexicon_match
{
	int32 start, end; /* first and last code point */
	int32 entry;
	double value; /* out: what it adds; negative is bad */
	bool negated; /* out */
} csf_lexicon_match;

/* What one text adds to the three figures of emotion. */
typedef struct csf_emotion
{
	double balance; /* good minus bad */
	double anger, anxiety;
	int exclamations;
} csf_emotion;

/* The contests in which the longest match wins, each by itself. */
typedef enum csf_contest
{
	CSF_CONTEST_CATEGORY,
	CSF_CONTEST_DOMAIN,
	CSF_CONTEST_LEXICON
} csf_contest;

#define CSF_CONTESTS 3

/*
 * What is known of a pattern in one group of places, by member, as bits. Each comes twice: at the edges of words, which is where rules look
 * unless they say part_of_word, and anywhere, which is where those look that do.
 */
#define CSF_SEEN(anywhere) (1 << (anywhere))
#define CSF_ELIGIBLE(contest, anywhere) (4 << (4 * (contest) + (anywhere)))
#define CSF_COUNTED(contest, anywhere) (16 << (4 * (contest) + (anywhere)))

typedef struct csf_seen_pattern
{
	int32 pattern; /* CSF_NONE: free */
	int32 group;
	uint16 flags[2];
} csf_seen_pattern;

/* An entry of a rule's list that occurs, with the spelling of it that does. */
typedef struct csf_found_use
{
	const csf_pattern_use *use;
	int32 pattern; /* CSF_NONE: bounds of an amount */
} csf_found_use;

/* A rule of which something occurs; its found uses follow one another, ordered by role and slot. */
typedef struct csf_touched_rule
{
	int32 rule;
	int32 first_found, n_found;
	bool forbidden; /* something of none_of occurs */
	bool fired;
} csf_touched_rule;

/*
 * For each end of matches in a field: the least start, in each contest, of the longest eligible matches that end
 * later. A match that starts no earlier lies inside one of them.
 */
typedef struct csf_cover
{
	int32 start[CSF_CONTESTS];
} csf_cover;

/* One place of what is being classified. */
typedef struct csf_scanned_field
{
	csf_folded text;
	csf_match_ends ends;
	csf_cover *covers;          /* by end */
	csf_lexicon_match *matches; /* the words of the lexicon that win, by place */
	int n_matches;
} csf_scanned_field;

typedef struct csf_evaluation
{
	const csf_classifier *classifier;
	csf_scanned_field *fields; /* by place */
	csf_seen_pattern *seen;    /* a hash table */
	int n_seen;
	uint32 seen_mask;
	csf_found_use *found;
	int n_found;
	csf_touched_rule *touched; /* by rule */
	int n_touched;
	csf_emotion emotion;
} csf_evaluation;

/* What counts towards one category or domain: an entry of a fired rule's any_of, or a rule with only all_of. */
typedef struct csf_contribution
{
	int32 target;  /* index of the category or domain */
	int32 meaning; /* of the entry; below 0 for a rule with only all_of */
	int32 group;   /* the same word of an attribute is another fact */
	int32 rule;
	int weight;
} csf_contribution;

/* One occurrence of a pattern in a field. */
typedef struct csf_occurrence
{
	int32 state; /* 0: there are no more at this end */
	int32 pattern;
	int32 start, end;
	bool at_edges; /* of words */
	bool beaten[CSF_CONTESTS];
	bool open[CSF_CONTESTS]; /* no longer one at this end took part yet */
} csf_occurrence;

/* Scans, fires, counts; the result is freed with csf_evaluation_free. */
extern void csf_evaluate(const csf_classifier *classifier, const csf_content *content,
						 csf_evaluation *evaluation);
extern void csf_evaluation_free(csf_evaluation *evaluation);
extern void csf_evaluation_verdict(const csf_evaluation *evaluation, csf_verdict *verdict);

/*
 * What counts in the contest for categories or domains, ordered by target and meaning. The same word counts once for a
 * target: for the heaviest rule, the first of several. Allocated; returns how many.
 */
extern int csf_contributions(const csf_evaluation *evaluation, csf_contest contest,
							 csf_contribution **contributions);
extern int csf_compare_contributions(const void *left, const void *right);

/*
 * Walks the occurrences that end at the index-th end of a place, longest first; begin with state 0. Sets beaten for the
 * contests in which the occurrence takes no part or lies inside a longer one that does.
 */
extern bool csf_next_occurrence(const csf_evaluation *evaluation, int place, int index,
								csf_occurrence *occurrence);

/* Weighs the matches of one text, ordered by place, and adds them to emotion. */
extern void csf_emotion_add(const csf_classifier *classifier, const csf_folded *text,
							csf_lexicon_match *matches, int n_matches, csf_emotion *emotion);

/* The three figures of a verdict, from sums over its texts. */
extern void csf_emotion_finish(const csf_emotion *emotion, csf_verdict *verdict);

#endif
