/*
 * statistics.c
 *		Quantiles by bisection of their distribution functions: slow, short, and as exact as those.
 */
#include "kernel/statistics.h"

#include <math.h>

/* Enough halvings for any double to settle. */
#define HALVINGS 200

/* With a tail of at least so much, Student's t is sought from the middle, with less from the end. */
#define WIDE_TAIL 1e-3

static double
normal_probability(double x)
{
	return 0.5 * erfc(-x * 0.70710678118654752440);
}

/* Sought below the middle, where the probability has all its digits; 1 - p is exact above it. */
double
csf_normal_quantile(double p)
{
	double low = -40, high = 0;

	if (p > 0.5)
		return -csf_normal_quantile(1 - p);
	if (p == 0.5)
		return 0;
	for (int i = 0; i < HALVINGS; i++)
	{
		double middle = (low + high) / 2;

		if (normal_probability(middle) < p)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

/* The continued fraction of the incomplete beta function (Lentz); converges fast for x < (a + 1) / (a + b + 2). */
static double
beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), result;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	result = d;
	for (int m = 1; m <= 10000; m++)
	{
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		double step;

		d = 1 + even * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + even / c;
		c = fabs(c) < tiny ? tiny : c;
		result *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = 1 + odd / c;
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		result *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return result;
}

static double
beta_probability(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/*
 * The probability beyond t is half the incomplete beta function at x = degrees / (degrees + t^2), and that within t
 * the one with exchanged parameters at 1 - x. Near the middle of many degrees x is too close to 1 to tell t from it.
 */
static double
student_above(double tail, double degrees)
{
	bool from_middle = tail >= WIDE_TAIL;
	double low = 0, high = 1;

	for (int i = 0; i < HALVINGS; i++)
	{
		double x = (low + high) / 2;

		if (from_middle ? beta_probability(0.5, degrees / 2, x) < 1 - 2 * tail
						: beta_probability(degrees / 2, 0.5, x) / 2 < tail)
			low = x;
		else
			high = x;
	}
	return from_middle ? sqrt(degrees * low / (1 - low)) : sqrt(degrees * (1 - low) / low);
}

double
csf_student_quantile(double p, double degrees)
{
	/* From here t and the normal variable agree to the last digits shown, and the fraction would need long. */
	if (degrees > 1e7)
		return csf_normal_quantile(p);
	if (p == 0.5)
		return 0;
	return p < 0.5 ? -student_above(p, degrees) : student_above(1 - p, degrees);
}

/* Rounding would put the ends of none, of all and of almost all beside 0 and 1, and outside. */
csf_interval
csf_wilson_interval(double successes, double trials, double confidence)
{
	double z = csf_normal_quantile(0.5 + confidence / 2);
	double share = successes / trials;
	double centre = share + z * z / (2 * trials);
	double spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials));
	double scale = 1 + z * z / trials;
	csf_interval interval = {successes <= 0 ? 0 : fmax(0, (centre - spread) / scale),
							 successes >= trials ? 1 : fmin(1, (centre + spread) / scale)};

	return interval;
}

int64
csf_erlang_agents(double load, double target, double wait)
{
	double blocked = 1;

	/* Erlang B by its recursion, one more agent at a time; C follows from it. */
	for (int64 agents = 1;; agents++)
	{
		double waits;

		blocked = load * blocked / (agents + load * blocked);
		if (agents <= load)
			continue;
		waits = blocked / (1 - load / agents * (1 - blocked));
		if (1 - waits * exp(-(agents - load) * wait) >= target)
			return agents;
	}
}
