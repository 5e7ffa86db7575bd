/*
 * sketch_aggregate.c
 *		The aggregates duration_sketch() and rollup(), also over moving windows.
 *
 * The state is a value of the type in its working form, changed in place: returning the pointer that came in tells the
 * executor that there is nothing to copy. Where a state must grow, a larger one is made in the caller's short-lived context
 * and the executor copies it to where states live and frees the old one.
 */
#include "postgres.h"

#include "types/sketch.h"

PG_FUNCTION_INFO_V1(csf_sketch_add_interval);
PG_FUNCTION_INFO_V1(csf_sketch_add_seconds);
PG_FUNCTION_INFO_V1(csf_sketch_combine);
PG_FUNCTION_INFO_V1(csf_sketch_final);
PG_FUNCTION_INFO_V1(csf_sketch_add_interval_moving);
PG_FUNCTION_INFO_V1(csf_sketch_add_seconds_moving);
PG_FUNCTION_INFO_V1(csf_sketch_combine_moving);
PG_FUNCTION_INFO_V1(csf_sketch_remove_interval);
PG_FUNCTION_INFO_V1(csf_sketch_remove_seconds);
PG_FUNCTION_INFO_V1(csf_sketch_remove_sketch);

/* Moving windows are another kind of aggregate. */
void
csf_require_other_aggregate(FunctionCallInfo fcinfo, const char *type, const char *step)
{
	if (AggCheckCallContext(fcinfo, NULL) == 0)
		ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						errmsg("function csflow.%s%s is part of an aggregate and cannot be called by itself",
							   type, step)));
}

static csf_working_sketch *
make_state(csf_sketch_shape shape)
{
	size_t size = offsetof(csf_working_sketch, sketch) + csf_sketch_size(shape);
	csf_working_sketch *state = palloc(size);

	SET_VARSIZE(state, size);
	state->form = CSF_SKETCH_WORKING;
	memset(state->reserved, 0, sizeof(state->reserved));
	csf_sketch_init(&state->sketch, shape);
	return state;
}

static csf_working_sketch *
grown_state(const csf_working_sketch *state, uint64 more, int64 least, int64 greatest)
{
	csf_working_sketch *grown = make_state(csf_sketch_grown_shape(&state->sketch, more, least, greatest));

	csf_sketch_merge(&grown->sketch, &state->sketch);
	return grown;
}

static pg_noinline csf_working_sketch *
new_state(FunctionCallInfo fcinfo)
{
	csf_working_sketch *state;
	csf_sketch_view view;

	if (PG_ARGISNULL(0))
		return make_state(csf_sketch_least_shape());
	csf_sketch_open_datum(PG_GETARG_DATUM(0), &view);
	state = make_state(csf_sketch_least_shape());
	if (!csf_sketch_fits(&state->sketch, view.count, view.min, view.max))
		state = grown_state(state, view.count, view.min, view.max);
	if (!csf_sketch_merge_view(&state->sketch, &view))
		csf_sketch_damaged();
	return state;
}

/* The state that came in as argument 0, to be changed in place; a packed one, from an initial condition, is unpacked. */
static inline csf_working_sketch *
state_argument(FunctionCallInfo fcinfo)
{
	struct varlena *value = (struct varlena *) PG_GETARG_POINTER(0);

	if (likely(!PG_ARGISNULL(0) && VARATT_IS_4B_U(value) && *VARDATA(value) == CSF_SKETCH_WORKING))
		return (csf_working_sketch *) value;
	return new_state(fcinfo);
}

static inline Datum
add_value(FunctionCallInfo fcinfo, int64 value)
{
	csf_working_sketch *state = state_argument(fcinfo);

	if (unlikely(!csf_sketch_add(&state->sketch, value)))
	{
		state = grown_state(state, 1, value, value);
		if (!csf_sketch_add(&state->sketch, value))
			csf_sketch_overflow();
	}
	return PointerGetDatum(state);
}

/* Without a value the state stays as it is, none if there is none; the state of a moving aggregate is always there. */
static Datum
unchanged(FunctionCallInfo fcinfo, bool moving)
{
	if (!PG_ARGISNULL(0))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	if (moving)
		PG_RETURN_POINTER(make_state(csf_sketch_least_shape()));
	PG_RETURN_NULL();
}

static inline Datum
add_interval(FunctionCallInfo fcinfo, bool moving)
{
	csf_require_aggregate(fcinfo, "duration_sketch", moving ? "_add_moving" : "_add");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo, moving);
	return add_value(fcinfo, csf_duration(PG_GETARG_INTERVAL_P(1)));
}

Datum
csf_sketch_add_interval(PG_FUNCTION_ARGS)
{
	return add_interval(fcinfo, false);
}

