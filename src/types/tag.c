/*
 * tag.c
 *		The type csflow.tag. Its comparison and hash functions are those of bytea: kernel/tag.h says why that is its order.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "compat.h"
#include "types/encoding.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_tag_in);
PG_FUNCTION_INFO_V1(csf_tag_out);
PG_FUNCTION_INFO_V1(csf_tag_recv);
PG_FUNCTION_INFO_V1(csf_tag_send);
PG_FUNCTION_INFO_V1(csf_tag_from_parts);
PG_FUNCTION_INFO_V1(csf_tag_kind);
PG_FUNCTION_INFO_V1(csf_tag_domain);
PG_FUNCTION_INFO_V1(csf_tag_priority);
PG_FUNCTION_INFO_V1(csf_tag_larger);
PG_FUNCTION_INFO_V1(csf_tag_smaller);
PG_FUNCTION_INFO_V1(csf_tag_matches_sql);
PG_FUNCTION_INFO_V1(csf_tag_matches_support);

static csf_tag *
wrap(const char *stored, size_t length)
{
	csf_tag *tag = palloc(VARHDRSZ + length);

	SET_VARSIZE(tag, VARHDRSZ + length);
	memcpy(VARDATA(tag), stored, length);
	return tag;
}

static csf_tag *
pack(const csf_tag_parts *parts)
{
	char stored[CSF_TAG_STORED_MAX];

	return wrap(stored, csf_tag_pack(parts, stored));
}

csf_tag *
csf_tag_open(Datum datum, csf_tag_parts *parts)
{
	csf_tag *tag = PG_DETOAST_DATUM_PACKED(datum);

	csf_tag_unpack(VARDATA_ANY(tag), VARSIZE_ANY_EXHDR(tag), parts);
	return tag;
}

csf_tag *
csf_tag_make(const char *kind, size_t kind_length, const char *domain, size_t domain_length,
			 csf_priority priority)
{
	csf_tag_parts parts;
	csf_fault fault;

	parts.kind = csf_utf8_from_server(kind, kind_length, &parts.kind_length, NULL);
	parts.domain = csf_utf8_from_server(domain, domain_length, &parts.domain_length, NULL);
	parts.priority = priority;
	if (!csf_tag_check(&parts, &fault))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("no tag of kind \"%.*s\" and domain \"%.*s\"", (int) kind_length, kind,
							   (int) domain_length, domain),
						errdetail("%s", fault.detail), fault.hint[0] ? errhint("%s", fault.hint) : 0));
	return pack(&parts);
}

Datum
csf_tag_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	size_t length;
	const char *utf8 = csf_utf8_from_server(text, strlen(text), &length, fcinfo->context);
	csf_tag_parts parts;
	csf_fault fault;

	if (utf8 == NULL)
		PG_RETURN_NULL();
	if (!csf_tag_parse(utf8, length, &parts, &fault))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "tag", text),
				 errdetail("%s", fault.detail), fault.hint[0] ? errhint("%s", fault.hint) : 0));
	PG_RETURN_TAG(pack(&parts));
}

Datum
csf_tag_out(PG_FUNCTION_ARGS)
{
	csf_tag_parts parts;
	char text[CSF_TAG_TEXT_MAX];
	size_t length;

	csf_tag_open(PG_GETARG_DATUM(0), &parts);
	/* The suffix is decoration: where the database cannot hold it the letter alone reads back equal. */
	length = csf_tag_print(&parts, csf_server_takes_utf8(), text);
	PG_RETURN_CSTRING(csf_utf8_to_server(text, length));
}

/* A text of the message: four bytes of length and so many in the client's encoding. */
static const char *
receive_part(StringInfo message, const char *name, size_t *length)
{
	int raw_length = (int) pq_getmsgint(message, 4);
	int server_length;
	char *text;

	/* Any encoding takes at most four bytes a character, but a client may send blanks that are trimmed. */
	if (raw_length < 0 || raw_length > 2 * CSF_TAG_PART_BYTES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid length of the %s in the binary value for type %s: %d", name, "tag",
							   raw_length)));
	text = pq_getmsgtext(message, raw_length, &server_length);
	return csf_utf8_from_server(text, (size_t) server_length, length, NULL);
}

