/*
 * fold.h
 *		The canonical form of text for matching: lower case, half width, simplified, without accents.
 *
 * Folding knows no locale and no library; it goes character by character over a pinned table, so the same text folds
 * the same everywhere and for ever. Folding a folded text changes nothing.
 */
#ifndef CSF_FOLD_H
#define CSF_FOLD_H

#include "kernel/kernel.h"

/*
 * A folded text. source[i] is the 0-based index of the character of the original that code[i] comes from, or of the
 * first one where several were composed; it never decreases.
 */
typedef struct csf_folded
{
	uint32 *code;
	int32 *source;
	int n;
	int characters; /* of the original */
} csf_folded;

typedef enum csf_fold_space
{
	CSF_FOLD_KEEP_SPACE,
	CSF_FOLD_SQUEEZE_SPACE /* any run of white space, line ends included, becomes one space */
} csf_fold_space;

/* Writes code as UTF-8 to at least four bytes; returns how many were used. */
extern int csf_utf8_put(uint32 code, char *destination);

/* How many bytes of text fit into limit without cutting a character, for messages. */
extern int csf_utf8_clip(const char *text, int limit);

/*
 * Both allocate their result, to be freed with csf_folded_free and csf_free. One byte makes up to six code points (U+FDFA
 * is a phrase), so csf_fold takes at most CSF_MAX_FOLD_BYTES, which the caller sees to.
 */
#define CSF_MAX_FOLD_BYTES (64 * 1024 * 1024)
extern void csf_fold(const char *text, size_t length, csf_fold_space space, csf_folded *folded);
extern char *csf_fold_utf8(const char *text, size_t length, size_t *folded_length);
extern void csf_folded_free(csf_folded *folded);

/* Letters and digits of scripts that put spaces between words: where a word of them begins and ends matters. */
extern bool csf_is_word_character(uint32 code);

static inline bool
csf_is_space(uint32 code)
{
	if (code > 0x2029)
		return false;
	return code == ' ' || (code >= 0x09 && code <= 0x0D) || code == 0x85 || code == 0x1680 || code >= 0x2028;
}

#endif
