/*
 * score.c
 *		The types csflow.csat, csflow.nps and csflow.ces: answers to a survey question, counted by score.
 *
 * They have a fixed length, so the state of their aggregates is the value itself and is changed in place.
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "kernel/score.h"
#include "types/sketch.h"

static const csf_score_scale csat_scale = {"csat", 1, 5};
static const csf_score_scale nps_scale = {"nps", 0, 10};
static const csf_score_scale ces_scale = {"ces", 1, 7};

static size_t
size_of(const csf_score_scale *scale)
{
	return sizeof(int64) * (size_t) csf_score_levels(scale);
}

static Datum
score_in(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	char *text = PG_GETARG_CSTRING(0);
	int64 *counts = palloc(size_of(scale));

	if (!csf_score_parse(scale, text, counts))
		ereturn(
			fcinfo->context, (Datum) 0,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", scale->name, text),
			 errdetail(
				 "The form is SCORE:COUNT with a blank between, scores ascending from %d to %d, counts from 1.",
				 scale->least, scale->greatest)));
	PG_RETURN_POINTER(counts);
}

static Datum
score_out(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	char *text = palloc(CSF_SCORE_TEXT_MAX);

	text[0] = '\0';
	csf_score_print(scale, (int64 *) PG_GETARG_POINTER(0), text);
	PG_RETURN_CSTRING(text);
}

static Datum
score_recv(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int64 *counts = palloc(size_of(scale));

	for (int i = 0; i < csf_score_levels(scale); i++)
		counts[i] = pq_getmsgint64(message);
	if (!csf_score_check(scale, counts))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s", scale->name),
						errdetail("A count is negative, or there is none, or more than 63 bits hold.")));
	PG_RETURN_POINTER(counts);
}

static Datum
score_send(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	int64 *counts = (int64 *) PG_GETARG_POINTER(0);
	StringInfoData message;

	pq_begintypsend(&message);
	for (int i = 0; i < csf_score_levels(scale); i++)
		pq_sendint64(&message, counts[i]);
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

static inline Datum
score_add(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	int64 *counts = PG_ARGISNULL(0) ? NULL : (int64 *) PG_GETARG_POINTER(0);
	int32 score;

	csf_require_aggregate(fcinfo, scale->name, "_add");
	if (PG_ARGISNULL(1))
	{
		if (counts == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(counts);
	}
	score = PG_GETARG_INT32(1);
	if (score < scale->least || score > scale->greatest)
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("%s score %d is not from %d to %d", scale->name, score, scale->least,
							   scale->greatest),
						errhint("No answer is NULL.")));
	if (counts == NULL)
		counts = palloc0(size_of(scale));
	counts[score - scale->least]++;
	PG_RETURN_POINTER(counts);
}

static Datum
score_combine(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	int64 *counts = PG_ARGISNULL(0) ? NULL : (int64 *) PG_GETARG_POINTER(0);

	csf_require_aggregate(fcinfo, scale->name, "_combine");
	if (PG_ARGISNULL(1))
	{
		if (counts == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(counts);
	}
	if (counts == NULL)
		counts = palloc0(size_of(scale));
	if (!csf_score_merge(scale, counts, (int64 *) PG_GETARG_POINTER(1)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s cannot count more than " INT64_FORMAT " answers", scale->name, PG_INT64_MAX)));
	PG_RETURN_POINTER(counts);
}

static Datum
score_count(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	PG_RETURN_INT64(
		csf_score_count(scale, (int64 *) PG_GETARG_POINTER(0), PG_GETARG_INT32(1), PG_GETARG_INT32(2)));
}

static Datum
score_mean(FunctionCallInfo fcinfo, const csf_score_scale *scale)
{
	PG_RETURN_FLOAT8(csf_score_mean(scale, (int64 *) PG_GETARG_POINTER(0)));
}

/* An SQL function of one type: what it does, on that type's scale. */
#define SCORE_FUNCTION(type, what)                                                                           \
	PG_FUNCTION_INFO_V1(csf_##type##_##what);                                                                \
	Datum csf_##type##_##what(PG_FUNCTION_ARGS)                                                              \
	{                                                                                                        \
		return score_##what(fcinfo, &type##_scale);                                                          \
	}                                                                                                        \
	StaticAssertDecl(true, "wants a semicolon")

#define SCORE_TYPE(type)                                                                                     \
	SCORE_FUNCTION(type, in);                                                                                \
	SCORE_FUNCTION(type, out);                                                                               \
	SCORE_FUNCTION(type, recv);                                                                              \
	SCORE_FUNCTION(type, send);                                                                              \
	SCORE_FUNCTION(type, add);                                                                               \
	SCORE_FUNCTION(type, combine);                                                                           \
	SCORE_FUNCTION(type, count);                                                                             \
	SCORE_FUNCTION(type, mean)

SCORE_TYPE(csat);
SCORE_TYPE(nps);
SCORE_TYPE(ces);
