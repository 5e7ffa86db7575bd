/*
 * classify.h
 *		Keyword rules over a ticket: which category, domain, severity, departments and emotion, and why.
 *
 * How it decides (doc/classification.md has examples):
 *
 * A rule fires when any of any_of occurs (if there are any), all of all_of occur (within within_characters if given)
 * and none of none_of does. A fired rule's severity, raise, department and notification act at once. Its weight counts
 * towards its category and towards its domain, once for each pattern of any_of that occurs, however often; once in all
 * if it has only all_of. Equal patterns of several rules, also equal by aliases, count once for a category or domain,
 * with the greatest weight. Towards a sum an occurrence inside a longer occurrence that counts towards the same kind of
 * sum in the same field does not count: the longest match wins.
 *
 * A second level with a sum of its own also gets that of its kind. The highest wins, the earlier in the input on a
 * tie. A sum below minimum_score, or one less than minimum_margin ahead of the next, asks for review.
 */
#ifndef CSF_CLASSIFY_H
#define CSF_CLASSIFY_H

#include "kernel/alias.h"
#include "kernel/kernel.h"

#define CSF_MAX_WEIGHT 100
#define CSF_MAX_RULE_PATTERNS 1000
#define CSF_MAX_NOTIFIED 16
#define CSF_MAX_HITS 100000
#define CSF_MAX_LEXICON_WEIGHT 10.0

typedef struct csf_category
{
	int64 category_id;
	int64 parent_id; /* 0: a kind */
} csf_category;

/* Where a rule looks. A channel or tier is a code: the whole value equals a pattern; in all others patterns occur. */
typedef enum csf_field
{
	CSF_FIELD_TEXT, /* title and body */
	CSF_FIELD_TITLE,
	CSF_FIELD_BODY,
	CSF_FIELD_CHANNEL,
	CSF_FIELD_CUSTOMER_TIER,
	CSF_FIELD_BUSINESS_OBJECT, /* the attribute CSF_BUSINESS_OBJECT_KEY */
	CSF_FIELD_ATTRIBUTE,
	CSF_FIELD_AMOUNT /* bounds instead of patterns */
} csf_field;

#define CSF_FIELDS 8
#define CSF_BUSINESS_OBJECT_KEY "business_module"

/* So many different attributes the rules of one desk may look at. */
#define CSF_MAX_ATTRIBUTES 64

typedef struct csf_keyword_rule
{
	int64 rule_id;
	csf_field field;
	const char *attribute_key; /* CSF_FIELD_ATTRIBUTE only */
	/*
	 * CSF_FIELD_AMOUNT only. Amounts are ranks here, which the caller gives: the number of bounds, of all rules, that the
	 * amount reaches. The rule fires from amount_from to amount_to, both included; amount_text says so to people.
	 */
	int amount_from, amount_to;
	const char *amount_text;
	int n_any, n_all, n_none;
	const char **any_of, **all_of, **none_of; /* UTF-8, NUL-terminated */
	int within_characters; /* > 0: the shortest stretch with all of all_of is at most so long */
	bool part_of_word;     /* Latin patterns may fire inside a longer word */
	int weight;            /* 1 .. CSF_MAX_WEIGHT */
	int64 category_id;     /* 0 none: adds weight to that second level or kind */
	const char *domain;    /* NULL none: adds weight to that domain */
	int impact, urgency;   /* 0 none; 1 highest .. 3 lowest: at least this severe */
	int raise_to;          /* 0 none; priority rank 1 C .. 4 E */
	int64 notify_team_id;  /* 0 none */
	int64 team_id;         /* 0 none: overrides the category's team */
	const char *reason;    /* for people; NULL or empty: none */
} csf_keyword_rule;

typedef enum csf_lexicon_class
{
	CSF_LEXICON_ANGER,
	CSF_LEXICON_ANXIETY,
	CSF_LEXICON_NEGATIVE,
	CSF_LEXICON_POSITIVE,
	CSF_LEXICON_INTENSIFIER,
	CSF_LEXICON_NEGATION
} csf_lexicon_class;

#define CSF_LEXICON_CLASSES 6

/* A word may stand in several classes. An emotion of weight 0 marks a phrase that only looks like one (不过, 太太). */
typedef struct csf_lexicon_word
{
	const char *word;
	csf_lexicon_class class;
	double
		weight; /* 0 .. CSF_MAX_LEXICON_WEIGHT; intensifier: factor; negation: how much of a praise turns bad */
} csf_lexicon_word;

typedef struct csf_classifier_input
{
	const csf_category *categories;
	int n_categories;
	const csf_keyword_rule *rules;
	int n_rules;
	const csf_alias *aliases;
	int n_aliases;
	const csf_lexicon_word *lexicon;
	int n_lexicon;
	int minimum_score;  /* below it: review */
	int minimum_margin; /* a lead over the next of less than this: review */
	bool tolerant;      /* leave out what is at fault instead of refusing everything */
} csf_classifier_input;

