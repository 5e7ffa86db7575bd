/*
 * matcher.h
 *		Finds every occurrence of many patterns in one pass over a folded text (Aho-Corasick).
 *
 * The time is linear in the text plus, at each place, the number of patterns that end there, which is at most the
 * number of different lengths in one chain of patterns that end in each other (款, 退款, 全额退款); it does not grow with the
 * number of patterns.
 */
#ifndef CSF_MATCHER_H
#define CSF_MATCHER_H

#include "kernel/fold.h"

#define CSF_NO_PATTERN (-1)

typedef struct csf_matcher csf_matcher;

/* A pattern to find: n > 0 folded code points, which must stay until the matcher is built. */
typedef struct csf_pattern
{
	const uint32 *code;
	int n;
} csf_pattern;

/* A place where at least one pattern ends: after the code point at index end. */
typedef struct csf_match_end
{
	int32 end;
	int32 state;
} csf_match_end;

typedef struct csf_match_ends
{
	csf_match_end *at; /* ascending by end */
	int n;
	int capacity;
} csf_match_ends;

/*
 * Builds from n patterns, which may repeat; pattern_of[i] receives the number, counted from 0, under which pattern i is
 * reported, the same for equal ones.
 */
extern csf_matcher *csf_matcher_build(const csf_pattern *patterns, int n, int32 *pattern_of);
extern int csf_matcher_patterns(const csf_matcher *matcher);
extern int csf_matcher_states(const csf_matcher *matcher);
extern size_t csf_matcher_memory(const csf_matcher *matcher);
extern void csf_matcher_free(csf_matcher *matcher);

/* Appends nothing to ends where nothing matches; ends->at is allocated on first need. */
extern void csf_matcher_scan(const csf_matcher *matcher, const csf_folded *text, csf_match_ends *ends);

/*
 * The patterns that end in a state, longest first: start with the state of a csf_match_end and go on until 0.
 *
 *		for (state = end.state; state != 0; state = csf_matcher_shorter(matcher, state))
 */
extern int32 csf_matcher_pattern(const csf_matcher *matcher, int32 state);
extern int32 csf_matcher_shorter(const csf_matcher *matcher, int32 state);
extern int csf_matcher_length(const csf_matcher *matcher, int32 pattern);

/* Whether the occurrence that ends after text->code[end] does not cut a word in two. */
extern bool csf_matcher_at_word_edges(const csf_folded *text, int32 end, int length);

#endif
