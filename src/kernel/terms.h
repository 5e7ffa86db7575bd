/*
 * terms.h
 *		The terms of a text that could be keywords: runs of two to four characters, words, and pairs of words.
 *
 * Chinese (and every script that puts no spaces between words) gives each run of two to four neighbouring characters;
 * words of other scripts give themselves, if longer than a letter, and each pair with a single space between. A term is
 * folded and can be written as a pattern as it is: the matcher finds it wherever it was found here.
 */
#ifndef CSF_TERMS_H
#define CSF_TERMS_H

#include "kernel/fold.h"

#define CSF_TERM_MAX_CHARACTERS 4       /* of a run without spaces */
#define CSF_TERM_MAX_WORD_CHARACTERS 40 /* a pair of longer words could be too long for a pattern */

/* text.code[start] and what follows it, n code points. */
typedef struct csf_term
{
	int32 start;
	int16 n;
	int16 words; /* 0 a run of characters, 1 a word, 2 a pair of words */
} csf_term;

/* The different terms of a text, in the order in which they first occur. */
typedef struct csf_terms
{
	csf_folded text;
	csf_term *at;
	int n;
} csf_terms;

/* Of at most CSF_MAX_FOLD_BYTES, which the caller sees to; what is allocated is freed by csf_terms_free. */
extern void csf_terms_find(const char *text, size_t length, csf_terms *terms);
extern void csf_terms_free(csf_terms *terms);

#endif
