/*
 * health.c
 *		The type csflow.health and its aggregates health(), business_health() and rollup(). States as in sketch_aggregate.c.
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "kernel/health.h"
#include "types/sketch.h"

PG_FUNCTION_INFO_V1(csf_health_in);
PG_FUNCTION_INFO_V1(csf_health_out);
PG_FUNCTION_INFO_V1(csf_health_recv);
PG_FUNCTION_INFO_V1(csf_health_send);
PG_FUNCTION_INFO_V1(csf_health_add);
PG_FUNCTION_INFO_V1(csf_health_add_business);
PG_FUNCTION_INFO_V1(csf_health_combine);
PG_FUNCTION_INFO_V1(csf_health_final);
PG_FUNCTION_INFO_V1(csf_health_merge);
PG_FUNCTION_INFO_V1(csf_health_count_sql);
PG_FUNCTION_INFO_V1(csf_health_sketch_sql);
PG_FUNCTION_INFO_V1(csf_health_pct);

typedef struct working_health
{
	int32 vl_len_;
	uint8 form;
	uint8 reserved[3];
	csf_health health;
} working_health;

#define NO_SHAPE ((csf_sketch_shape){0, 0, 0})

CSF_NORETURN static void
damaged(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("damaged value of type %s", "health")));
	pg_unreachable();
}

static working_health *
copy_state(const csf_health *from, int which, csf_sketch_shape shape)
{
	size_t size = offsetof(working_health, health) + csf_health_size(from, which, shape);
	working_health *state = palloc(size);

	SET_VARSIZE(state, size);
	state->form = CSF_SKETCH_WORKING;
	memset(state->reserved, 0, sizeof(state->reserved));
	csf_health_copy(&state->health, from, which, shape);
	return state;
}

static Datum
packed_datum(const csf_health *health)
{
	size_t length = csf_health_pack(health, NULL);
	struct varlena *value = palloc(VARHDRSZ + 1 + length);

	SET_VARSIZE(value, VARHDRSZ + 1 + length);
	*VARDATA(value) = CSF_SKETCH_PACKED;
	csf_health_pack(health, (uint8 *) VARDATA(value) + 1);
	return PointerGetDatum(value);
}

static bool
is_working(struct varlena *value)
{
	return VARSIZE_ANY_EXHDR(value) > 1 && *VARDATA_ANY(value) == CSF_SKETCH_WORKING;
}

/* A value in its packed form: its own, or made from a state. */
static struct varlena *
packed_argument(Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);

	if (is_working(value))
		value = (struct varlena *) DatumGetPointer(
			packed_datum(&((working_health *) PG_DETOAST_DATUM(PointerGetDatum(value)))->health));
	if (VARSIZE_ANY_EXHDR(value) < 1 || *VARDATA_ANY(value) != CSF_SKETCH_PACKED)
		damaged();
	return value;
}

static void
open_argument(Datum datum, csf_health_view *view)
{
	struct varlena *value = packed_argument(datum);

	if (!csf_health_open((uint8 *) VARDATA_ANY(value) + 1, VARSIZE_ANY_EXHDR(value) - 1, view))
		damaged();
}

/* -- Aggregates ---------------------------------------------------------------------------------------------------- */

/* The state with room in one sketch for so many more values of this range; a copy where it lacks. */
static working_health *
make_room(working_health *state, int which, uint64 more, int64 least, int64 greatest)
{
	csf_sketch *sketch = csf_health_sketch_of(&state->health, which);
	csf_sketch_shape shape = csf_sketch_least_shape();
	union
	{
		csf_sketch sketch;
		uint64 space[8];
	} empty;

	if (sketch == NULL)
	{
		csf_sketch_init(&empty.sketch, shape);
		sketch = &empty.sketch;
	}
	else if (csf_sketch_fits(sketch, more, least, greatest))
		return state;
	if (sketch != &empty.sketch || !csf_sketch_fits(sketch, more, least, greatest))
		shape = csf_sketch_grown_shape(sketch, more, least, greatest);
	return copy_state(&state->health, which, shape);
}

static working_health *
merge_view(working_health *state, const csf_health_view *view)
{
	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
	{
		if (view->counts[i] > INT64_MAX - state->health.counts[i])
			csf_sketch_overflow();
		state->health.counts[i] += view->counts[i];
	}
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		csf_sketch_view sketch;

		if (view->length[i] == 0)
			continue;
		if (!csf_sketch_open(view->sketch[i], view->length[i], &sketch))
			damaged();
		state = make_room(state, i, sketch.count, sketch.min, sketch.max);
		if (sketch.count > INT64_MAX - csf_health_sketch_of(&state->health, i)->count)
			csf_sketch_overflow();
		if (!csf_sketch_merge_view(csf_health_sketch_of(&state->health, i), &sketch))
			damaged();
	}
	return state;
}

