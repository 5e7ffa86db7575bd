/*
 * clock_fuzz.c
 *		Clocks under any events: every byte sequence is a set of targets with their steps, then events and sweeps. What holds
 *		in the end: at most one active run of a clock and subject, runs numbered once, nothing negative, steps in order, each once
 *		and never before its instant, every sweep comes to an end. And two tickets that live through the same, of which one is
 *		never swept, end with the same runs: a breach is a fact of stored instants, not of whether somebody looked (2.2, D6).
 */
#include "kernel/clock.h"

#define MINUTE INT64_C(60000000)
#define TARGETS 4
#define GROUPS 2
#define STEPS 3
#define EVENTS 24
/* More looks than any sweep of these clocks can need. */
#define LOOKS 2000

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* ---- what the bytes say ---- */

static const uint8_t *input;
static size_t remaining;

static unsigned
next_byte(void)
{
	if (remaining == 0)
		return 0;
	remaining--;
	return *input++;
}

static uint64
next_bits(void)
{
	uint64 bits = 0;

	for (int i = 0; i < 5; i++)
		bits = bits << 8 | next_byte();
	return bits;
}

/* ---- business time: always, or every second hour ---- */

static int64
add_always(void *calendar, int64 at, int32 days, int64 microseconds)
{
	(void) calendar;
	return at + days * 1440 * MINUTE + microseconds;
}

static int64
between_always(void *calendar, int64 from, int64 to)
{
	(void) calendar;
	return to - from;
}

/* Open time from the beginning of time, which is long before any instant here. */
static int64
open_until(int64 at)
{
	int64 hours = at / (60 * MINUTE);
	int64 rest = at % (60 * MINUTE);

	return hours / 2 * 60 * MINUTE + (hours % 2 == 0 ? rest : 60 * MINUTE);
}

static int64
between_hours(void *calendar, int64 from, int64 to)
{
	(void) calendar;
	return open_until(to) - open_until(from);
}

/* The earliest instant by which so much open time has passed, as business_add() has it. */
static int64
add_hours(void *calendar, int64 at, int32 days, int64 microseconds)
{
	int64 wanted = open_until(at) + microseconds;
	int64 hours = wanted / (60 * MINUTE);
	int64 rest = wanted % (60 * MINUTE);

	(void) calendar;
	at = rest == 0 && hours > 0 && microseconds > 0 ? (2 * hours - 1) * 60 * MINUTE
													: 2 * hours * 60 * MINUTE + rest;
	return at + days * 1440 * MINUTE;
}

static int64
next_daily(void *zone, int64 time_of_day, int64 at, int64 after)
{
	const int64 day = 1440 * MINUTE;
	int64 next = (at / day + 1) * day + time_of_day;

	(void) zone;
	while (next <= after)
		next += day;
	return next;
}

static int64
same_day(void *zone, int64 time_of_day, int64 at, int64 after)
{
	const int64 day = 1440 * MINUTE;
	int64 then = at / day * day + time_of_day;

	(void) zone;
	return then > after ? then : then + day;
}

/* ---- targets ---- */

static csf_step steps[TARGETS][STEPS];
static csf_target targets[TARGETS];
static csf_target *members[GROUPS][TARGETS];
static csf_clock_group groups[GROUPS];
static int calendar_marker;

static void
make_steps(csf_target *target, csf_step *step, int count)
{
	static const char *const levels[] = {"warning", "breach", "escalation"};
	unsigned share = next_byte();

	for (int i = 0; i < count; i++)
	{
		unsigned bits = next_byte();

		share += bits & 63;
		step[i] = (csf_step){.position = i + 1 + (int) (bits >> 6),
							 .share = share / 100.0,
							 .level = levels[bits % 3],
							 .action = (csf_step_action) (bits % 10)};
		if (i > 0 && step[i].position <= step[i - 1].position)
			step[i].position = step[i - 1].position + 1;
		/* After the due instant, as configuration has to have them. */
		if (i > 0 && (step[i - 1].is_offset || (bits & 1) != 0) && step[i - 1].share <= 1)
		{
			step[i].is_offset = true;
			step[i].share = 1;
			step[i].offset = (step[i - 1].is_offset ? step[i - 1].offset : 0) + bits * MINUTE;
		}
	}
	target->steps = step;
	target->step_count = count;
}

