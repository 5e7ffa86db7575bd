/*
 * forecast_fuzz.c
 *		Any finite series, season and horizon: parameters within bounds, the same result twice, numbers out for numbers in.
 */
#include <math.h>

#include "kernel/forecast.h"

int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static bool
same(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static void
check_model(const csf_forecast_model *model, int season, int count, bool is_tame)
{
	require(model->alpha >= 0 && model->alpha <= 1 && model->beta >= 0 && model->beta <= 1);
	require(model->gamma >= 0 && model->gamma <= 1);
	require(model->season == (count >= 2 * season ? season : 1));
	require(model->error_count == count - model->season);
	for (int step = 1; step <= 30; step++)
	{
		double deviation = csf_forecast_deviation(model, step);

		require(!is_tame || isfinite(csf_forecast_value(model, step)));
		require(isnan(deviation) || deviation >= 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	double values[200];
	int count = 0;
	int season;
	bool is_tame = true;
	csf_forecast_model first, second;
	csf_forecast_score score;

	if (size < 4)
		return 0;
	season = data[0] % 30 + 1;
	for (size_t at = 2; at < size && count < 200; count++)
	{
		/* Small whole numbers as counts are, or any bits at all. */
		if (data[1] % 2 == 0)
			values[count] = data[at++];
		else
		{
			if (at + sizeof(double) > size)
				break;
			memcpy(&values[count], data + at, sizeof(double));
			at += sizeof(double);
		}
		if (!isfinite(values[count]))
			values[count] = 0;
		is_tame = is_tame && fabs(values[count]) < 1e100;
	}
	if (count == 0)
		return 0;
	csf_forecast_fit(values, count, season, &first);
	csf_forecast_fit(values, count, season, &second);
	check_model(&first, season, count, is_tame);
	for (int step = 1; step <= 30; step++)
		require(same(csf_forecast_value(&first, step), csf_forecast_value(&second, step)));
	csf_forecast_free(&first);
	csf_forecast_free(&second);
	csf_forecast_backtest(values, count, data[1] % 20 + 1, season, 3, 1.96, &score);
	require(score.covered >= 0 && score.covered <= score.errors);
	require(score.origins == 0 || !is_tame || (isfinite(score.mae) && score.mae >= 0));
	return 0;
}
