/*
 * config_history.h
 *		What the rules of a desk were before each change of them (csflow.rule_history).
 */
#ifndef CSF_ENGINE_CONFIG_HISTORY_H
#define CSF_ENGINE_CONFIG_HISTORY_H

#include "postgres.h"

#include "commands/trigger.h"

/* Keeps what a row was before its change, if its table is one that classification needs; after the version was raised. */
extern void csf_history_keep(TriggerData *data);
/* The same for all rows of a table that is about to be truncated. */
extern void csf_history_keep_all(const char *table);

#endif
