/*
 * statistics.h
 *		Quantiles, intervals of differences, and how many agents a queue needs.
 */
#ifndef CSF_KERNEL_STATISTICS_H
#define CSF_KERNEL_STATISTICS_H

#include "kernel/kernel.h"

/* The value below which a standard normal variable lies with probability p, 0 < p < 1. */
extern double csf_normal_quantile(double p);
/* The same of Student's t with so many degrees of freedom, which need not be whole. */
extern double csf_student_quantile(double p, double degrees);

typedef struct csf_interval
{
	double low, high;
} csf_interval;

/* Wilson's score interval of a proportion, 0 <= successes <= trials, trials > 0. */
extern csf_interval csf_wilson_interval(double successes, double trials, double confidence);

/*
 * Erlang C: the smallest number of agents with whom the share `target` of arrivals waits at most `wait`, when `load`
 * arrivals come in the mean time one is handled, and `wait` is in units of that time. Everybody waits for ever with no
 * more agents than load.
 */
extern int64 csf_erlang_agents(double load, double target, double wait);

#endif
