/*
 * clock_test.c
 *		Steps of a clock fire once each, in order, however late somebody looks (handbook D6). Each loop is bounded, so
 *		that a step which fires again is a failed check and no hang.
 */
#include "kernel/clock.h"
#include "tap.h"

#define MINUTE INT64_C(60000000)
#define LIMIT 20

static int64
add(void *calendar, int64 at, int32 days, int64 microseconds)
{
	(void) calendar;
	return at + days * 1440 * MINUTE + microseconds;
}

static int64
between(void *calendar, int64 from, int64 to)
{
	(void) calendar;
	return to - from;
}

static csf_step steps[] = {
	{.position = 1, .share = 0.75}, {.position = 2, .share = 1}, {.position = 5, .share = 1.5}};
static csf_target target = {.target_id = 1,
							.clock = "resolve",
							.is_active = true,
							.duration = 100 * MINUTE,
							.starts_on = CSF_SIGNAL_BIT(CSF_SIGNAL_OPENED),
							.time = {NULL, add, between},
							.step_count = 3,
							.steps = steps};

static void
open_clock(csf_clock_list *list)
{
	csf_target *targets[] = {&target};
	csf_clock_group group = {"resolve", 1, targets};
	csf_ticket_facts facts = {.state = CSF_STATE_NEW, .priority = 2, .opened_at = 0};
	csf_clock_event opened = {
		.signals = CSF_SIGNAL_BIT(CSF_SIGNAL_OPENED), .at = 0, .named_at = CSF_NO_INSTANT, .after = &facts};

	memset(list, 0, sizeof(*list));
	csf_clocks_apply(list, &group, 1, &opened);
}

/* Looks at the clock at an instant until nothing is due; returns how often something fired, at most LIMIT. */
static int
look(csf_clock *clock, int64 at, int *positions, int64 *dues)
{
	int fired = 0;
	const csf_step *step;
	int64 due;

	while (fired < LIMIT && (step = csf_clock_fire(clock, at, &due)) != NULL)
	{
		positions[fired] = step->position;
		dues[fired++] = due;
	}
	return fired;
}

int
main(void)
{
	int positions[LIMIT];
	int64 dues[LIMIT];
	csf_clock_list list;

	open_clock(&list);
	is_int(list.count, 1, "a clock starts with its ticket");
	is_int(look(&list.clocks[0], 1000 * MINUTE, positions, dues), 3,
		   "D6: after downtime each step fires once");
	ok(positions[0] == 1 && positions[1] == 2 && positions[2] == 5, "D6: in order");
	ok(dues[0] == 75 * MINUTE && dues[1] == 100 * MINUTE && dues[2] == 150 * MINUTE,
	   "D6: with the instants due");
	is_int(look(&list.clocks[0], 2000 * MINUTE, positions, dues), 0, "D6: and never again");
	csf_free(list.clocks);

	open_clock(&list);
	is_int(look(&list.clocks[0], 75 * MINUTE - 1, positions, dues), 0, "nothing is due a microsecond early");
	is_int(look(&list.clocks[0], 75 * MINUTE, positions, dues), 1, "the warning is due at its instant");
	is_int(look(&list.clocks[0], 75 * MINUTE, positions, dues), 0,
		   "D6: and a second look at that instant fires nothing");
	is_int(list.clocks[0].due_at, 100 * MINUTE, "the due instant is exact");
	csf_free(list.clocks);
	return done_testing();
}
