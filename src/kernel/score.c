/*
 * score.c
 *		Counting, printing and reading the answers to a survey question.
 */
#include "kernel/score.h"

int64
csf_score_count(const csf_score_scale *scale, const int64 *counts, int from, int to)
{
	int64 count = 0;

	for (int score = scale->least; score <= scale->greatest; score++)
		if (score >= from && score <= to)
			count += counts[score - scale->least];
	return count;
}

double
csf_score_mean(const csf_score_scale *scale, const int64 *counts)
{
	double sum = 0;

	for (int score = scale->least; score <= scale->greatest; score++)
		sum += (double) score * (double) counts[score - scale->least];
	return sum / (double) csf_score_count(scale, counts, scale->least, scale->greatest);
}

bool
csf_score_merge(const csf_score_scale *scale, int64 *counts, const int64 *other)
{
	if (csf_score_count(scale, counts, scale->least, scale->greatest) >
		INT64_MAX - csf_score_count(scale, other, scale->least, scale->greatest))
		return false;
	for (int i = 0; i < csf_score_levels(scale); i++)
		counts[i] += other[i];
	return true;
}

bool
csf_score_check(const csf_score_scale *scale, const int64 *counts)
{
	int64 sum = 0;

	for (int i = 0; i < csf_score_levels(scale); i++)
	{
		if (counts[i] < 0 || counts[i] > INT64_MAX - sum)
			return false;
		sum += counts[i];
	}
	return sum > 0;
}

void
csf_score_print(const csf_score_scale *scale, const int64 *counts, char *text)
{
	size_t at = 0;

	for (int score = scale->least; score <= scale->greatest; score++)
		if (counts[score - scale->least] > 0)
			at += (size_t) sprintf(text + at, "%s%d:%lld", at == 0 ? "" : " ", score,
								   (long long) counts[score - scale->least]);
}

static bool
read_number(const char **at, int64 *value)
{
	const char *start = *at;

	*value = 0;
	while (**at >= '0' && **at <= '9')
	{
		int digit = *(*at)++ - '0';

		if (*value > (INT64_MAX - digit) / 10)
			return false;
		*value = *value * 10 + digit;
	}
	return *at > start;
}

bool
csf_score_parse(const csf_score_scale *scale, const char *text, int64 *counts)
{
	int64 last = -1;

	memset(counts, 0, sizeof(int64) * (size_t) csf_score_levels(scale));
	do
	{
		int64 score;
		int64 count;

		if (!read_number(&text, &score) || *text++ != ':' || !read_number(&text, &count) || count == 0 ||
			score < scale->least || score > scale->greatest || score <= last)
			return false;
		counts[score - scale->least] = count;
		last = score;
	} while (*text++ == ' ');
	return text[-1] == '\0' && csf_score_check(scale, counts);
}
