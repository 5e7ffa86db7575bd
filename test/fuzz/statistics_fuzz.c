/*
 * statistics_fuzz.c
 *		Quantiles, Wilson's interval and Erlang C of any arguments that SQL lets through: finite, in order, symmetric, and the
 *		number of agents the smallest that will do.
 */
#include <math.h>

#include "kernel/statistics.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Any bits as a number between the bounds, both excluded. */
static double
between(const uint8_t *data, double low, double high)
{
	uint64 bits;
	double share;

	memcpy(&bits, data, sizeof(bits));
	share = (double) (bits >> 11) / 9007199254740992.0;
	share = share <= 0 ? 1e-12 : share;
	return low + share * (high - low);
}

/* The logarithms of the gamma function leave seven digits of very many degrees. */
#define NOISE 1e-6

static void
check_quantiles(double p, double q, double degrees)
{
	double x = csf_normal_quantile(p), y = csf_normal_quantile(q);
	double t = csf_student_quantile(p, degrees), u = csf_student_quantile(q, degrees);

	require(isfinite(x) && isfinite(t));
	require(p > q ? x >= y : x <= y);
	require(p > q ? t >= u - NOISE : t <= u + NOISE);
	/* Student's tails are the heavier ones. */
	require(fabs(t) >= fabs(x) - NOISE);
	require(fabs(csf_normal_quantile(0.5)) < 1e-9);
	require(fabs(csf_student_quantile(0.5, degrees)) < NOISE);
}

static void
check_wilson(double successes, double trials, double confidence)
{
	csf_interval interval = csf_wilson_interval(successes, trials, confidence);
	double share = successes / trials;
	const double rounding = 1e-9;

	require(isfinite(interval.low) && isfinite(interval.high));
	require(interval.low >= 0 && interval.high <= 1);
	require(interval.low <= share + rounding && interval.high >= share - rounding);
}

static void
check_erlang(double load, double target, double wait)
{
	int64 agents = csf_erlang_agents(load, target, wait);

	require(agents > load);
	require(csf_erlang_agents(load, target / 2, wait) <= agents);
	require(csf_erlang_agents(load, target, wait * 2) <= agents);
	require(csf_erlang_agents(load / 2, target, wait) <= agents);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 25)
		return 0;
	switch (data[0] % 3)
	{
		case 0:
			check_quantiles(between(data + 1, 0, 1), between(data + 9, 0, 1),
							exp(between(data + 17, 0, log(1e9))));
			break;
		case 1:
		{
			double trials = floor(exp(between(data + 1, 0, log(1e15))));

			check_wilson(floor(between(data + 9, 0, 1) * trials), trials, between(data + 17, 0, 1));
			break;
		}
		case 2:
			check_erlang(between(data + 1, 0, 300), between(data + 9, 0, 1), between(data + 17, 0, 10));
			break;
	}
	return 0;
}
