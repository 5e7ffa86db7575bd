/*
 * matcher_fuzz.c
 *		The automaton against a plain search: lines are patterns, the last one is the text.
 */
#include "kernel/alias.h"

#define MAX_PATTERNS 64

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* What occurs at which end, found the slow way, must be what the automaton says, longest first. */
static void
compare(const csf_matcher *matcher, const csf_pattern *patterns, int n, const int32 *pattern_of,
		const csf_folded *text, const csf_match_ends *ends)
{
	int next = 0;

	for (int end = 0; end < text->n; end++)
	{
		int32 state = next < ends->n && ends->at[next].end == end ? ends->at[next++].state : 0;

		for (int length = end + 1; length > 0; length--)
		{
			int found = -1;

			for (int i = 0; i < n && found < 0; i++)
				if (patterns[i].n == length && memcmp(patterns[i].code, &text->code[end + 1 - length],
													  (size_t) length * sizeof(uint32)) == 0)
					found = i;
			if (found < 0)
				continue;
			require(state != 0 && csf_matcher_pattern(matcher, state) == pattern_of[found]);
			require(csf_matcher_length(matcher, pattern_of[found]) == length);
			state = csf_matcher_shorter(matcher, state);
		}
		require(state == 0);
	}
	require(next == ends->n);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	char *copy = csf_alloc(size + 1);
	char *line = copy;
	csf_pattern patterns[MAX_PATTERNS];
	int32 pattern_of[MAX_PATTERNS];
	int n = 0;
	csf_folded text;
	csf_match_ends ends = {NULL, 0, 0};
	csf_matcher *matcher;

	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] == 0 ? ' ' : (char) data[i];
	copy[size] = '\0';
	for (char *stop = strchr(line, '\n'); stop != NULL && n < MAX_PATTERNS; stop = strchr(line, '\n'))
	{
		*stop = '\0';
		patterns[n].code = csf_fold_pattern(line, &patterns[n].n);
		if (patterns[n].n > 0)
			n++;
		else
			csf_free((uint32 *) patterns[n].code);
		line = stop + 1;
	}
	csf_fold(line, strlen(line), CSF_FOLD_SQUEEZE_SPACE, &text);
	matcher = csf_matcher_build(patterns, n, pattern_of);
	csf_matcher_scan(matcher, &text, &ends);
	if (text.n <= 400)
		compare(matcher, patterns, n, pattern_of, &text, &ends);
	csf_matcher_free(matcher);
	csf_folded_free(&text);
	if (ends.at != NULL)
		csf_free(ends.at);
	for (int i = 0; i < n; i++)
		csf_free((uint32 *) patterns[i].code);
	csf_free(copy);
	return 0;
}
