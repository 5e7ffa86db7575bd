/*
 * forecast_test.c
 *		Holt-Winters on series whose continuation is known, the quantiles against tables, Erlang C by summing states
 *		(handbook G6, G8).
 */
#include <math.h>

#include "kernel/forecast.h"
#include "kernel/statistics.h"

#include "tap.h"

#define DAYS 70

static const double week[7] = {12, 20, 18, 17, 15, -30, -52};

static void
is_near(double got, double want, double tolerance, const char *name)
{
	bool near = fabs(got - want) <= tolerance;

	ok(near, "%s", name);
	if (!near)
		printf("# got %.17g, wanted %.17g\n", got, want);
}

static void
test_known_series(void)
{
	double values[DAYS];
	double worst = 0, widest = 0;
	csf_forecast_model model;

	for (int i = 0; i < DAYS; i++)
		values[i] = 200 + 1.5 * i + week[i % 7];
	csf_forecast_fit(values, DAYS, 7, &model);
	for (int step = 1; step <= 30; step++)
	{
		int i = DAYS + step - 1;

		worst = fmax(worst, fabs(csf_forecast_value(&model, step) - (200 + 1.5 * i + week[i % 7])));
		widest = fmax(widest, csf_forecast_deviation(&model, step));
	}
	is_near(worst, 0, 1e-9, "G6: a line with a week on it goes on as it was");
	is_near(widest, 0, 1e-9, "G6: and nothing was wrong");
	csf_forecast_free(&model);
	/* Cut anywhere in the week, the season stays in its place. */
	worst = 0;
	for (int count = 14; count < 28; count++)
	{
		csf_forecast_fit(values, count, 7, &model);
		for (int step = 1; step <= 14; step++)
			worst = fmax(worst, fabs(csf_forecast_value(&model, step) - values[count + step - 1]));
		csf_forecast_free(&model);
	}
	is_near(worst, 0, 1e-9, "G6: wherever the series ends");
}

static void
test_short_series(void)
{
	double values[13] = {3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27};
	csf_forecast_model model;

	csf_forecast_fit(values, 1, 7, &model);
	is_near(csf_forecast_value(&model, 5), 3, 0, "G6: one value stays as it is");
	ok(isnan(csf_forecast_deviation(&model, 1)), "G6: and nobody knows how wrong that is");
	csf_forecast_free(&model);
	csf_forecast_fit(values, 13, 7, &model);
	ok(model.season == 1, "G6: less than two seasons have none");
	is_near(csf_forecast_value(&model, 3), 33, 1, "G6: but a trend");
	csf_forecast_free(&model);
}

static void
test_backtest(void)
{
	double values[DAYS];
	csf_forecast_score score;

	for (int i = 0; i < DAYS; i++)
		values[i] = 200 + 1.5 * i + week[i % 7];
	csf_forecast_backtest(values, DAYS, 14, 7, 100, 1.96, &score);
	ok(score.origins == 6 && score.errors == 6 * 14,
	   "G6: origins a season apart with three seasons before each");
	is_near(score.mae, 0, 1e-9, "G6: no error where there is none");
	/* One season back is 7 days of trend short, in the second week 14. */
	is_near(score.naive_mae, 1.5 * (7 + 14) / 2, 1e-9, "G6: what the naive forecast misses is known");
	is_near(score.scale, 1.5 * 7, 1e-9, "G6: and so is the scale");
	csf_forecast_backtest(values, 34, 14, 7, 100, 1.96, &score);
	ok(score.origins == 0, "G6: too short a series is not judged");
}