Datum
csf_sketch_add_interval_moving(PG_FUNCTION_ARGS)
{
	return add_interval(fcinfo, true);
}

static inline Datum
add_seconds(FunctionCallInfo fcinfo, bool moving)
{
	csf_require_aggregate(fcinfo, "duration_sketch", moving ? "_add_seconds_moving" : "_add_seconds");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo, moving);
	return add_value(fcinfo, csf_duration_from_seconds(PG_GETARG_FLOAT8(1)));
}

Datum
csf_sketch_add_seconds(PG_FUNCTION_ARGS)
{
	return add_seconds(fcinfo, false);
}

Datum
csf_sketch_add_seconds_moving(PG_FUNCTION_ARGS)
{
	return add_seconds(fcinfo, true);
}

static csf_working_sketch *
merge_working(csf_working_sketch *state, const csf_sketch *other)
{
	if (other->count == 0)
		return state;
	if (!csf_sketch_fits(&state->sketch, other->count, other->min, other->max))
		state = grown_state(state, other->count, other->min, other->max);
	if (!csf_sketch_merge(&state->sketch, other))
		csf_sketch_overflow();
	return state;
}

static csf_working_sketch *
merge_packed(csf_working_sketch *state, const csf_sketch_view *view)
{
	if (view->count > INT64_MAX - state->sketch.count)
		csf_sketch_overflow();
	if (!csf_sketch_fits(&state->sketch, view->count, view->min, view->max))
		state = grown_state(state, view->count, view->min, view->max);
	if (!csf_sketch_merge_view(&state->sketch, view))
		csf_sketch_damaged();
	return state;
}

static Datum
combine(FunctionCallInfo fcinfo, bool moving)
{
	csf_working_sketch *state;
	struct varlena *other;
	csf_sketch_view view;

	csf_require_aggregate(fcinfo, "duration_sketch", moving ? "_combine_moving" : "_combine");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo, moving);
	state = state_argument(fcinfo);
	other = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	if (VARSIZE_ANY_EXHDR(other) > 1 && *VARDATA_ANY(other) == CSF_SKETCH_WORKING)
	{
		csf_working_sketch *working = (csf_working_sketch *) PG_DETOAST_DATUM(PointerGetDatum(other));

		return PointerGetDatum(merge_working(state, &working->sketch));
	}
	csf_sketch_open_datum(PointerGetDatum(other), &view);
	return PointerGetDatum(merge_packed(state, &view));
}

/* Step of rollup(), and what puts the states of parallel workers together; the second argument has either form. */
Datum
csf_sketch_combine(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, false);
}

Datum
csf_sketch_combine_moving(PG_FUNCTION_ARGS)
{
	return combine(fcinfo, true);
}

/* -- Moving windows: what left the frame is taken back ------------------------------------------------------------- */

static Datum
removed(FunctionCallInfo fcinfo, int64 value)
{
	csf_working_sketch *state = state_argument(fcinfo);

	if (!csf_sketch_remove(&state->sketch, value))
		elog(ERROR, "a duration that was not counted leaves a moving window");
	return PointerGetDatum(state);
}

Datum
csf_sketch_remove_interval(PG_FUNCTION_ARGS)
{
	csf_require_aggregate(fcinfo, "duration_sketch", "_remove");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo, true);
	return removed(fcinfo, csf_duration(PG_GETARG_INTERVAL_P(1)));
}

Datum
csf_sketch_remove_seconds(PG_FUNCTION_ARGS)
{
	csf_require_aggregate(fcinfo, "duration_sketch", "_remove_seconds");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo, true);
	return removed(fcinfo, csf_duration_from_seconds(PG_GETARG_FLOAT8(1)));
}

Datum
csf_sketch_remove_sketch(PG_FUNCTION_ARGS)
{
	csf_working_sketch *state;
	csf_sketch_view view;

	csf_require_aggregate(fcinfo, "duration_sketch", "_remove_sketch");
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo, true);
	state = state_argument(fcinfo);
	csf_sketch_open_datum(PG_GETARG_DATUM(1), &view);
	if (!csf_sketch_remove_view(&state->sketch, &view))
		csf_sketch_damaged();
	return PointerGetDatum(state);
}

Datum
csf_sketch_final(PG_FUNCTION_ARGS)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	csf_working_sketch *state;

	if (*VARDATA_ANY(value) != CSF_SKETCH_WORKING)
		PG_RETURN_POINTER(value);
	state = (csf_working_sketch *) PG_DETOAST_DATUM(PointerGetDatum(value));
	if (state->sketch.count == 0)
		PG_RETURN_NULL();
	return csf_sketch_datum(&state->sketch);
}
