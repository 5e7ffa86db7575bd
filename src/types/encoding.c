/*
 * encoding.c
 *		See encoding.h.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "compat.h"
#include "types/encoding.h"

bool
csf_server_takes_utf8(void)
{
	return GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII;
}

const char *
csf_utf8_from_server(const char *text, size_t length, size_t *utf8_length, Node *escontext)
{
	char *utf8;

	*utf8_length = length;
	if (GetDatabaseEncoding() == PG_UTF8)
		return text;
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		if (!pg_verify_mbstr(PG_UTF8, text, (int) length, true))
			ereturn(escontext, NULL,
					(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
					 errmsg("text in a database with encoding SQL_ASCII is not valid UTF-8"),
					 errhint("Send UTF-8, or use a database with encoding UTF8.")));
		return text;
	}
	utf8 = pg_server_to_any(text, (int) length, PG_UTF8);
	if (utf8 != text)
		*utf8_length = strlen(utf8);
	return utf8;
}

char *
csf_utf8_to_server(const char *text, size_t length)
{
	char *copy = pnstrdup(text, length);

	return csf_server_takes_utf8() ? copy : pg_any_to_server(copy, (int) length, PG_UTF8);
}
