/*
 * forecast.c
 *		csflow.forecast, forecast_error, forecast_model and the quantiles and intervals beside them.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "compat.h"
#include "kernel/forecast.h"
#include "kernel/statistics.h"
#include "types/result_rows.h"

PG_FUNCTION_INFO_V1(csf_forecast_sql);
PG_FUNCTION_INFO_V1(csf_forecast_error_sql);
PG_FUNCTION_INFO_V1(csf_forecast_model_sql);
PG_FUNCTION_INFO_V1(csf_normal_quantile_sql);
PG_FUNCTION_INFO_V1(csf_student_quantile_sql);
PG_FUNCTION_INFO_V1(csf_wilson_interval_sql);
PG_FUNCTION_INFO_V1(csf_erlang_agents_sql);

/* The values of the array in order, whatever its dimensions; a series has neither gaps nor infinite values. */
static double *
series_of(ArrayType *array, int *count)
{
	Datum *elements;
	bool *nulls;
	double *values;

	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls,
					  count);
	if (*count < 1 || *count > CSF_FORECAST_MAX_VALUES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a series of %d values", *count),
						errhint("Give 1 to %d values.", CSF_FORECAST_MAX_VALUES)));
	values = palloc(sizeof(double) * *count);
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i] || !isfinite(DatumGetFloat8(elements[i])))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("value %d of the series is %s", i + 1,
								   nulls[i] ? "null" : psprintf("%g", DatumGetFloat8(elements[i]))),
							errhint("Give every value; where nothing came it is 0.")));
		values[i] = DatumGetFloat8(elements[i]);
	}
	return values;
}

static int
number_in(int value, int least, int most, const char *name)
{
	if (value < least || value > most)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s of %d", name, value),
						errdetail("It must be from %d to %d.", least, most)));
	return value;
}

/* Between 0 and 1, both excluded; NaN is not. */
static double
share_of(double value, const char *name)
{
	if (!(value > 0 && value < 1))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s of %g", name, value),
						errdetail("It must be more than 0 and less than 1.")));
	return value;
}

static double
in_range(double value)
{
	if (!isfinite(value))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("values of the series are too large to reckon with")));
	return value;
}

static Datum
value_or_null(double value, bool *is_null)
{
	*is_null = isnan(value);
	return Float8GetDatum(value);
}

Datum
csf_forecast_sql(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result;
	int count;
	double *values = series_of(PG_GETARG_ARRAYTYPE_P(0), &count);
	int horizon = number_in(PG_GETARG_INT32(1), 1, CSF_FORECAST_MAX_STEPS, "horizon");
	int season = number_in(PG_GETARG_INT32(2), 1, CSF_FORECAST_MAX_VALUES, "season");
	double quantile = csf_normal_quantile(0.5 + share_of(PG_GETARG_FLOAT8(3), "confidence") / 2);
	csf_forecast_model model;

	result = csf_result_rows(fcinfo);
	csf_forecast_fit(values, count, season, &model);
	for (int step = 1; step <= horizon; step++)
	{
		double value = in_range(csf_forecast_value(&model, step));
		double spread = quantile * csf_forecast_deviation(&model, step);
		bool nulls[4] = {false};
		Datum row[4] = {Int32GetDatum(step), Float8GetDatum(value),
						value_or_null(isnan(spread) ? spread : in_range(value - spread), &nulls[2]),
						value_or_null(isnan(spread) ? spread : in_range(value + spread), &nulls[3])};

		CHECK_FOR_INTERRUPTS();
		tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
	}
	return (Datum) 0;
}

static Datum
record_of(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc description;

	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "function of csflow without a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description), values, nulls));
}

