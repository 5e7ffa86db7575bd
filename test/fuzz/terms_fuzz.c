/*
 * terms_fuzz.c
 *		The terms of any bytes: inside the text, of the promised lengths, each once.
 */
#include "kernel/terms.h"

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_term(const csf_terms *terms, const csf_term *term)
{
	require(term->start >= 0 && term->n >= 2 && term->start + term->n <= terms->text.n);
	require(term->words >= 0 && term->words <= 2);
	require(term->words != 0 || term->n <= CSF_TERM_MAX_CHARACTERS);
	require(term->n <= 2 * CSF_TERM_MAX_WORD_CHARACTERS + 1);
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	csf_terms terms;

	csf_terms_find((const char *) data, size, &terms);
	for (int i = 0; i < terms.n; i++)
	{
		check_term(&terms, &terms.at[i]);
		for (int k = 0; k < i && i < 1000; k++)
			require(terms.at[i].n != terms.at[k].n ||
					memcmp(&terms.text.code[terms.at[i].start], &terms.text.code[terms.at[k].start],
						   (size_t) terms.at[i].n * sizeof(uint32)) != 0);
	}
	csf_terms_free(&terms);
	return 0;
}
