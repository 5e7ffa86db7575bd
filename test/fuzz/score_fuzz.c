/*
 * score_fuzz.c
 *		Fuzzes answers to survey questions without a server. The first byte chooses the scale, and whether the rest is text or
 *		counts as bytes: whatever is accepted prints as text of the same counts, and adds up or is refused as too many.
 */
#include "kernel/score.h"

static void
check(bool holds)
{
	if (!holds)
		abort();
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	static const csf_score_scale scales[] = {{"csat", 1, 5}, {"nps", 0, 10}, {"ces", 1, 7}};
	int64 counts[CSF_SCORE_LEVELS_MAX] = {0};
	int64 again[CSF_SCORE_LEVELS_MAX] = {0};
	char text[CSF_SCORE_TEXT_MAX];
	const csf_score_scale *scale;
	size_t bytes;
	int64 all;
	double mean;

	if (size == 0)
		return 0;
	scale = &scales[data[0] / 2 % 3];
	bytes = sizeof(int64) * (size_t) csf_score_levels(scale);
	if (data[0] % 2 == 0)
	{
		char *input = csf_alloc(size);
		bool read;

		memcpy(input, data + 1, size - 1);
		input[size - 1] = '\0';
		read = csf_score_parse(scale, input, counts);
		csf_free(input);
		if (!read)
			return 0;
		check(csf_score_check(scale, counts));
	}
	else
	{
		memcpy(counts, data + 1, size - 1 < bytes ? size - 1 : bytes);
		if (!csf_score_check(scale, counts))
			return 0;
	}
	text[0] = '\0';
	csf_score_print(scale, counts, text);
	check(strlen(text) < CSF_SCORE_TEXT_MAX && csf_score_parse(scale, text, again) &&
		  memcmp(counts, again, bytes) == 0);
	all = csf_score_count(scale, counts, INT32_MIN, INT32_MAX);
	mean = csf_score_mean(scale, counts);
	check(all > 0 && mean >= scale->least - 1e-9 && mean <= scale->greatest + 1e-9);
	check(csf_score_merge(scale, again, counts) == (all <= INT64_MAX / 2));
	check(csf_score_check(scale, again));
	return 0;
}
