/*
 * alias.h
 *		Words that mean the same (登入, 登录, 登陆): a pattern that contains one stands for all its spellings.
 */
#ifndef CSF_ALIAS_H
#define CSF_ALIAS_H

#include "kernel/matcher.h"

#define CSF_MAX_PATTERN_CHARACTERS 100

/* How many spellings one pattern may stand for. */
#define CSF_MAX_SPELLINGS 64

typedef struct csf_alias
{
	const char *word;
	const char *canonical;
} csf_alias;

typedef struct csf_alias_set csf_alias_set;

/*
 * Words that share a canonical word, directly or through others, form a class. An alias with an empty word or a single
 * letter is left out; *n_left_out receives how many, and fault describes the first of them.
 */
extern csf_alias_set *csf_alias_set_build(const csf_alias *aliases, int n, int *n_left_out, csf_fault *fault);
extern void csf_alias_set_free(csf_alias_set *set);

/*
 * Fills spellings with the pattern itself, first, and every spelling that replaces words of it by others of their
 * class, leftmost and longest words first; each is allocated. Returns how many, or 0 if there are more than
 * CSF_MAX_SPELLINGS; then nothing is allocated.
 */
extern int csf_alias_spellings(const csf_alias_set *set, const uint32 *code, int n, csf_pattern *spellings);

/* Folds a pattern, makes one space of each run of white space and removes it at both ends; n may come out as 0. */
extern uint32 *csf_fold_pattern(const char *pattern, int *n);

#endif
