/*
 * forecast.h
 *		Additive Holt-Winters: level, trend and season of a series, and what comes next.
 */
#ifndef CSF_KERNEL_FORECAST_H
#define CSF_KERNEL_FORECAST_H

#include "kernel/kernel.h"

#define CSF_FORECAST_MAX_VALUES 100000
#define CSF_FORECAST_MAX_STEPS 10000

/*
 * A fitted model. With less than two seasons of values there is no season (season 1); a single value has no trend and
 * no error.
 */
typedef struct csf_forecast_model
{
	int season;
	double alpha, beta, gamma; /* smoothing of level, trend, season, 0 … 1 */
	double level, trend;
	double *seasonal; /* the season's parts, for the step after the last value first */
	int error_count;  /* one-step errors the parameters were chosen by */
	double error_sum; /* of their squares */
	double deviation; /* of one-step errors, degrees of freedom taken off; NaN when unknown */
} csf_forecast_model;

/* Values must be finite, their number 1 … CSF_FORECAST_MAX_VALUES, season 1 or more. Allocates model->seasonal. */
extern void csf_forecast_fit(const double *values, int count, int season, csf_forecast_model *model);
extern void csf_forecast_free(csf_forecast_model *model);

/* Step 1 is the one after the last value. The deviation is of the value about its forecast, NaN when unknown. */
extern double csf_forecast_value(const csf_forecast_model *model, int step);
extern double csf_forecast_deviation(const csf_forecast_model *model, int step);

/*
 * A back-test: the last values are forecast from what came before them, from several origins, each with a fit of its
 * own; the seasonal naive forecast (the same place of the last season) from the same origins.
 */
typedef struct csf_forecast_score
{
	int origins;
	int64 errors; /* compared values */
	double mae;   /* mean absolute error */
	double naive_mae;
	double
		scale; /* mean absolute error of the naive forecast one season ahead within the values before each origin */
	int64 covered; /* values inside the interval of their forecast */
} csf_forecast_score;

extern void csf_forecast_backtest(const double *values, int count, int horizon, int season, int max_origins,
								  double quantile, csf_forecast_score *score);

#endif
