/*
 * ticket_figures_fuzz.c
 *		The figures of a ticket from random events, four bytes each, against the definitions: first the whole story is written
 *		down, then each figure is looked up in it by itself.
 */
#include "kernel/state.h"
#include "kernel/ticket_figures.h"

#define DAY INT64_C(86400000000)
#define MOST 200

typedef struct stay
{
	int state;
	int64 since;
	int64 until;
} stay;

typedef struct story
{
	csf_told_event events[MOST];
	int count;
	stay stays[MOST];
	int stay_count;
} story;

static void
check(bool holds)
{
	if (!holds)
		abort();
}

/* Half of the time is open, so that open time is not simply the length. */
static int64
open_half(void *of, int64 since, int64 until)
{
	check(of == &open_half && since <= until);
	return (until - since) / 2;
}

static void
read_story(story *story, const uint8 *data, size_t size)
{
	int64 at = INT64_C(792000000000000);

	for (; size >= 4 && story->count < MOST; data += 4, size -= 4)
	{
		csf_told_event *event = &story->events[story->count++];

		/* Events of the same instant are usual, so are nights and weeks between two. */
		at += (int64) data[0] * (data[1] % 2 == 0 ? 1000003 : DAY / 7);
		event->at = at;
		event->told = (csf_told) (data[2] % (CSF_TOLD_ESCALATED + 1));
		event->to_department = data[1] & 2;
		event->state = data[3] % 2 == 0 ? -1 : (data[3] / 2) % CSF_STATE_COUNT;
		if (event->state < 0)
			continue;
		if (story->stay_count > 0)
			story->stays[story->stay_count - 1].until = at;
		story->stays[story->stay_count++] = (stay){event->state, at, at};
	}
}

static bool
is_dead(int state)
{
	return state == CSF_STATE_DUPLICATE || state == CSF_STATE_INVALID;
}

static bool
is_done(int state)
{
	return state == CSF_STATE_ANSWERED || state == CSF_STATE_CLOSED;
}

/* The time in states of which one is named, and in those that are neither waiting, done nor dead for CSF_STATE_NEW. */
static void
check_elapsed(const story *story, int wanted, csf_elapsed told)
{
	csf_elapsed sum = {0, 0, 0};

	for (int i = 0; i < story->stay_count; i++)
	{
		const stay *s = &story->stays[i];
		bool is_work = s->state != CSF_STATE_WAITING_CUSTOMER && s->state != CSF_STATE_WAITING_PARTNER &&
					   !is_done(s->state) && !is_dead(s->state);

		if (wanted == CSF_STATE_NEW ? !is_work : s->state != wanted)
			continue;
		for (int64 at = s->since; s->until - at >= DAY; at += DAY)
			sum.days++;
		sum.left += (s->until - s->since) % DAY;
		sum.business += (s->until - s->since) / 2;
	}
	check(sum.days == told.days && sum.left == told.left && sum.business == told.business);
}

/* Solved: came into a state that is done. Reopened: left it for work; a mark as duplicate or invalid in between is none. */
static void
check_solved(const story *story, const csf_ticket_figures *figures)
{
	int64 first = CSF_NO_INSTANT;
	int64 last = CSF_NO_INSTANT;
	int64 first_reopened = CSF_NO_INSTANT;
	int reopened = 0;
	int before = -1;

	for (int i = 0; i < story->stay_count; i++)
	{
		const stay *s = &story->stays[i];

		if (is_dead(s->state))
			continue;
		if (is_done(s->state) && first == CSF_NO_INSTANT)
			first = s->since;
		if (is_done(s->state) && (before < 0 || !is_done(before)))
			last = s->since;
		if (before >= 0 && is_done(before) && !is_done(s->state) && reopened++ == 0)
			first_reopened = s->since;
		before = s->state;
	}
	check(figures->first_solved_at == first && figures->last_solved_at == last);
	check(figures->reopen_count == reopened && figures->first_reopened_at == first_reopened);
	check(figures->is_live == (before >= 0) && figures->is_done == (before >= 0 && is_done(before)));
	check(csf_figures_solved_at(figures) == (figures->is_done ? last : CSF_NO_INSTANT));
}

static int
count_of(const story *story, csf_told told, bool only_departments)
{
	int count = 0;

	for (int i = 0; i < story->count; i++)
		count += story->events[i].told == told && (!only_departments || story->events[i].to_department);
	return count;
}

static int64
instant_of(const story *story, csf_told told, bool is_last)
{
	for (int i = 0; i < story->count; i++)
	{
		const csf_told_event *event = &story->events[is_last ? story->count - 1 - i : i];

		if (event->told == told)
			return event->at;
	}
	return CSF_NO_INSTANT;
}

static csf_told
first_move(const story *story)
{
	for (int i = 0; i < story->count; i++)
		if (story->events[i].told == CSF_TOLD_ROUTED || story->events[i].told == CSF_TOLD_TRANSFERRED)
			return story->events[i].told;
	return CSF_TOLD_OTHER;
}

extern int LLVMFuzzerTestOneInput(const uint8 *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8 *data, size_t size)
{
	csf_ticket_figures figures;
	story story;

	memset(&story, 0, sizeof(story));
	read_story(&story, data, size);
	csf_figures_begin(&figures, open_half, &open_half);
	for (int i = 0; i < story.count; i++)
		csf_figures_add(&figures, &story.events[i]);

	check_elapsed(&story, CSF_STATE_NEW, figures.work);
	check_elapsed(&story, CSF_STATE_WAITING_CUSTOMER, figures.pending);
	check_elapsed(&story, CSF_STATE_WAITING_PARTNER, figures.hold);
	check_solved(&story, &figures);
	check(figures.opened_at == instant_of(&story, CSF_TOLD_OPENED, false));
	check(figures.first_reply_at == instant_of(&story, CSF_TOLD_REPLY, false));
	check(figures.last_reply_at == instant_of(&story, CSF_TOLD_REPLY, true));
	check(figures.reply_count == count_of(&story, CSF_TOLD_REPLY, false));
	check(figures.assignee_stations == count_of(&story, CSF_TOLD_ASSIGNED, false));
	check(figures.escalation_count == count_of(&story, CSF_TOLD_ESCALATED, false));
	check(figures.moves ==
		  count_of(&story, CSF_TOLD_ROUTED, true) + count_of(&story, CSF_TOLD_TRANSFERRED, true));
	check(figures.first_move == first_move(&story));
	check(figures.state == (story.stay_count == 0 ? -1 : story.stays[story.stay_count - 1].state));
	return 0;
}
