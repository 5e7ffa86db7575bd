/*
 * similarity.h
 *		How alike two texts are, by their pairs of neighbouring characters.
 */
#ifndef CSF_SIMILARITY_H
#define CSF_SIMILARITY_H

#include "kernel/fold.h"

/*
 * Twice the number of common bigrams over the number of all (Dice), 0 to 1, in linear time. Bigrams are of the folded
 * text without white space and punctuation and are counted as often as they occur. A text with fewer than two such
 * characters is either equal to the other, 1, or not, 0. Neither length may exceed CSF_MAX_FOLD_BYTES.
 */
extern double csf_text_similarity(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