static void
make_target(int n)
{
	csf_target *target = &targets[n];
	unsigned bits = next_byte();
	unsigned more = next_byte();
	bool always = (bits & 1) != 0;

	memset(target, 0, sizeof(*target));
	target->target_id = n + 1;
	target->clock = n % GROUPS == 0 ? "first" : "second";
	target->is_active = true;
	target->condition.priority = n < GROUPS ? (int) (more & 3) : 0;
	target->mode = (csf_clock_mode) (bits >> 1 & 3);
	target->due_from = (csf_due_from) ((bits >> 3 & 3) % 3);
	target->on_reopen = (csf_on_reopen) ((bits >> 5 & 3) % 3);
	target->outlives_closing = (bits & 128) != 0;
	target->is_exempt = (more & 0x1c) == 0x1c;
	target->is_timer = (more & 32) != 0;
	target->is_window = !target->is_timer && (more & 64) != 0 && target->mode == CSF_CLOCK_ONCE;
	target->goal_lasts = (more & 128) != 0;
	target->repeat_limit = 1 + (int) (next_byte() & 3);
	target->duration = (1 + (int64) next_byte()) * 10 * MINUTE;
	target->days = target->duration % 7 == 0 ? (int32) (next_byte() & 1) : 0;
	target->daily_at = (int64) (next_byte() % 24) * 60 * MINUTE;
	if (target->mode == CSF_CLOCK_DAILY_AT)
		target->due_from = CSF_DUE_DURATION;
	target->starts_on = next_bits();
	target->stops_on = next_bits() & ~target->starts_on;
	target->rearms_on = next_bits() & ~target->stops_on;
	target->pauses_in = (uint32) next_bits() & ((1U << CSF_STATE_COUNT) - 1);
	target->calendar = always ? "always" : "hours";
	target->time = (csf_working_time){&calendar_marker, always ? add_always : add_hours,
									  always ? between_always : between_hours};
	target->next_daily = next_daily;
	target->same_day = same_day;
	target->zone = &calendar_marker;
	make_steps(target, steps[n], (int) (next_byte() % (STEPS + 1)));
}

static void
make_groups(void)
{
	for (int i = 0; i < TARGETS; i++)
		make_target(i);
	for (int g = 0; g < GROUPS; g++)
	{
		groups[g] = (csf_clock_group){g == 0 ? "first" : "second", TARGETS / GROUPS, members[g]};
		for (int i = 0; i < TARGETS / GROUPS; i++)
			members[g][i] = &targets[g + i * GROUPS];
	}
	/* The second clock may be one of departments. */
	for (int i = 0; i < TARGETS / GROUPS; i++)
		members[1][i]->subject = (csf_subject) (members[1][0]->daily_at / (60 * MINUTE) % 2);
}

/* ---- what must hold ---- */

static void
check_clock(const csf_clock *clock)
{
	bool is_active = clock->stopped_at == CSF_NO_INSTANT;

	require(clock->target != NULL && strcmp(clock->clock, clock->target->clock) == 0);
	require(clock->spent >= 0 && clock->paused >= 0);
	require(clock->own >= 0 && clock->customer >= 0 && clock->partner >= 0);
	require(clock->length == CSF_NO_LENGTH || clock->length >= 0);
	require(is_active == (clock->outcome == CSF_OUTCOME_NONE));
	require(is_active || clock->run_since == CSF_NO_INSTANT);
	require(is_active || clock->stopped_at >= clock->started_at);
	require(clock->run_since == CSF_NO_INSTANT || clock->paused_at == CSF_NO_INSTANT);
	require(clock->late_count >= 0 && clock->late_count <= clock->target->step_count);
	for (int i = 0; i < clock->late_count; i++)
		require(clock->late[i] >= clock->started_at);
}

static void
check_list(const csf_clock_list *list)
{
	for (int i = 0; i < list->count; i++)
	{
		const csf_clock *a = &list->clocks[i];

		check_clock(a);
		for (int j = i + 1; j < list->count; j++)
		{
			const csf_clock *b = &list->clocks[j];

			if (strcmp(a->clock, b->clock) != 0)
				continue;
			require(a->run != b->run);
			require(a->subject_id != b->subject_id || a->stopped_at != CSF_NO_INSTANT ||
					b->stopped_at != CSF_NO_INSTANT);
		}
	}
}

/* As the engine does: whatever is due first, until nothing is. */
static void
sweep(csf_clock_list *list, int64 at)
{
	for (int look = 0;; look++)
	{
		int first = -1;
		int64 due = CSF_NO_INSTANT;
		const csf_step *step;

		require(look < LOOKS);
		for (int i = 0; i < list->count; i++)
		{
			const csf_clock *clock = &list->clocks[i];

			if (clock->next_at != CSF_NO_INSTANT && clock->next_at <= at &&
				(first < 0 || clock->next_at < list->clocks[first].next_at))
				first = i;
		}
		if (first < 0)
			return;
		step = csf_clock_fire(&list->clocks[first], at, &due);
		if (step == NULL)
		{
			(void) csf_clock_roll(list, first, at);
			continue;
		}
		require(due <= at && due >= list->clocks[first].started_at);
		require(list->clocks[first].next_position == step->position + 1);
	}
}