Datum
csf_tag_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	csf_tag_parts parts;
	csf_fault fault;

	parts.kind = receive_part(message, "kind", &parts.kind_length);
	parts.domain = receive_part(message, "domain", &parts.domain_length);
	parts.priority = (csf_priority) pq_getmsgbyte(message);
	if (!csf_tag_check(&parts, &fault))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: kind \"%s\", domain \"%s\", priority %d",
							   "tag", csf_utf8_to_server(parts.kind, parts.kind_length),
							   csf_utf8_to_server(parts.domain, parts.domain_length), (int) parts.priority),
						errdetail("%s", fault.detail), fault.hint[0] ? errhint("%s", fault.hint) : 0));
	PG_RETURN_TAG(pack(&parts));
}

static void
send_part(StringInfo message, const char *utf8, size_t length)
{
	char *server = csf_utf8_to_server(utf8, length);
	char *client = pg_server_to_client(server, (int) strlen(server));

	pq_sendint32(message, (uint32) strlen(client));
	pq_sendbytes(message, client, (int) strlen(client));
}

Datum
csf_tag_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;
	csf_tag_parts parts;

	csf_tag_open(PG_GETARG_DATUM(0), &parts);
	pq_begintypsend(&message);
	send_part(&message, parts.kind, parts.kind_length);
	send_part(&message, parts.domain, parts.domain_length);
	pq_sendbyte(&message, (uint8) parts.priority);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
csf_tag_from_parts(PG_FUNCTION_ARGS)
{
	text *kind = PG_GETARG_TEXT_PP(0);
	text *domain = PG_GETARG_TEXT_PP(1);

	PG_RETURN_TAG(csf_tag_make(VARDATA_ANY(kind), VARSIZE_ANY_EXHDR(kind), VARDATA_ANY(domain),
							   VARSIZE_ANY_EXHDR(domain), PG_GETARG_PRIORITY(2)));
}

Datum
csf_tag_kind(PG_FUNCTION_ARGS)
{
	csf_tag_parts parts;

	csf_tag_open(PG_GETARG_DATUM(0), &parts);
	PG_RETURN_TEXT_P(cstring_to_text(csf_utf8_to_server(parts.kind, parts.kind_length)));
}

Datum
csf_tag_domain(PG_FUNCTION_ARGS)
{
	csf_tag_parts parts;

	csf_tag_open(PG_GETARG_DATUM(0), &parts);
	PG_RETURN_TEXT_P(cstring_to_text(csf_utf8_to_server(parts.domain, parts.domain_length)));
}

Datum
csf_tag_priority(PG_FUNCTION_ARGS)
{
	csf_tag_parts parts;

	csf_tag_open(PG_GETARG_DATUM(0), &parts);
	PG_RETURN_PRIORITY(parts.priority);
}

/* The argument that sorts last, or first; detoasted, so that an aggregate never keeps a pointer into a TOAST table. */
static Datum
choose(FunctionCallInfo fcinfo, bool last)
{
	csf_tag *left = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	csf_tag *right = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	int order = csf_tag_compare(VARDATA_ANY(left), VARSIZE_ANY_EXHDR(left), VARDATA_ANY(right),
								VARSIZE_ANY_EXHDR(right));

	return CsfTagGetDatum((last ? order >= 0 : order <= 0) ? left : right);
}

Datum
csf_tag_larger(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(choose(fcinfo, true));
}

Datum
csf_tag_smaller(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(choose(fcinfo, false));
}

