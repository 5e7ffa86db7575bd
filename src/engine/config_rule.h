/*
 * config_rule.h
 *		Keyword rules as rows: reading them, the bounds of amounts, and what could never work.
 */
#ifndef CSF_ENGINE_CONFIG_RULE_H
#define CSF_ENGINE_CONFIG_RULE_H

#include "postgres.h"

#include "access/htup.h"
#include "access/tupdesc.h"

#include "compat.h"
#include "engine/config.h"

/* A rule with the bounds of its amount, which the kernel knows as ranks only. */
typedef struct csf_rule_row
{
	csf_keyword_rule rule;
	bool has_at_least, has_below;
	Datum at_least, below; /* numeric */
} csf_rule_row;

/* A row with the columns of csflow.keyword_rule; strings in UTF-8, in the current context. */
extern void csf_read_rule_row(csf_rule_row *row, HeapTuple tuple, TupleDesc description);

/* The name of a field in rules and explanations, and back; an unknown name is CSF_FIELDS, which the kernel refuses. */
extern const char *csf_field_name(csf_field field);
extern csf_field csf_field_parse(const char *name);

/* Sorts the different bounds of the rules into *bounds, and tells each rule between which of them it fires. */
extern int csf_rank_rules(csf_rule_row *rows, int n, Datum **bounds);
/* How many of the bounds an amount reaches. */
extern int csf_amount_rank(const Datum *bounds, int n, Datum amount);

/* Whether a rule, taken alone, could never work: describes it. Allocates in the current context. */
extern bool csf_rule_is_faulty(csf_rule_row *row, const csf_alias *aliases, int n_aliases, csf_fault *fault);

/* Raises SF011 for a keyword rule that the classifier refuses. */
CSF_NORETURN extern void csf_rule_fault(int64 rule_id, const csf_fault *fault);

#endif
