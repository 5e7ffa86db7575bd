/*
 * top_k.c
 *		The type csflow.top_k, its aggregates top_k() and rollup(), and what is read from it. States as in sketch_aggregate.c.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "kernel/top_k.h"
#include "types/result_rows.h"
#include "types/sketch.h"

PG_FUNCTION_INFO_V1(csf_top_k_in);
PG_FUNCTION_INFO_V1(csf_top_k_out);
PG_FUNCTION_INFO_V1(csf_top_k_recv);
PG_FUNCTION_INFO_V1(csf_top_k_send);
PG_FUNCTION_INFO_V1(csf_top_k_add_value);
PG_FUNCTION_INFO_V1(csf_top_k_combine);
PG_FUNCTION_INFO_V1(csf_top_k_final);
PG_FUNCTION_INFO_V1(csf_top_k_values);
PG_FUNCTION_INFO_V1(csf_top_k_count);
PG_FUNCTION_INFO_V1(csf_top_k_error);
PG_FUNCTION_INFO_V1(csf_top_k_places);

typedef struct working_top_k
{
	int32 vl_len_;
	uint8 form;
	uint8 reserved[3];
	csf_top_k top;
} working_top_k;

static working_top_k *
make_state(uint32 places, csf_top_k_room room)
{
	size_t size = offsetof(working_top_k, top) + csf_top_k_size(room);
	working_top_k *state = palloc(size);

	SET_VARSIZE(state, size);
	state->form = CSF_SKETCH_WORKING;
	memset(state->reserved, 0, sizeof(state->reserved));
	csf_top_k_init(&state->top, places, room);
	return state;
}

static bool
is_working(struct varlena *value)
{
	return VARSIZE_ANY_EXHDR(value) > 1 && *VARDATA_ANY(value) == CSF_SKETCH_WORKING;
}

/* What a value of either form holds; its parts lie in the value or in the current context. */
static void
open_argument(Datum datum, csf_top_k_content *content)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	if (is_working(value))
		csf_top_k_contents(&((working_top_k *) PG_DETOAST_DATUM(PointerGetDatum(value)))->top, content);
	else if (VARSIZE_ANY_EXHDR(value) < 1 || *VARDATA_ANY(value) != CSF_SKETCH_PACKED ||
			 !csf_top_k_unpack((uint8 *) VARDATA_ANY(value) + 1, VARSIZE_ANY_EXHDR(value) - 1, content))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "top_k")));
}

static Datum
packed_datum(const csf_top_k_content *content)
{
	size_t length = csf_top_k_pack(content, NULL);
	struct varlena *value = palloc(VARHDRSZ + 1 + length);

	SET_VARSIZE(value, VARHDRSZ + 1 + length);
	*VARDATA(value) = CSF_SKETCH_PACKED;
	csf_top_k_pack(content, (uint8 *) VARDATA(value) + 1);
	return PointerGetDatum(value);
}

/* -- Aggregates ---------------------------------------------------------------------------------------------------- */

static working_top_k *
add_value(working_top_k *state, const char *value, size_t length, uint64 count)
{
	csf_top_k_result result = csf_top_k_add(&state->top, value, length, count);

	if (unlikely(result == CSF_TOP_K_NO_ROOM))
	{
		working_top_k *grown = make_state(state->top.places, csf_top_k_grown_room(&state->top, length));

		csf_top_k_copy(&grown->top, &state->top);
		state = grown;
		result = csf_top_k_add(&state->top, value, length, count);
	}
	if (unlikely(result == CSF_TOP_K_OVERFLOW))
		csf_sketch_overflow();
	return state;
}

static working_top_k *
merge_content(working_top_k *state, const csf_top_k_content *content)
{
	uint64 counted = 0;

	for (size_t i = 0; i < content->items_count; i++)
		counted += content->items[i].count;
	if (!csf_top_k_join(&state->top, content->places, content->total, content->error, counted))
		csf_sketch_overflow();
	for (size_t i = 0; i < content->items_count; i++)
		state = add_value(state, content->items[i].value, content->items[i].length, content->items[i].count);
	return state;
}

/* The state that came in as argument 0, to be changed in place; a packed one, from an initial condition, is unpacked. */
static working_top_k *
state_argument(FunctionCallInfo fcinfo, uint32 places)
{
	struct varlena *value;
	csf_top_k_content content;

	if (PG_ARGISNULL(0))
		return make_state(places, csf_top_k_least_room());
	value = (struct varlena *) PG_GETARG_POINTER(0);
	if (likely(VARATT_IS_4B_U(value) && *VARDATA(value) == CSF_SKETCH_WORKING))
		return (working_top_k *) value;
	open_argument(PG_GETARG_DATUM(0), &content);
	return merge_content(make_state(content.places, csf_top_k_least_room()), &content);
}

static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

static uint32
places_argument(FunctionCallInfo fcinfo)
{
	int32 places = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);

	if (places < 1 || places > CSF_TOP_K_PLACES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("top_k cannot keep %s places", PG_ARGISNULL(2) ? "NULL" : psprintf("%d", places)),
				 errhint("Give a number from 1 to %d.", CSF_TOP_K_PLACES_MAX)));
	return (uint32) places;
}

Datum
csf_top_k_add_value(PG_FUNCTION_ARGS)
{
	working_top_k *state;
	uint32 places;
	text *value;

	csf_require_aggregate(fcinfo, "top_k", "_add");
	places = places_argument(fcinfo);
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	value = PG_GETARG_TEXT_PP(1);
	if (VARSIZE_ANY_EXHDR(value) > CSF_TOP_K_VALUE_MAX)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("top_k cannot count a value of %d bytes", (int) VARSIZE_ANY_EXHDR(value)),
						errdetail("Values have at most %d bytes.", CSF_TOP_K_VALUE_MAX),
						errhint("Count left(value, 200), or a digest of the value.")));
	state = state_argument(fcinfo, places);
	if (state->top.places != places)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("top_k cannot keep %u and %u places at once", state->top.places, places),
						errhint("Give the same number in all rows of a group.")));
	return PointerGetDatum(add_value(state, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), 1));
}