Datum
csf_forecast_error_sql(PG_FUNCTION_ARGS)
{
	int count;
	double *values = series_of(PG_GETARG_ARRAYTYPE_P(0), &count);
	int horizon = number_in(PG_GETARG_INT32(1), 1, CSF_FORECAST_MAX_STEPS, "horizon");
	int season = number_in(PG_GETARG_INT32(2), 1, CSF_FORECAST_MAX_VALUES, "season");
	double quantile = csf_normal_quantile(0.5 + share_of(PG_GETARG_FLOAT8(3), "confidence") / 2);
	int origins = number_in(PG_GETARG_INT32(4), 1, 1000, "origins");
	csf_forecast_score score;
	Datum row[7];
	bool nulls[7] = {false};

	csf_forecast_backtest(values, count, horizon, season, origins, quantile, &score);
	for (int i = 2; i < 7; i++)
		nulls[i] = score.origins == 0;
	row[0] = Int32GetDatum(score.origins);
	row[1] = Int64GetDatum(score.errors);
	row[2] = Float8GetDatum(score.mae);
	row[3] = Float8GetDatum(score.naive_mae);
	/* Against a naive forecast without error nothing can be a multiple. */
	nulls[4] |= score.naive_mae == 0;
	row[4] = Float8GetDatum(nulls[4] ? 0 : score.mae / score.naive_mae);
	nulls[5] |= score.scale == 0;
	row[5] = Float8GetDatum(nulls[5] ? 0 : score.mae / score.scale);
	row[6] = Float8GetDatum(score.errors == 0 ? 0 : 100.0 * score.covered / score.errors);
	for (int i = 2; i < 7; i++)
	{
		if (!nulls[i])
			in_range(DatumGetFloat8(row[i]));
	}
	return record_of(fcinfo, row, nulls);
}

Datum
csf_forecast_model_sql(PG_FUNCTION_ARGS)
{
	int count;
	double *values = series_of(PG_GETARG_ARRAYTYPE_P(0), &count);
	int season = number_in(PG_GETARG_INT32(1), 1, CSF_FORECAST_MAX_VALUES, "season");
	csf_forecast_model model;
	Datum *seasonal;
	Datum row[9];
	bool nulls[9] = {false};

	csf_forecast_fit(values, count, season, &model);
	seasonal = palloc(sizeof(Datum) * model.season);
	for (int i = 0; i < model.season; i++)
		seasonal[i] = Float8GetDatum(model.seasonal[i]);
	row[0] = Int32GetDatum(model.season);
	row[1] = Float8GetDatum(model.alpha);
	row[2] = Float8GetDatum(model.beta);
	row[3] = Float8GetDatum(model.gamma);
	row[4] = Float8GetDatum(in_range(model.level));
	row[5] = Float8GetDatum(in_range(model.trend));
	row[6] = PointerGetDatum(
		construct_array(seasonal, model.season, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	row[7] = Float8GetDatum(in_range(model.error_sum));
	row[8] = value_or_null(model.deviation, &nulls[8]);
	return record_of(fcinfo, row, nulls);
}

Datum
csf_normal_quantile_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_FLOAT8(csf_normal_quantile(share_of(PG_GETARG_FLOAT8(0), "probability")));
}

Datum
csf_student_quantile_sql(PG_FUNCTION_ARGS)
{
	double degrees = PG_GETARG_FLOAT8(1);

	if (!(degrees >= 1 && isfinite(degrees)))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%g degrees of freedom", degrees),
						errdetail("It must be at least 1.")));
	PG_RETURN_FLOAT8(csf_student_quantile(share_of(PG_GETARG_FLOAT8(0), "probability"), degrees));
}

Datum
csf_wilson_interval_sql(PG_FUNCTION_ARGS)
{
	int64 successes = PG_GETARG_INT64(0);
	int64 trials = PG_GETARG_INT64(1);
	csf_interval interval;
	Datum row[2];
	bool nulls[2] = {false};

	if (trials < 1 || successes < 0 || successes > trials)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%lld of %lld", (long long) successes, (long long) trials),
						errdetail("There must be at least one trial, and no more successes than trials.")));
	interval = csf_wilson_interval(successes, trials, share_of(PG_GETARG_FLOAT8(2), "confidence"));
	row[0] = Float8GetDatum(interval.low);
	row[1] = Float8GetDatum(interval.high);
	return record_of(fcinfo, row, nulls);
}

Datum
csf_erlang_agents_sql(PG_FUNCTION_ARGS)
{
	double arrivals = PG_GETARG_FLOAT8(0);
	double handling = PG_GETARG_FLOAT8(1);
	double target = PG_GETARG_FLOAT8(2) / 100;
	double wait = PG_GETARG_FLOAT8(3);
	double load = arrivals / 3600 * handling;

	if (!(arrivals >= 0 && handling > 0 && wait >= 0 && isfinite(wait)) || !(load <= 1e6))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%g arrivals an hour of %g seconds, %g seconds to wait", arrivals, handling, wait),
				 errdetail("They must be positive, and no more than a million agents busy.")));
	share_of(target, "share of arrivals served in time");
	PG_RETURN_INT64(arrivals == 0 ? 0 : csf_erlang_agents(load, target, wait / handling));
}
