/*
 * emotion.c
 *		Weighs words of emotion with the intensifiers and negations before them (handbook B8).
 */
#include "kernel/classifier.h"

/* How many characters of Chinese, or words of a language with spaces, may stand between a modifier and its word. */
#define REACH 3

/* Several intensifiers do not multiply beyond this. */
#define MAX_FACTOR 3.0

/* Exclamation marks strengthen what is there, each by a tenth, so many at most. */
#define MAX_EXCLAMATIONS 5
#define EXCLAMATION_SHARE 0.1

/* The sum at which a figure is half of its range. */
#define HALF_RANGE 3.0

static bool
ends_clause(uint32 code)
{
	switch (code)
	{
		case ',':
		case '.':
		case ';':
		case ':':
		case '!':
		case '?':
		case '(':
		case ')':
		case '"':
		case 0x3001: /* ideographic comma and full stop */
		case 0x3002:
		case 0x2026: /* ellipsis */
		case 0x2014: /* dash */
		case 0x201C: /* quotation marks */
		case 0x201D:
			return true;
	}
	return false;
}

/* Whether a modifier that ends before from reaches the word that begins behind to. */
static bool
reaches(const csf_folded *text, int32 from, int32 to)
{
	int units = 0;

	for (int32 i = from; i < to && units <= REACH; i++)
	{
		uint32 code = text->code[i];

		if (ends_clause(code))
			return false;
		if (code == ' ')
			continue;
		if (!csf_is_word_character(code) || i == from || !csf_is_word_character(text->code[i - 1]))
			units++;
	}
	return units <= REACH;
}

static double
larger(double a, double b)
{
	return a > b ? a : b;
}

/* What the modifiers before a match make of it. */
static void
modify(const csf_classifier *classifier, const csf_folded *text, const csf_lexicon_match *matches, int at,
	   double *factor, double *negation)
{
	*factor = 1.0;
	*negation = 0.0;
	for (int i = at; i > 0; i--)
	{
		const csf_lexicon_entry *before = &classifier->lexicon[matches[i - 1].entry];

		if (before->emotional || !reaches(text, matches[i - 1].end + 1, matches[i].start))
			break;
		if (before->weight[CSF_LEXICON_INTENSIFIER] > 0.0)
			*factor *= before->weight[CSF_LEXICON_INTENSIFIER];
		if (before->weight[CSF_LEXICON_NEGATION] > 0.0)
			*negation = *negation > 0.0 ? 0.0 : before->weight[CSF_LEXICON_NEGATION];
	}
	if (*factor > MAX_FACTOR)
		*factor = MAX_FACTOR;
}

void
csf_emotion_add(const csf_classifier *classifier, const csf_folded *text, csf_lexicon_match *matches,
				int n_matches, csf_emotion *emotion)
{
	for (int i = 0; i < n_matches; i++)
	{
		const csf_lexicon_entry *entry = &classifier->lexicon[matches[i].entry];
		const double *weight = entry->weight;
		double bad = larger(weight[CSF_LEXICON_NEGATIVE],
							larger(weight[CSF_LEXICON_ANGER], weight[CSF_LEXICON_ANXIETY]));
		double factor, negation;

		if (!entry->emotional)
			continue;
		modify(classifier, text, matches, i, &factor, &negation);
		matches[i].negated = negation > 0.0;
		if (matches[i].negated)
			matches[i].value = -negation * factor * weight[CSF_LEXICON_POSITIVE];
		else
		{
			matches[i].value = factor * (weight[CSF_LEXICON_POSITIVE] - bad);
			emotion->anger += factor * weight[CSF_LEXICON_ANGER];
			emotion->anxiety += factor * weight[CSF_LEXICON_ANXIETY];
		}
		emotion->balance += matches[i].value;
	}
	for (int32 i = 0; classifier->n_lexicon > 0 && i < text->n && emotion->exclamations < MAX_EXCLAMATIONS;
		 i++)
		if (text->code[i] == '!')
			emotion->exclamations++;
}

void
csf_emotion_finish(const csf_emotion *emotion, csf_verdict *verdict)
{
	double strength = 1.0 + EXCLAMATION_SHARE * emotion->exclamations;
	double balance = emotion->balance * strength;
	double anger = emotion->anger * strength;
	double anxiety = emotion->anxiety * strength;

	verdict->emotion = balance / ((balance < 0.0 ? -balance : balance) + HALF_RANGE);
	verdict->anger = anger / (anger + HALF_RANGE);
	verdict->anxiety = anxiety / (anxiety + HALF_RANGE);
}
