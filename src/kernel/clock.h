/*
 * clock.h
 *		Clocks: stopwatches in business time that events start, pause, resume and stop, with steps along the way.
 *
 * Instants and spans are microseconds. A clock that runs knows since when (run_since) and what it had used before
 * (spent); everything else follows by business time, so any number of pauses stays exact. Whether a clock was met or
 * breached is decided by its stored instants alone, never by whether a sweep looked in time (design 2.2).
 */
#ifndef CSF_KERNEL_CLOCK_H
#define CSF_KERNEL_CLOCK_H

#include "kernel/kernel.h"
#include "kernel/state.h"

/* No instant: the clock does not run, has no due instant, no next step … */
#define CSF_NO_INSTANT INT64_MIN
/* No length: the clock measures only. */
#define CSF_NO_LENGTH INT64_MIN
/* No span of time is longer; two of them can be added. */
#define CSF_LONGEST_SPAN (INT64_MAX / 2)

/* Business time, as the surroundings know it. All functions are exact; between is negative when reversed. */
typedef struct csf_working_time
{
	void *calendar;
	int64 (*add)(void *calendar, int64 at, int32 days, int64 microseconds);
	int64 (*between)(void *calendar, int64 from, int64 to);
} csf_working_time;

/* What a clock concerns: the ticket as a whole, or one of several departments or tasks, each with runs of its own. */
typedef enum csf_subject
{
	CSF_SUBJECT_TICKET,
	CSF_SUBJECT_TEAM,
	CSF_SUBJECT_TASK,
	CSF_SUBJECT_COUNT
} csf_subject;

/* Whose turn it is while a clock is active. */
typedef enum csf_turn
{
	CSF_TURN_OWN,
	CSF_TURN_CUSTOMER,
	CSF_TURN_PARTNER,
	CSF_TURN_NOBODY /* answered or closed */
} csf_turn;

typedef enum csf_clock_mode
{
	CSF_CLOCK_ONCE,
	CSF_CLOCK_EACH,
	CSF_CLOCK_EVERY,
	CSF_CLOCK_DAILY_AT
} csf_clock_mode;

typedef enum csf_due_from
{
	CSF_DUE_DURATION,
	CSF_DUE_NAMED,
	CSF_DUE_NONE
} csf_due_from;

typedef enum csf_on_reopen
{
	CSF_REOPEN_NONE,
	CSF_REOPEN_RESUME,
	CSF_REOPEN_RESTART
} csf_on_reopen;

typedef enum csf_step_action
{
	CSF_ACTION_NOTIFY,
	CSF_ACTION_RAISE_PRIORITY,
	CSF_ACTION_ASSIGN_TEAM,
	CSF_ACTION_OPEN_REVIEW,
	CSF_ACTION_OFFER_NEXT,
	CSF_ACTION_CLOSE,
	CSF_ACTION_RAISE_TIER,
	CSF_ACTION_MESSAGE_CUSTOMER,
	CSF_ACTION_OPEN_TICKET,
	CSF_ACTION_ASK_LATE_CAUSE
} csf_step_action;

/* Names of the actions, by csf_step_action, closed by NULL. */
extern const char *const csf_step_action_names[];

typedef struct csf_step
{
	int position;
	bool is_offset;
	double share;      /* of the length; 1 is the due instant */
	int32 offset_days; /* business time after due */
	int64 offset;
	csf_step_action action;
	const char *level; /* warning, breach, escalation */
	int recipient_count;
	const char **recipients;
	int64 team_id;
	const char *close_reason;
	const char *review_kind; /* of open_review */
	const char *template;    /* code of the text of message_customer and open_ticket */
	int64 category_id;       /* of open_ticket */
} csf_step;

/* What a ticket must be for a target to apply; zero, -1 or NULL is any. */
typedef struct csf_condition
{
	int64 kind_id;
	int64 category_id;
	int priority;
	const char *channel;
	int channel_class; /* 1 instant, 2 asynchronous */
	const char *customer_tier;
	int handling_tier;
	const char *complexity;
} csf_condition;

