/*
 * encoding.h
 *		The border between the database's encoding and the kernel, which knows UTF-8 only.
 */
#ifndef CSF_ENCODING_H
#define CSF_ENCODING_H

#include "postgres.h"

#include "nodes/nodes.h"

/*
 * Text of the server as UTF-8: itself where nothing needs converting, otherwise a copy in the current memory context.
 * A database in SQL_ASCII promises nothing, so there the bytes are verified; when they are no UTF-8 the error goes to
 * escontext (NULL to throw) and the result is NULL.
 */
extern const char *csf_utf8_from_server(const char *text, size_t length, size_t *utf8_length,
										Node *escontext);

/* The way back; zero-terminated. Characters the server's encoding lacks raise an error. */
extern char *csf_utf8_to_server(const char *text, size_t length);

/* Whether the database stores UTF-8 as it is, so that any character can be sent without asking. */
extern bool csf_server_takes_utf8(void);

#endif