/* The parts of a search; they point into the text given or into a converted copy. Raises 22023 when it is malformed. */
static void
open_pattern(text *pattern, csf_tag_parts *parts)
{
	size_t length;
	const char *utf8 = csf_utf8_from_server(VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), &length, NULL);
	csf_fault fault;

	if (!csf_tag_parse_pattern(utf8, length, parts, &fault))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid search for tags: \"%s\"", text_to_cstring(pattern)),
			 errdetail("%s", fault.detail),
			 errhint(
				 "Write kind-domain-priority with * for a part that may be anything; open parts at the end "
				 "may be left out.")));
}

Datum
csf_tag_matches_sql(PG_FUNCTION_ARGS)
{
	csf_tag_parts parts;
	csf_tag_parts pattern;

	open_pattern(PG_GETARG_TEXT_PP(1), &pattern);
	csf_tag_open(PG_GETARG_DATUM(0), &parts);
	PG_RETURN_BOOL(csf_tag_matches(&parts, &pattern));
}

/* The operator of the family for a strategy, applied to the indexed expression and a stored form. */
static Expr *
index_clause(SupportRequestIndexCondition *request, Node *indexed, Oid type, int strategy, const char *stored,
			 size_t length)
{
	Oid operator= get_opfamily_member(request->opfamily, type, type, strategy);
	Const *bound = makeConst(type, -1, InvalidOid, -1, CsfTagGetDatum(wrap(stored, length)), false, false);

	if (!OidIsValid(operator))
		elog(ERROR, "operator family %u lacks strategy %d for type %u", request->opfamily, strategy, type);
	return make_opclause(operator, BOOLOID, false, (Expr *) indexed, (Expr *) bound, InvalidOid, InvalidOid);
}

/*
 * The condition an index can check instead of "tag ~ pattern": a range of the btree order where the kind is fixed,
 * equality, which a hash index also answers, where all is. Only for our own families: another may order differently.
 */
static List *
index_conditions(SupportRequestIndexCondition *request, Node *indexed, text *pattern_text)
{
	Oid type = getBaseType(exprType(indexed));
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY | TYPECACHE_HASH_OPFAMILY);
	bool btree = request->opfamily == entry->btree_opf;
	csf_tag_parts pattern;
	char least[CSF_TAG_STORED_MAX];
	char greatest[CSF_TAG_STORED_MAX];
	size_t least_length;
	size_t greatest_length;
	bool exact;

	if (!btree && request->opfamily != entry->hash_opf)
		return NIL;
	open_pattern(pattern_text, &pattern);
	if (!csf_tag_bounds(&pattern, least, &least_length, greatest, &greatest_length, &exact))
		return NIL;
	request->lossy = !exact;
	if (csf_tag_compare(least, least_length, greatest, greatest_length) == 0)
		return list_make1(index_clause(request, indexed, type,
									   btree ? BTEqualStrategyNumber : HTEqualStrategyNumber, least,
									   least_length));
	if (!btree)
		return NIL;
	return list_make2(
		index_clause(request, indexed, type, BTGreaterEqualStrategyNumber, least, least_length),
		index_clause(request, indexed, type, BTLessEqualStrategyNumber, greatest, greatest_length));
}

Datum
csf_tag_matches_support(PG_FUNCTION_ARGS)
{
	Node *node = (Node *) PG_GETARG_POINTER(0);
	SupportRequestIndexCondition *request;
	List *arguments;
	Node *pattern;

	if (!IsA(node, SupportRequestIndexCondition))
		PG_RETURN_POINTER(NULL);
	request = (SupportRequestIndexCondition *) node;
	if (IsA(request->node, OpExpr))
		arguments = ((OpExpr *) request->node)->args;
	else if (IsA(request->node, FuncExpr))
		arguments = ((FuncExpr *) request->node)->args;
	else
		PG_RETURN_POINTER(NULL);
	pattern = lsecond(arguments);
	if (request->indexarg != 0 || !IsA(pattern, Const) || ((Const *) pattern)->constisnull)
		PG_RETURN_POINTER(NULL);
	PG_RETURN_POINTER(
		index_conditions(request, linitial(arguments), DatumGetTextPP(((Const *) pattern)->constvalue)));
}
