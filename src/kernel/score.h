/*
 * score.h
 *		Answers to a survey question on a scale: how often each score was given (handbook G2).
 */
#ifndef CSF_SCORE_H
#define CSF_SCORE_H

#include "kernel/kernel.h"

#define CSF_SCORE_LEVELS_MAX 11

typedef struct csf_score_scale
{
	const char *name;
	int least;
	int greatest;
} csf_score_scale;

/* counts[score - least]; the sum is from 1 to INT64_MAX in every stored value. */
static inline int
csf_score_levels(const csf_score_scale *scale)
{
	return scale->greatest - scale->least + 1;
}

/* Answers with a score in a range, which may reach beyond the scale. */
extern int64 csf_score_count(const csf_score_scale *scale, const int64 *counts, int from, int to);

extern double csf_score_mean(const csf_score_scale *scale, const int64 *counts);

/* False when a sum would not fit 63 bits; then nothing is changed. */
extern bool csf_score_merge(const csf_score_scale *scale, int64 *counts, const int64 *other);

/* Whether counts from outside are possible. */
extern bool csf_score_check(const csf_score_scale *scale, const int64 *counts);

/* Text form "SCORE:COUNT ...", scores ascending, none with count 0; 24 bytes for each level are enough. */
#define CSF_SCORE_TEXT_MAX (CSF_SCORE_LEVELS_MAX * 24)
extern void csf_score_print(const csf_score_scale *scale, const int64 *counts, char *text);
extern bool csf_score_parse(const csf_score_scale *scale, const char *text, int64 *counts);

#endif
