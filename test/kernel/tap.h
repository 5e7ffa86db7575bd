/*
 * tap.h
 *		Unit tests of the kernel print TAP: one line per check, the plan at the end.
 *
 * A test is a program test/kernel/NAME_test.c linked with the whole kernel; main() makes its checks and returns
 * done_testing().
 */
#ifndef CSF_TEST_TAP_H
#define CSF_TEST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_checks = 0;
static int tap_failures = 0;

/* The text after the condition is a printf format with its arguments: what is checked, with the handbook id it proves. */
static inline bool __attribute__((format(printf, 2, 3))) ok(bool condition, const char *format, ...)
{
	va_list arguments;

	tap_checks++;
	if (!condition)
		tap_failures++;
	printf("%sok %d - ", condition ? "" : "not ", tap_checks);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	return condition;
}

static inline bool
is_int(long long got, long long want, const char *name)
{
	if (ok(got == want, "%s", name))
		return true;
	fprintf(stderr, "#  got: %lld\n# want: %lld\n", got, want);
	return false;
}

static inline bool
is_text(const char *got, const char *want, const char *name)
{
	if (ok(strcmp(got, want) == 0, "%s", name))
		return true;
	fprintf(stderr, "#  got: %s\n# want: %s\n", got, want);
	return false;
}

static inline int
done_testing(void)
{
	printf("1..%d\n", tap_checks);
	return tap_failures > 0;
}

#endif
