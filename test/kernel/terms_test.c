/*
 * terms_test.c
 *		Terms that could be keywords (handbook B2): which they are, and that a keyword made of one matches where it was found.
 */
#include "kernel/matcher.h"
#include "kernel/terms.h"

#include "tap.h"

#define TEXTS 3000

static void
print_terms(const char *text, char *list, size_t size)
{
	csf_terms terms;
	size_t at = 0;

	csf_terms_find(text, strlen(text), &terms);
	for (int i = 0; i < terms.n && at + 200 < size; i++)
	{
		if (i > 0)
			list[at++] = '|';
		for (int k = 0; k < terms.at[i].n; k++)
			at += (size_t) csf_utf8_put(terms.text.code[terms.at[i].start + k], list + at);
	}
	list[at] = '\0';
	csf_terms_free(&terms);
}

static void
check(const char *text, const char *want)
{
	char list[4096];
	char name[256];

	print_terms(text, list, sizeof(list));
	snprintf(name, sizeof(name), "B2: terms of '%.60s'", text);
	is_text(list, want, name);
}

static bool
occurs(const csf_matcher *matcher, const csf_folded *text, const csf_match_ends *ends, int32 pattern)
{
	for (int i = 0; i < ends->n; i++)
		for (int32 state = ends->at[i].state; state != 0; state = csf_matcher_shorter(matcher, state))
			if (csf_matcher_pattern(matcher, state) == pattern &&
				csf_matcher_at_word_edges(text, ends->at[i].end, csf_matcher_length(matcher, pattern)))
				return true;
	return false;
}

/* The first term that a keyword of the same letters would not find, or -1; -2 when a term is there twice. */
static int
first_lost(const char *text, size_t length)
{
	csf_terms terms;
	csf_match_ends ends = {0};
	int lost = -1;

	csf_terms_find(text, length, &terms);
	if (terms.n > 0)
	{
		csf_pattern *patterns = csf_alloc((size_t) terms.n * sizeof(csf_pattern));
		int32 *pattern_of = csf_alloc((size_t) terms.n * sizeof(int32));
		csf_matcher *matcher;

		for (int i = 0; i < terms.n; i++)
			patterns[i] = (csf_pattern){&terms.text.code[terms.at[i].start], terms.at[i].n};
		matcher = csf_matcher_build(patterns, terms.n, pattern_of);
		csf_matcher_scan(matcher, &terms.text, &ends);
		for (int i = 0; i < terms.n && lost == -1; i++)
			if (!occurs(matcher, &terms.text, &ends, pattern_of[i]))
				lost = i;
		if (csf_matcher_patterns(matcher) != terms.n)
			lost = -2;
		csf_matcher_free(matcher);
		csf_free(patterns);
		csf_free(pattern_of);
		if (ends.at != NULL)
			csf_free(ends.at);
	}
	csf_terms_free(&terms);
	return lost;
}

static void
check_random_texts(uint32 seed)
{
	static const char *const pieces[] = {"a",  "bc", "Card", "don't", "'",  "’",   " ", "  ",
										 "\n", "退", "款",   "延",    "遲", "，",  "5", "_",
										 "é",  "한", "カ",   "😀",     "-",  "\xFF"};
	uint32 state = seed;
	int lost = -1;

	for (int round = 0; round < TEXTS && lost == -1; round++)
	{
		char text[400] = "";

		for (int i = 0; i < 40; i++)
		{
			state = state * 1664525u + 1013904223u;
			strcat(text, pieces[(state >> 16) % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		lost = first_lost(text, strlen(text));
	}
	ok(lost == -1, "B2: %d random texts, seed %u: every term is there once and matches as a keyword", TEXTS,
	   seed);
}

int
main(void)
{
	check("", "");
	check("退", "");
	check("退款延遲了", "退款|退款延|退款延迟|款延|款延迟|款延迟了|延迟|延迟了|迟了");
	check("退款，退款", "退款");
	check("iPhone退款 ok", "iphone|退款|ok");
	check("I lost my  card", "lost|i lost|my|lost my|card|my card");
	check("a b", "a b");
	check("card. card, card", "card");
	check("don't ''quoted'' o’clock", "don't|quoted|o’clock");
	check("rock 'n' roll", "rock|roll");
	check("ＰＡＹ　１０", "pay|10|pay 10");
	check_random_texts(42);
	return done_testing();
}
