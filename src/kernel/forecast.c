/*
 * forecast.c
 *		Additive Holt-Winters by least squares of one-step errors.
 *
 * The state starts from the first two seasons: level and trend from their means, the season from the first one's
 * distance to that line. Then, with e the distance of a value from level + trend + season:
 *		level'  = level + trend + alpha e
 *		trend'  = trend + alpha beta e
 *		season' = season + gamma (1 - alpha) e
 * which is the usual form with smoothing of each part by alpha, beta and gamma.
 *
 * The parameters are searched on a grid and then by steps in each direction that halve when none is better: no chance
 * in it, so a series always gives the same forecast.
 */
#include "kernel/forecast.h"

#include <math.h>

typedef struct fit
{
	const double *values;
	int count;
	int season;
	double *seasonal; /* scratch, one season */
	double level, trend;
} fit;

static double
mean(const double *values, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += values[i] / count;
	return sum;
}

static void
begin(fit *f)
{
	int season = f->season;

	if (season == 1)
	{
		f->level = f->values[0];
		f->trend = 0;
		f->seasonal[0] = 0;
		return;
	}
	f->level = mean(f->values, season);
	f->trend = (mean(f->values + season, season) - f->level) / season;
	for (int i = 0; i < season; i++)
		f->seasonal[i] = f->values[i] - (f->level + f->trend * (i - (season - 1) / 2.0));
	f->level += f->trend * (season - 1) / 2.0;
}

/* Runs through the values; the sum of the squared one-step errors. */
static double
run(fit *f, const double *parameters)
{
	double alpha = parameters[0], beta = parameters[1], gamma = parameters[2];
	double sum = 0;
	int place = 0;

	begin(f);
	for (int i = f->season; i < f->count; i++)
	{
		double expected = f->level + f->trend;
		double error = f->values[i] - expected - f->seasonal[place];

		sum += error * error;
		f->level = expected + alpha * error;
		f->trend += alpha * beta * error;
		if (f->season > 1)
			f->seasonal[place] += gamma * (1 - alpha) * error;
		place = place + 1 == f->season ? 0 : place + 1;
	}
	return sum;
}

/* Of equal sums the earlier stays; a sum that is no number never wins. */
static bool
improves(fit *f, const double *parameters, double *best, double *sum)
{
	double trial = run(f, parameters);

	if (!(trial < *sum))
		return false;
	*sum = trial;
	memcpy(best, parameters, 3 * sizeof(double));
	return true;
}

static void
search_grid(fit *f, double *best, double *sum)
{
	static const double points[] = {0.02, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9};
	int n = (int) (sizeof(points) / sizeof(points[0]));

	for (int a = 0; a < n; a++)
		for (int b = 0; b < n; b++)
			for (int g = 0; g < (f->season > 1 ? n : 1); g++)
			{
				double parameters[3] = {points[a], points[b], f->season > 1 ? points[g] : 0};

				csf_check_interrupts();
				improves(f, parameters, best, sum);
			}
}

static void
search_steps(fit *f, double *best, double *sum)
{
	for (double step = 0.05; step > 0.0005; step /= 2)
	{
		bool better = true;

		/* Each round gains, or the step halves; the bound is for sums that creep. */
		for (int round = 0; better && round < 100; round++)
		{
			better = false;
			for (int i = 0; i < (f->season > 1 ? 6 : 4); i++)
			{
				double parameters[3] = {best[0], best[1], best[2]};

				csf_check_interrupts();
				parameters[i / 2] += i % 2 == 0 ? step : -step;
				if (parameters[i / 2] >= 0 && parameters[i / 2] <= 1)
					better |= improves(f, parameters, best, sum);
			}
		}
	}
}

void
csf_forecast_fit(const double *values, int count, int season, csf_forecast_model *model)
{
	fit f = {.values = values, .count = count, .season = count >= 2 * season ? season : 1};
	double best[3] = {0.1, 0.1, 0.1};
	double sum;
	int parameter_count = f.season > 1 ? 3 : 2;

	f.seasonal = csf_alloc(sizeof(double) * f.season);
	sum = run(&f, best);
	search_grid(&f, best, &sum);
	search_steps(&f, best, &sum);
	sum = run(&f, best);
	model->season = f.season;
	model->alpha = best[0];
	model->beta = best[1];
	model->gamma = f.season > 1 ? best[2] : 0;
	model->level = f.level;
	model->trend = f.trend;
	model->error_count = count - f.season;
	model->error_sum = sum;
	model->deviation =
		model->error_count > parameter_count ? sqrt(sum / (model->error_count - parameter_count)) : NAN;
	model->seasonal = csf_alloc(sizeof(double) * f.season);
	/* The errors began at place 0 with value number season, so the next place is that of count. */
	for (int i = 0; i < f.season; i++)
		model->seasonal[i] = f.seasonal[(count + i) % f.season];
	csf_free(f.seasonal);
}

void
csf_forecast_free(csf_forecast_model *model)
{
	csf_free(model->seasonal);
}

double
csf_forecast_value(const csf_forecast_model *model, int step)
{
	return model->level + model->trend * step + model->seasonal[(step - 1) % model->season];
}

/* An error moves what is expected later by alpha (1 + beta j), and by gamma (1 - alpha) where the season comes round. */
double
csf_forecast_deviation(const csf_forecast_model *model, int step)
{
	double variance = 1;

	for (int j = 1; j < step; j++)
	{
		double carried = model->alpha * (1 + model->beta * j);

		if (model->season > 1 && j % model->season == 0)
			carried += model->gamma * (1 - model->alpha);
		variance += carried * carried;
	}
	return model->deviation * sqrt(variance);
}

static double
naive_error(const double *values, int count, int season)
{
	double sum = 0;

	for (int i = season; i < count; i++)
		sum += fabs(values[i] - values[i - season]) / (count - season);
	return sum;
}

static void
score_origin(const double *values, int origin, int horizon, int season, double quantile,
			 csf_forecast_score *score)
{
	csf_forecast_model model;

	csf_forecast_fit(values, origin, season, &model);
	for (int step = 1; step <= horizon; step++)
	{
		double actual = values[origin + step - 1];
		double error = fabs(actual - csf_forecast_value(&model, step));

		score->mae += error;
		score->naive_mae += fabs(actual - values[origin - season + (step - 1) % season]);
		score->covered += error <= quantile * csf_forecast_deviation(&model, step);
		score->errors++;
	}
	score->scale += naive_error(values, origin, season);
	score->origins++;
	csf_forecast_free(&model);
}

/* Origins lie one season apart, the last one horizon before the end, each with three seasons or more before it. */
void
csf_forecast_backtest(const double *values, int count, int horizon, int season, int max_origins,
					  double quantile, csf_forecast_score *score)
{
	memset(score, 0, sizeof(*score));
	for (int origin = count - horizon; origin >= 3 * season && origin >= 4 && score->origins < max_origins;
		 origin -= season)
		score_origin(values, origin, horizon, season, quantile, score);
	if (score->origins == 0)
		return;
	score->mae /= score->errors;
	score->naive_mae /= score->errors;
	score->scale /= score->origins;
}
