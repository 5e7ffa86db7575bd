/*
 * text.h
 *		Text values of the server for the modules that analyse them, and back.
 */
#ifndef CSF_TEXT_H
#define CSF_TEXT_H

#include "postgres.h"

/* The text as UTF-8, a copy only where it must be converted; refuses more than CSF_MAX_FOLD_BYTES. */
extern const char *csf_utf8_from_text(text *value, size_t *length);

/* The way back; refuses what the server's encoding or a text cannot hold. */
extern text *csf_text_from_utf8(const char *utf8, size_t length);

extern PGDLLEXPORT Datum csf_mask_personal_data_sql(PG_FUNCTION_ARGS);

#endif
