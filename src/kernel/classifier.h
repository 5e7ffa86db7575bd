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

typedef struct csf_compiled_rule
{
	int64 rule_id;
	csf_field field;
	int n_any, n_all; /* different ones */
	int within_characters;
	bool part_of_word;
	int weight;
	int32 category; /* index, or CSF_NONE */
	int32 domain;
	int impact, urgency, raise_to;
	int64 notify_team_id, team_id;
} csf_compiled_rule;

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
	char *strings; /* all texts */
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
 * What is known of a pattern in one field, as bits. Each comes twice: at the edges of words, which is where rules look
 * unless they say part_of_word, and anywhere, which is where those look that do.
 */
#define CSF_SEEN(anywhere) (1 << (anywhere))
#define CSF_ELIGIBLE(contest, anywhere) (4 << (4 * (contest) + (anywhere)))
#define CSF_COUNTED(contest, anywhere) (16 << (4 * (contest) + (anywhere)))

typedef struct csf_seen_pattern
{
	int32 pattern; /* CSF_NONE: free */
	uint16 flags[2];
} csf_seen_pattern;

/* An entry of a rule's list that occurs, with the spelling of it that does. */
typedef struct csf_found_use
{
	const csf_pattern_use *use;
	int32 pattern;
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

/* One field of a text being classified: 0 the title, 1 the body. */
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
	csf_scanned_field fields[2];
	csf_seen_pattern *seen; /* a hash table */
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
extern void csf_evaluate(const csf_classifier *classifier, const char *title, size_t title_length,
						 const char *body, size_t body_length, csf_evaluation *evaluation);
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
 * Walks the occurrences that end at the index-th end of a field, longest first; begin with state 0. Sets beaten for the
 * contests in which the occurrence takes no part or lies inside a longer one that does.
 */
extern bool csf_next_occurrence(const csf_evaluation *evaluation, int field, int index,
								csf_occurrence *occurrence);

/* Weighs the matches of one text, ordered by place, and adds them to emotion. */
extern void csf_emotion_add(const csf_classifier *classifier, const csf_folded *text,
							csf_lexicon_match *matches, int n_matches, csf_emotion *emotion);

/* The three figures of a verdict, from sums over its texts. */
extern void csf_emotion_finish(const csf_emotion *emotion, csf_verdict *verdict);

#endif