static working_health *
merge_working(working_health *state, const csf_health *other)
{
	for (int i = 0; i < CSF_HEALTH_COUNTS; i++)
	{
		if (other->counts[i] > INT64_MAX - state->health.counts[i])
			csf_sketch_overflow();
		state->health.counts[i] += other->counts[i];
	}
	for (int i = 0; i < CSF_HEALTH_SKETCHES; i++)
	{
		const csf_sketch *sketch = csf_health_sketch_of(other, i);

		if (sketch == NULL || sketch->count == 0)
			continue;
		state = make_room(state, i, sketch->count, sketch->min, sketch->max);
		if (!csf_sketch_merge(csf_health_sketch_of(&state->health, i), sketch))
			csf_sketch_overflow();
	}
	return state;
}

static working_health *
merge_value(working_health *state, Datum datum)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(datum);
	csf_health_view view;

	if (is_working(value))
		return merge_working(state, &((working_health *) PG_DETOAST_DATUM(PointerGetDatum(value)))->health);
	open_argument(PointerGetDatum(value), &view);
	return merge_view(state, &view);
}

static pg_noinline working_health *
new_state(FunctionCallInfo fcinfo)
{
	working_health *state = copy_state(NULL, -1, NO_SHAPE);

	return PG_ARGISNULL(0) ? state : merge_value(state, PG_GETARG_DATUM(0));
}

static inline working_health *
state_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);

	if (likely(!PG_ARGISNULL(0) && VARATT_IS_4B_U(value) && *VARDATA(value) == CSF_SKETCH_WORKING))
		return (working_health *) value;
	return new_state(fcinfo);
}

static inline working_health *
add_duration(working_health *state, FunctionCallInfo fcinfo, int argument, int which)
{
	csf_sketch *sketch;
	int64 value;

	if (PG_ARGISNULL(argument))
		return state;
	value = csf_duration(PG_GETARG_INTERVAL_P(argument));
	sketch = csf_health_sketch_of(&state->health, which);
	if (unlikely(sketch == NULL || !csf_sketch_add(sketch, value)))
	{
		state = make_room(state, which, 1, value, value);
		if (!csf_sketch_add(csf_health_sketch_of(&state->health, which), value))
			csf_sketch_overflow();
	}
	return state;
}

/* Tickets, those to which it happened, and how often in all; total is the first of three neighbouring counts. */
static inline void
add_events(csf_health *health, FunctionCallInfo fcinfo, int argument, int total, const char *what)
{
	int32 events;

	if (PG_ARGISNULL(argument))
		return;
	events = PG_GETARG_INT32(argument);
	if (unlikely(events < 0))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("number of %s is negative: %d", what, events)));
	health->counts[total]++;
	health->counts[total + 1] += events > 0;
	health->counts[total + 2] += (uint64) events;
}

Datum
csf_health_add(PG_FUNCTION_ARGS)
{
	working_health *state;

	csf_require_aggregate(fcinfo, "health", "_add");
	state = state_argument(fcinfo);
	state = add_duration(state, fcinfo, 1, CSF_HEALTH_FIRST_RESPONSE);
	state = add_duration(state, fcinfo, 2, CSF_HEALTH_RESOLUTION);
	state = add_duration(state, fcinfo, 3, CSF_HEALTH_WAITING);
	add_events(&state->health, fcinfo, 4, CSF_HEALTH_TRANSFER_TOTAL, "transfers");
	add_events(&state->health, fcinfo, 5, CSF_HEALTH_REOPEN_TOTAL, "reopenings");
	if (!PG_ARGISNULL(6))
	{
		state->health.counts[CSF_HEALTH_FIRST_CONTACT_TOTAL]++;
		state->health.counts[CSF_HEALTH_FIRST_CONTACT] += PG_GETARG_BOOL(6);
	}
	state->health.counts[CSF_HEALTH_TICKETS]++;
	return PointerGetDatum(state);
}