static void
test_quantiles(void)
{
	is_near(csf_normal_quantile(0.5), 0, 1e-15, "G8: normal 50 %");
	is_near(csf_normal_quantile(0.975), 1.959963984540054, 1e-13, "G8: normal 97.5 %");
	is_near(csf_normal_quantile(0.001), -3.090232306167813, 1e-12, "G8: normal 0.1 %");
	/* Student's t of 1 and 2 degrees have closed forms; the others are from printed tables. */
	is_near(csf_student_quantile(0.975, 1), tan(0.475 * 3.14159265358979323846), 1e-9, "G8: t of one degree");
	is_near(csf_student_quantile(0.9, 2), 0.8 / sqrt(2 * 0.9 * 0.1), 1e-12, "G8: t of two degrees");
	is_near(csf_student_quantile(0.025, 10), -2.228138851964939, 1e-9, "G8: t of ten degrees, below");
	is_near(csf_student_quantile(0.995, 30), 2.749995653567231, 1e-9, "G8: t of thirty degrees");
	is_near(csf_student_quantile(0.975, 1e9), 1.959963984540054, 1e-8,
			"G8: t of very many degrees is normal");
	/* Close to the middle t is the distance divided by the density there, which has a closed form. */
	is_near(csf_normal_quantile(0.5), 0, 0, "G8: the normal median is nought");
	is_near(csf_normal_quantile(1 - 0x1p-53), 8.209536151601387, 1e-12, "G8: normal next to 100 %");
	is_near(csf_student_quantile(0.5, 1e6), 0, 0, "G8: the median of t is nought");
	is_near(csf_student_quantile(0.5001, 9.9e6) / 0.0002506628380417, 1, 1e-7,
			"G8: t of many degrees close to the middle");
	is_near(csf_student_quantile(0.5001, 1), tan(0.0001 * 3.14159265358979323846), 1e-15,
			"G8: t of one degree close to the middle");
}

static void
test_wilson(void)
{
	/* The ends solve |p - share| = z sqrt(p (1 - p) / n). */
	double z = csf_normal_quantile(0.975);
	csf_interval interval = csf_wilson_interval(56, 70, 0.95);
	int ends_differ = 0;

	is_near(0.8 - interval.low, z * sqrt(interval.low * (1 - interval.low) / 70), 1e-12,
			"G8: Wilson's lower end");
	is_near(interval.high - 0.8, z * sqrt(interval.high * (1 - interval.high) / 70), 1e-12,
			"G8: Wilson's upper end");
	interval = csf_wilson_interval(0, 10, 0.95);
	is_near(interval.low, 0, 1e-12, "G8: none of ten can be none at all");
	interval = csf_wilson_interval(10, 10, 0.95);
	is_near(interval.high, 1, 1e-12, "G8: ten of ten can be all");
	for (int trials = 1; trials <= 1000; trials++)
		ends_differ += csf_wilson_interval(0, trials, 0.95).low != 0 ||
					   csf_wilson_interval(trials, trials, 0.95).high != 1;
	ok(ends_differ == 0, "G8: no end lies outside of 0 and 1, not even by rounding");
}

/* Erlang C by the probabilities of every number of customers, the queue cut off where it no longer matters. */
static double
served_in_time(double load, int agents, double wait)
{
	double weight = 1, sum = 1, waiting = 0;

	for (int n = 1; n < 20000; n++)
	{
		weight *= load / (n < agents ? n : agents);
		sum += weight;
		if (n >= agents)
			waiting += weight;
	}
	if (agents == 0)
		return 0;
	/* weight of n = agents is met by the arrival that finds it so; n below serve at once */
	return 1 - waiting / sum * exp(-(agents - load) * wait);
}

static void
test_erlang(void)
{
	bool all = true;

	for (double load = 0.3; load < 40; load *= 1.7)
		for (double wait = 0; wait < 0.5; wait += 0.11)
		{
			int agents = (int) csf_erlang_agents(load, 0.8, wait);

			all = all && agents > load && served_in_time(load, agents, wait) >= 0.8 - 1e-9 &&
				  (agents - 1 <= load || served_in_time(load, agents - 1, wait) < 0.8 + 1e-9);
		}
	ok(all, "G6: Erlang C: enough agents, and one less is not");
	ok(csf_erlang_agents(5, 0.8, 20.0 / 180) == 8,
	   "G6: 100 calls an hour of three minutes, 80 %% within 20 s: eight");
}

int
main(void)
{
	test_known_series();
	test_short_series();
	test_backtest();
	test_quantiles();
	test_wilson();
	test_erlang();
	return done_testing();
}