static working_top_k *
merge_working(working_top_k *state, const csf_top_k *other)
{
	uint64 counted = 0;

	for (uint32 i = 0; i < other->used; i++)
		counted += csf_top_k_item_at(other, i).count;
	if (!csf_top_k_join(&state->top, other->places, other->total, other->error, counted))
		csf_sketch_overflow();
	for (uint32 i = 0; i < other->used; i++)
	{
		csf_top_k_item item = csf_top_k_item_at(other, i);

		state = add_value(state, item.value, item.length, item.count);
	}
	return state;
}

/* Step of rollup(), and what puts the states of parallel workers together; the second argument has either form. */
Datum
csf_top_k_combine(PG_FUNCTION_ARGS)
{
	struct varlena *other;
	csf_top_k_content content;

	csf_require_aggregate(fcinfo, "top_k", "_combine");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	other = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	if (is_working(other))
	{
		working_top_k *working = (working_top_k *) PG_DETOAST_DATUM(PointerGetDatum(other));

		return PointerGetDatum(merge_working(state_argument(fcinfo, working->top.places), &working->top));
	}
	open_argument(PointerGetDatum(other), &content);
	return PointerGetDatum(merge_content(state_argument(fcinfo, content.places), &content));
}

Datum
csf_top_k_final(PG_FUNCTION_ARGS)
{
	csf_top_k_content content;

	open_argument(PG_GETARG_DATUM(0), &content);
	return packed_datum(&content);
}

/* -- Input and output ---------------------------------------------------------------------------------------------- */

Datum
csf_top_k_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	csf_top_k_content content;
	csf_fault fault;

	if (!csf_top_k_parse(text, &content, &fault))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "top_k", text),
				 errdetail("%s", fault.detail)));
	return packed_datum(&content);
}

Datum
csf_top_k_out(PG_FUNCTION_ARGS)
{
	csf_top_k_content content;

	open_argument(PG_GETARG_DATUM(0), &content);
	PG_RETURN_CSTRING(csf_top_k_print(&content));
}

Datum
csf_top_k_send(PG_FUNCTION_ARGS)
{
	csf_top_k_content content;
	StringInfoData message;

	open_argument(PG_GETARG_DATUM(0), &content);
	pq_begintypsend(&message);
	pq_sendint32(&message, content.places);
	pq_sendint64(&message, content.total);
	pq_sendint64(&message, content.error);
	pq_sendint32(&message, (uint32) content.items_count);
	for (size_t i = 0; i < content.items_count; i++)
	{
		const csf_top_k_item *item = &content.items[i];
		char *value = pg_server_to_client(item->value, (int) item->length);
		size_t length = value == item->value ? item->length : strlen(value);

		pq_sendint64(&message, item->count);
		pq_sendint32(&message, (uint32) length);
		pq_sendbytes(&message, value, (int) length);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* In the client's encoding, where the order of bytes may differ; so values are put in order again. */
Datum
csf_top_k_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	csf_top_k_content content;
	csf_fault fault;
	uint32 items;

	content.places = pq_getmsgint(message, 4);
	content.total = (uint64) pq_getmsgint64(message);
	content.error = (uint64) pq_getmsgint64(message);
	items = pq_getmsgint(message, 4);
	content.items = palloc(sizeof(csf_top_k_item) * 16);
	for (content.items_count = 0; content.items_count < items; content.items_count++)
	{
		csf_top_k_item *item;
		int length;

		if (content.items_count >= 16 && (content.items_count & (content.items_count - 1)) == 0)
			content.items = repalloc_huge(content.items, sizeof(csf_top_k_item) * content.items_count * 2);
		item = &content.items[content.items_count];
		item->count = (uint64) pq_getmsgint64(message);
		item->value = pq_getmsgtext(message, (int) pq_getmsgint(message, 4), &length);
		item->length = (size_t) length;
	}
	if (!csf_top_k_arrange(&content, &fault))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: %u values", "top_k", items),
						errdetail("%s", fault.detail)));
	return packed_datum(&content);
}

/* -- What it tells ------------------------------------------------------------------------------------------------- */

Datum
csf_top_k_values(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	csf_top_k_content content;

	open_argument(PG_GETARG_DATUM(0), &content);
	result = csf_result_rows(fcinfo);
	for (size_t i = 0; i < content.items_count && i < content.places; i++)
	{
		const csf_top_k_item *item = &content.items[i];
		Datum row[4] = {Int32GetDatum((int32) i + 1),
						PointerGetDatum(cstring_to_text_with_len(item->value, (int) item->length)),
						Int64GetDatum((int64) item->count),
						Int64GetDatum((int64) (item->count + content.error))};
		bool nulls[4] = {false, false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	return (Datum) 0;
}

Datum
csf_top_k_count(PG_FUNCTION_ARGS)
{
	csf_top_k_content content;

	open_argument(PG_GETARG_DATUM(0), &content);
	PG_RETURN_INT64((int64) content.total);
}

Datum
csf_top_k_error(PG_FUNCTION_ARGS)
{
	csf_top_k_content content;

	open_argument(PG_GETARG_DATUM(0), &content);
	PG_RETURN_INT64((int64) content.error);
}

Datum
csf_top_k_places(PG_FUNCTION_ARGS)
{
	csf_top_k_content content;

	open_argument(PG_GETARG_DATUM(0), &content);
	PG_RETURN_INT32((int32) content.places);
}