typedef struct csf_classifier csf_classifier;

typedef struct csf_text
{
	const char *start; /* UTF-8; NULL: none */
	size_t length;
} csf_text;

/* What is classified. Of a longer text the first CSF_MAX_FOLD_BYTES count. */
typedef struct csf_content
{
	csf_text title, body, channel, customer_tier;
	const csf_text *attributes; /* by number of csf_classifier_attribute(); NULL: none */
	bool has_amount;
	int amount_rank;
} csf_content;

typedef struct csf_verdict
{
	int64 category_id; /* the best second level or kind, also when it needs review; 0 none */
	int64 kind_id;
	int score;
	int64 runner_up_id; /* 0 none */
	int runner_up_score;
	bool needs_review;
	const char *domain; /* points into the classifier, or NULL */
	int impact, urgency;
	int raise_to;
	int64 raise_rule_id;
	const char *raise_reason; /* points into the classifier, or NULL */
	int64 team_id; /* of the heaviest fired rule that names one and no category but the winner or its kind */
	int64 notify_team_ids[CSF_MAX_NOTIFIED]; /* distinct, in the order of the rules; more are left out */
	int n_notify;
	double emotion;        /* -1 .. 1 */
	double anger, anxiety; /* 0 .. 1 */
	int rules_fired;
} csf_verdict;

/* Why an occurrence of a pattern counted or not. */
typedef enum csf_hit_reason
{
	CSF_HIT_COUNTED,
	CSF_HIT_CONDITION,     /* fulfils all_of of a fired rule whose any_of counts, or acts without a sum */
	CSF_HIT_REPEATED,      /* counted already, at another place or for another rule */
	CSF_HIT_INSIDE_LONGER, /* a longer match covers it */
	CSF_HIT_NOT_FIRED,     /* its rule lacks a word of all_of, the nearness, or has one of none_of */
	CSF_HIT_FORBIDS,       /* a word of none_of, which keeps its rule from firing */
	CSF_HIT_EMOTION,       /* a word of the lexicon */
	CSF_HIT_NEGATED        /* a word of the lexicon to which a negation leaves no weight */
} csf_hit_reason;

/* What a rule says when it fires; strings point into the classifier. */
typedef struct csf_effect
{
	int64 category_id; /* 0 none, as all of these */
	const char *domain;
	int impact, urgency;
	int raise_to;
	int64 team_id, notify_team_id;
	const char *reason; /* NULL none */
} csf_effect;

typedef struct csf_hit
{
	int64 rule_id;             /* 0: a word of the lexicon */
	const char *pattern;       /* as written in the rule; points into the classifier */
	csf_field field;           /* where it was found; never CSF_FIELD_TEXT */
	int place;                 /* where exactly: title, body, channel, tier, the attributes, in this order */
	const char *attribute_key; /* NULL where it is no attribute */
	const csf_effect *effect;  /* of the rule; NULL for a word of the lexicon */
	int position; /* 1-based character of the original text of that field; 0 for an amount, as the next three */
	int characters; /* of the original text */
	size_t offset;  /* the same in bytes */
	size_t length;
	int weight;     /* of the rule */
	double emotion; /* what a word of the lexicon adds, before normalization; negative is bad */
	bool counted;
	csf_hit_reason reason;
} csf_hit;

/*
 * Compiles the rules; everything is copied, allocated in the current memory context. When something could never work:
 * NULL, a fault and the id of the rule at fault (0 if it is no rule). A tolerant build leaves out the rules, aliases and
 * words of the lexicon at fault, of which fault describes the first, and says how many; only categories are then a
 * reason for NULL. One bad row of old must not stop a desk.
 */
extern csf_classifier *csf_classifier_build(const csf_classifier_input *input, csf_fault *fault,
											int64 *fault_rule_id);
extern int csf_classifier_left_out(const csf_classifier *classifier);
extern void csf_classifier_free(csf_classifier *classifier);

typedef struct csf_classifier_size
{
	int rules, patterns, states; /* states are the nodes of the automaton */
	size_t memory;               /* bytes */
} csf_classifier_size;

extern csf_classifier_size csf_classifier_measure(const csf_classifier *classifier);

/* What the rules look at, so that the caller need not bring what nobody reads. The key of an attribute, or NULL. */
extern bool csf_classifier_reads(const csf_classifier *classifier, csf_field field);
extern const char *csf_classifier_attribute(const csf_classifier *classifier, int number);

/* What is allocated on the way is freed. */
extern void csf_classify(const csf_classifier *classifier, const csf_content *content, csf_verdict *verdict);

/*
 * The occurrences behind a verdict, in the order of fields and positions, the longer first; the first CSF_MAX_HITS of
 * them. Returns how many; *hits is allocated (also for none).
 */
extern int csf_explain(const csf_classifier *classifier, const csf_content *content, csf_verdict *verdict,
					   csf_hit **hits);

#endif