Datum
csf_health_add_business(PG_FUNCTION_ARGS)
{
	working_health *state;

	csf_require_aggregate(fcinfo, "health", "_add_business");
	state = state_argument(fcinfo);
	state = add_duration(state, fcinfo, 1, CSF_HEALTH_FIRST_RESPONSE_BUSINESS);
	state = add_duration(state, fcinfo, 2, CSF_HEALTH_RESOLUTION_BUSINESS);
	state = add_duration(state, fcinfo, 3, CSF_HEALTH_WAITING_BUSINESS);
	return PointerGetDatum(state);
}

Datum
csf_health_combine(PG_FUNCTION_ARGS)
{
	csf_require_aggregate(fcinfo, "health", "_combine");
	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	}
	return PointerGetDatum(merge_value(state_argument(fcinfo), PG_GETARG_DATUM(1)));
}

Datum
csf_health_final(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(packed_argument(PG_GETARG_DATUM(0)));
}

Datum
csf_health_merge(PG_FUNCTION_ARGS)
{
	working_health *state = merge_value(copy_state(NULL, -1, NO_SHAPE), PG_GETARG_DATUM(0));

	return packed_datum(&merge_value(state, PG_GETARG_DATUM(1))->health);
}

/* -- Input and output ---------------------------------------------------------------------------------------------- */

static Datum
datum_from_packed(const uint8 *packed, size_t length)
{
	struct varlena *value = palloc(VARHDRSZ + 1 + length);

	SET_VARSIZE(value, VARHDRSZ + 1 + length);
	*VARDATA(value) = CSF_SKETCH_PACKED;
	memcpy(VARDATA(value) + 1, packed, length);
	return PointerGetDatum(value);
}

Datum
csf_health_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	csf_fault fault;
	size_t length;
	uint8 *packed = csf_health_parse(text, strlen(text), &length, &fault);

	if (packed == NULL)
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "health", text),
				 errdetail("%s", fault.detail)));
	return datum_from_packed(packed, length);
}

Datum
csf_health_out(PG_FUNCTION_ARGS)
{
	csf_health_view view;

	open_argument(PG_GETARG_DATUM(0), &view);
	PG_RETURN_CSTRING(csf_health_print(&view));
}

Datum
csf_health_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int form = pq_getmsgbyte(message);
	int length = message->len - message->cursor;
	const uint8 *packed = (const uint8 *) pq_getmsgbytes(message, length);
	csf_fault fault;

	if (form != CSF_SKETCH_PACKED)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: format %d", "health", form)));
	if (!csf_health_check(packed, (size_t) length, &fault))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: %d bytes", "health", length),
						errdetail("%s", fault.detail)));
	return datum_from_packed(packed, (size_t) length);
}

Datum
csf_health_send(PG_FUNCTION_ARGS)
{
	struct varlena *value = packed_argument(PG_GETARG_DATUM(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbytes(&message, VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/* -- What it tells: the SQL functions name the count or the sketch ------------------------------------------------- */

static int
index_of(text *name, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (strlen(names[i]) == VARSIZE_ANY_EXHDR(name) &&
			memcmp(names[i], VARDATA_ANY(name), strlen(names[i])) == 0)
			return i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("health has no figure \"%.*s\"", (int) VARSIZE_ANY_EXHDR(name), VARDATA_ANY(name))));
	return -1;
}

Datum
csf_health_count_sql(PG_FUNCTION_ARGS)
{
	csf_health_view view;

	open_argument(PG_GETARG_DATUM(0), &view);
	PG_RETURN_INT64(
		(int64) view.counts[index_of(PG_GETARG_TEXT_PP(1), csf_health_count_names, CSF_HEALTH_COUNTS)]);
}

/* 100 * part / whole; NULL where there is no whole. */
Datum
csf_health_pct(PG_FUNCTION_ARGS)
{
	csf_health_view view;
	int part = index_of(PG_GETARG_TEXT_PP(1), csf_health_count_names, CSF_HEALTH_COUNTS);
	int whole = index_of(PG_GETARG_TEXT_PP(2), csf_health_count_names, CSF_HEALTH_COUNTS);

	open_argument(PG_GETARG_DATUM(0), &view);
	if (view.counts[whole] == 0)
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(100.0 * (double) view.counts[part] / (double) view.counts[whole]);
}

Datum
csf_health_sketch_sql(PG_FUNCTION_ARGS)
{
	csf_health_view view;
	int which = index_of(PG_GETARG_TEXT_PP(1), csf_health_sketch_names, CSF_HEALTH_SKETCHES);

	open_argument(PG_GETARG_DATUM(0), &view);
	if (view.length[which] == 0)
		PG_RETURN_NULL();
	return csf_sketch_datum_from_packed(view.sketch[which], view.length[which]);
}