typedef struct csf_target
{
	int64 target_id;
	const char *clock;
	csf_condition condition;
	bool is_active; /* no longer active: only clocks that have it still use it */
	bool is_exempt;
	bool is_timer;  /* has a step that closes: its end is no breach */
	bool is_window; /* a right that lapses when due: its end is no breach either */
	bool outlives_closing;
	bool goal_lasts; /* a milestone that stops it counts though it was recorded before the start */
	int repeat_limit;
	csf_subject subject;
	csf_clock_mode mode;
	csf_due_from due_from;
	int32 days;
	int64 duration;
	int64 daily_at; /* microseconds after local midnight */
	uint64 starts_on, stops_on, rearms_on;
	uint32 pauses_in;
	csf_on_reopen on_reopen;
	const char *calendar; /* name */
	csf_working_time time;
	/* The first instant with this local time of day on a local date after that of `at`, or later than `after`. */
	int64 (*next_daily)(void *zone, int64 time_of_day, int64 at, int64 after);
	/* The instant with this local time of day on the local date of `at`; the next date's if that is not later than `after`. */
	int64 (*same_day)(void *zone, int64 time_of_day, int64 at, int64 after);
	void *zone;
	int step_count;
	csf_step *steps;
} csf_target;

/* All targets of one clock, the most specific first. */
typedef struct csf_clock_group
{
	const char *clock;
	int target_count;
	csf_target **targets;
} csf_clock_group;

/* What a ticket is at an instant, as far as targets ask. */
typedef struct csf_ticket_facts
{
	csf_state state;
	int64 kind_id;
	int64 category_id;
	int priority;
	const char *channel;
	int channel_class;
	const char *customer_tier;
	int handling_tier;
	const char *complexity;
	int64 opened_at;
} csf_ticket_facts;

typedef enum csf_outcome
{
	CSF_OUTCOME_NONE,
	CSF_OUTCOME_MET,
	CSF_OUTCOME_BREACHED,
	CSF_OUTCOME_MEASURED,
	CSF_OUTCOME_VOID,
	CSF_OUTCOME_LAPSED
} csf_outcome;

typedef struct csf_clock
{
	const char *clock;
	int64 subject_id; /* 0: the ticket itself */
	int32 run;        /* counted over all subjects of the clock */
	int64 target_id;
	const csf_target *target; /* NULL: the target's row is gone */
	const char *calendar;     /* in force since the target took force, whatever its row says by now */
	csf_working_time time;
	int priority;
	int missed; /* runs missed in a row before this one (modes every and daily_at) */
	int64 started_at;
	int64 length;
	int64 spent;
	int64 run_since;
	int64 due_at;
	int next_position; /* steps from this position on have not fired */
	int64 next_at;
	bool next_closes;
	int64 paused_at;
	int64 paused;
	int64 stopped_at;
	csf_outcome outcome;
	csf_turn turn;       /* since counted_until */
	int64 counted_until; /* while it lasts: the three below count up to here */
	int64 own, customer, partner;
	int late_count; /* of the steps from next_position on, so many were due when the clock paused or stopped */
	int64 *late;    /* their instants */
	bool is_new;    /* not yet a row */
	bool is_changed; /* differs from its row */
} csf_clock;

/* The latest run of each clock and subject of one ticket, older runs with steps still to tell, and what events added. */
typedef struct csf_clock_list
{
	int count;
	int capacity;
	csf_clock *clocks;
} csf_clock_list;

/* Something that happened to the ticket before. */
typedef struct csf_past_event
{
	uint64 signals;
	int64 at;
	int state; /* the state reached, or -1 */
} csf_past_event;

