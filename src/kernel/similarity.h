/*
 * similarity.h
 *		How alike two texts are, by their pairs of neighbouring characters.
 */
#ifndef CSF_SIMILARITY_H
#define CSF_SIMILARITY_H

#include "kernel/fold.h"

/* One text made ready to be compared with many, which saves half of each comparison. */
typedef struct csf_bigram csf_bigram;
typedef struct csf_similarity
{
	csf_folded folded; /* its letters, or its marks where it has none */
	bool has_letters;
	csf_bigram *table;
	uint64 mask;
	uint64 comparisons;
} csf_similarity;

extern void csf_similarity_begin(csf_similarity *similarity, const char *text, size_t length);
extern void csf_similarity_end(csf_similarity *similarity);

/* Of texts less alike than the minimum it is enough to know that: the result may be 0 then. */
extern double csf_similarity_to(csf_similarity *similarity, const char *text, size_t length, double minimum);

/*
 * Twice the number of common bigrams over the number of all (Dice), 0 to 1, in linear time. Bigrams are of the folded
 * text without white space and punctuation and are counted as often as they occur. A text with fewer than two such
 * characters is either equal to the other, 1, or not, 0. Neither length may exceed CSF_MAX_FOLD_BYTES.
 */
extern double csf_text_similarity(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