/* The n-th run of a clock for a subject. Runs are counted over all subjects, so that their numbers depend on who looked when. */
static const csf_clock *
nth_run(const csf_clock_list *list, const char *clock, int64 subject_id, int n)
{
	for (int i = 0; i < list->count; i++)
	{
		const csf_clock *run = &list->clocks[i];

		if (strcmp(run->clock, clock) == 0 && run->subject_id == subject_id && n-- == 0)
			return run;
	}
	return NULL;
}

static void
same_runs(const csf_clock_list *a, const csf_clock_list *b)
{
	require(a->count == b->count);
	for (int i = 0; i < a->count; i++)
	{
		const csf_clock *x = &a->clocks[i];
		const csf_clock *y;
		int former = 0;

		for (int j = 0; j < i; j++)
			former += strcmp(a->clocks[j].clock, x->clock) == 0 && a->clocks[j].subject_id == x->subject_id;
		y = nth_run(b, x->clock, x->subject_id, former);
		require(y != NULL);
		require(x->started_at == y->started_at && x->stopped_at == y->stopped_at);
		require(x->outcome == y->outcome && x->due_at == y->due_at && x->length == y->length);
		require(x->spent == y->spent && x->run_since == y->run_since && x->paused == y->paused);
		require(x->own == y->own && x->customer == y->customer && x->partner == y->partner);
		require(x->missed == y->missed && x->target_id == y->target_id && x->turn == y->turn);
	}
}

static void
release(csf_clock_list *list)
{
	for (int i = 0; i < list->count; i++)
	{
		if (list->clocks[i].late != NULL)
			csf_free(list->clocks[i].late);
	}
	if (list->clocks != NULL)
		csf_free(list->clocks);
}

/* ---- the life of a ticket ---- */

static void
change(csf_ticket_facts *facts, csf_clock_event *event)
{
	unsigned bits = next_byte();
	csf_state from = facts->state;

	event->signals = 0;
	event->named_at = CSF_NO_INSTANT;
	memset(event->subjects, 0, sizeof(event->subjects));
	event->is_cancelled = false;
	if ((bits & 3) == 0)
		event->signals = UINT64_C(1) << (next_byte() % 48);
	else
	{
		facts->state = (csf_state) (next_byte() % CSF_STATE_COUNT);
		if (facts->state != from)
			event->signals = csf_transition_signals(from, facts->state);
	}
	if ((bits & 4) != 0)
		facts->priority = 1 + (int) (next_byte() & 3);
	if ((bits & 8) != 0)
	{
		event->named_at = event->at + (int64) next_byte() * 10 * MINUTE;
		event->signals |= CSF_SIGNAL_BIT(CSF_SIGNAL_NEWS_NAMED);
	}
	if ((bits & 16) != 0)
	{
		event->subjects[CSF_SUBJECT_TEAM] = 1 + (next_byte() & 1);
		event->is_cancelled = (bits & 32) != 0;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	csf_clock_list swept = {0}, unseen = {0};
	csf_ticket_facts before, facts = {.state = CSF_STATE_NEW, .priority = 2, .opened_at = 1000000 * MINUTE};
	csf_clock_event event = {.signals = csf_opening_signals(CSF_STATE_NEW),
							 .at = 1000000 * MINUTE,
							 .named_at = CSF_NO_INSTANT,
							 .after = &facts};

	input = data;
	remaining = size;
	make_groups();
	for (int i = 0; i < EVENTS; i++)
	{
		csf_clocks_apply(&swept, groups, GROUPS, &event);
		csf_clocks_apply(&unseen, groups, GROUPS, &event);
		if (remaining == 0)
			break;
		event.at += (int64) next_byte() * next_byte() * MINUTE / 10;
		if ((next_byte() & 1) != 0)
			sweep(&swept, event.at);
		before = facts;
		event.before = &before;
		change(&facts, &event);
	}
	event.at += 10000 * MINUTE;
	csf_clocks_catch_up(&swept, event.at);
	csf_clocks_catch_up(&unseen, event.at);
	check_list(&swept);
	check_list(&unseen);
	same_runs(&swept, &unseen);
	sweep(&swept, event.at);
	sweep(&unseen, event.at);
	check_list(&swept);
	for (int i = 0; i < swept.count; i++)
		(void) csf_clock_rederive(&swept.clocks[i]);
	check_list(&swept);
	release(&swept);
	release(&unseen);
	return 0;
}