/* One event: what it signals, when, and the ticket after it (before: NULL when it opens the ticket). */
typedef struct csf_clock_event
{
	uint64 signals;
	int64 at;
	int64 named_at; /* the instant a message names, or CSF_NO_INSTANT */
	const csf_ticket_facts *before;
	const csf_ticket_facts *after;
	int64 subjects[CSF_SUBJECT_COUNT]; /* the department, the task it is about; 0: none */
	bool is_cancelled;                 /* what it is about is no longer wanted: the subject's runs are void */
	/* What happened before, oldest first; asked for only when a run begins that may have been settled. NULL: nothing did. */
	const csf_past_event *(*past)(void *of, int *count);
	void *past_of;
} csf_clock_event;

extern bool csf_target_matches(const csf_target *target, const csf_ticket_facts *facts);
extern int csf_target_specificity(const csf_target *target);

extern csf_clock *csf_clock_list_add(csf_clock_list *list);
extern void csf_clocks_apply(csf_clock_list *list, const csf_clock_group *groups, int group_count,
							 const csf_clock_event *event);

/* Ends a run, whatever its target says. */
extern void csf_clock_end(csf_clock *clock, int64 at, csf_outcome outcome);

/* Fires the next step if it is due at `at`: returns it and sets *due, or returns NULL. */
extern const csf_step *csf_clock_fire(csf_clock *clock, int64 at, int64 *due);
/* Whether a step changes the ticket or writes to the customer, rather than telling colleagues. */
extern bool csf_step_moves_ticket(const csf_step *step);
/* Whether a step that comes due has nothing left to do because its clock has stopped. */
extern bool csf_step_is_moot(const csf_clock *clock, const csf_step *step);
/*
 * What ends by itself once its due instant has passed: a window lapses; a run of mode every or daily_at was missed, and the
 * next begins. True when it did.
 */
extern bool csf_clock_roll(csf_clock_list *list, int index, int64 at);

/* Met or breached: how a clock ended, or that one still running is overdue at `at`; else CSF_OUTCOME_NONE. */
extern csf_outcome csf_clock_outcome(const csf_clock *clock, int64 at);
/* Accounts for the runs of repeating clocks that were missed by `at`, as sweeps would. */
extern void csf_clocks_catch_up(csf_clock_list *list, int64 at);

/*
 * Derives length, due instant and next step of an active clock anew, after its target, calendar or steps have changed:
 * they become what they would be had the configuration been so since this run began. Time used before counts as it was
 * measured then, and steps that have fired stay fired. Returns whether anything differs.
 */
extern bool csf_clock_rederive(csf_clock *clock);

/* Business time used up to `at`. */
extern int64 csf_clock_spent(const csf_clock *clock, int64 at);

/* stopwatch.c, for clock.c: one clock by itself. */
extern void csf_stopwatch_start(csf_clock *clock, const csf_target *target, int priority, int64 at,
								int64 named_at, int64 previous_due);
extern void csf_stopwatch_pause(csf_clock *clock, int64 at);
extern void csf_stopwatch_resume(csf_clock *clock, int64 at);
extern void csf_stopwatch_retarget(csf_clock *clock, const csf_target *target, int priority, int64 at,
								   int64 named_at);
/* A stopped run that is taken up again: what was in time may still be in time. */
extern void csf_stopwatch_reopen(csf_clock *clock, int64 at);
/* From `at` on it is somebody's turn; the time up to then is counted for whose turn it was. */
extern void csf_stopwatch_turn(csf_clock *clock, int64 at, csf_turn turn);
extern csf_outcome csf_stopwatch_outcome(const csf_clock *clock, int64 at);
extern bool csf_stopwatch_is_active(const csf_clock *clock);
extern bool csf_stopwatch_is_running(const csf_clock *clock);
extern bool csf_stopwatch_is_overdue(const csf_clock *clock, int64 at);
/* Whether it ends by itself when due, rather than staying overdue. */
extern bool csf_stopwatch_ends_when_due(const csf_clock *clock);

#endif
