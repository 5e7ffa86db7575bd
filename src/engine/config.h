/*
 * config.h
 *		A desk's configuration, compiled and cached per connection (design 2.8).
 *
 * One owner: whoever needs configuration asks here. A desk is built aside in a memory context of its own and swapped in
 * whole; a pinned one stays alive, unchanged, until its last pin goes, so that a running statement sees one
 * configuration from its first row to its last.
 */
#ifndef CSF_ENGINE_CONFIG_H
#define CSF_ENGINE_CONFIG_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "kernel/classify.h"
#include "kernel/clock.h"

typedef struct csf_team
{
	int64 team_id;
	const char *code;
	int64 supervisor_id;
	int64 head_id;
	bool is_active;
} csf_team;

typedef struct csf_agent
{
	int64 agent_id;
	const char *role_name; /* NULL: none */
	int64 team_id;
	bool is_bot;
	bool is_senior; /* no novice */
	bool may_act_for_others;
	bool is_active;
} csf_agent;

typedef struct csf_channel
{
	const char *name;
	bool is_instant;
	bool is_active; /* false: takes no new ticket */
} csf_channel;

/* A category with everything inherited from its kind filled in; zero or NULL: nothing given. */
typedef struct csf_category_entry
{
	int64 category_id;
	int64 kind_id;
	const char *code;
	const char *kind_code;
	const char *caption; /* Chinese, as tags are */
	const char *tag_word;
	int64 team_id;
	int impact;
	int urgency;
	int handling_tier;
} csf_category_entry;

typedef struct csf_raise_rule
{
	int64 rule_id;
	int impact, urgency;       /* 0 any; else at least this severe */
	const char *kind;          /* NULL any */
	int64 category_id;         /* 0 any */
	const char *channel;       /* NULL any */
	const char *customer_tier; /* NULL any */
	bool has_amount;
	Datum amount_at_least; /* numeric */
	int priority;
	int64 notify_team_id;
	const char *reason;
} csf_raise_rule;

typedef struct csf_named_calendar
{
	const char *code;
	void *calendar; /* compiled */
} csf_named_calendar;

typedef struct csf_caption
{
	const char *kind;
	const char *code;
} csf_caption;

typedef struct csf_desk
{
	int64 desk_id;
	int64 version;
	MemoryContext context;
	int pins;
	bool detached;   /* no longer the current one: freed with its last pin */
	bool is_current; /* false: look at the version before the next use */
	bool must_rebuild;
	SubTransactionId own_until; /* undone with this one or one around it; 0: made of committed rows */
	bool is_past;               /* the rules of an earlier version; nothing but what classification needs */

	const char *name;
	const char *zone;
	int64 review_team_id;
	int default_priority;
	int maximum_text_bytes;
	bool resume_on_customer_message;
	bool asks_approval;     /* approval_for names anything */
	uint32 link_states;     /* entering one of them sends the customer a link */
	bool queues_duplicates; /* looks for duplicates at all, and at intake */
	bool finds_duplicates;
	Interval duplicate_window;
	double duplicate_similarity;

	int team_count;
	csf_team *teams;
	int agent_count;
	csf_agent *agents;
	int channel_count;
	csf_channel *channels;
	int category_count;
	csf_category_entry *categories; /* by category_id */
	int matrix[4][4];               /* [impact][urgency], 0: no row */
	int raise_count;
	csf_raise_rule *raises;
	uint32 transitions[CSF_STATE_COUNT + 1]; /* bits of allowed states; the last row is for opening */
	int caption_count;
	csf_caption *captions; /* one per kind and code */
	int calendar_count;
	csf_named_calendar *calendars;
	int milestone_signal_count;
	const char *milestone_signals[CSF_SIGNAL_LIMIT - CSF_SIGNAL_BUILT_IN];
	int target_count;
	csf_target *targets; /* inactive ones too, for clocks that still have them */
	int group_count;
	csf_clock_group *groups; /* active targets only */
	csf_classifier *classifier;
	int amount_bound_count;
	Datum *amount_bounds; /* numeric, ascending; see config_rule.h */
	int attribute_count;
	const char **attribute_keys; /* those the rules look at, in the classifier's order */
} csf_desk;

/*
 * The desk as configured now: invalidations are taken in first. Raises SF001 for an unknown one. The result is valid
 * until the next call that may load configuration; pin it to keep it.
 */
extern csf_desk *csf_desk_get(int64 desk_id);

/*
 * The same, pinned until the memory context goes; whoever pins for the same context gets the same desk, changed or not
 * in between. The context of a trigger's FmgrInfo is its statement's.
 */
extern csf_desk *csf_desk_pin(int64 desk_id, MemoryContext until);

extern const csf_team *csf_desk_team(const csf_desk *desk, int64 team_id);
extern const csf_team *csf_desk_team_by_code(const csf_desk *desk, const char *code);
extern const csf_agent *csf_desk_agent(const csf_desk *desk, int64 agent_id);
extern const csf_agent *csf_desk_agent_by_role(const csf_desk *desk, Oid role);
extern const csf_channel *csf_desk_channel(const csf_desk *desk, const char *name, size_t length);
extern const csf_category_entry *csf_desk_category(const csf_desk *desk, int64 category_id);
extern const csf_category_entry *csf_desk_kind(const csf_desk *desk, const char *code);
extern bool csf_desk_has_caption(const csf_desk *desk, const char *kind, const char *code, size_t length);
/* "a, b, c": the codes of one kind of caption, for hints. */
extern const char *csf_desk_captions(const csf_desk *desk, const char *kind);
/* Business time of a calendar by its code; its calendar is NULL when the row is gone. */
extern csf_working_time csf_desk_time(const csf_desk *desk, const char *calendar);
/* The signal of a milestone that targets name; 0 for any other and for NULL. */
extern uint64 csf_desk_milestone(const csf_desk *desk, const char *milestone);
extern const csf_target *csf_desk_target(const csf_desk *desk, int64 target_id);

/* config_load.c: builds a desk in a context of its own; NULL when there is no such desk. */
extern csf_desk *csf_desk_load(int64 desk_id);
/*
 * The same with the rules of a past version, in a context below parent, whose caller owns it; it has only what
 * classification needs. Raises SF021 where that version is not kept.
 */
extern csf_desk *csf_desk_load_version(int64 desk_id, int64 version, MemoryContext parent);
/* The configuration version of a desk as committed now (and by us), or -1. */
extern int64 csf_desk_version(int64 desk_id);

/* config_trigger.c: somebody has read the version that this transaction has given the desk. */
extern void csf_version_is_read(int64 desk_id);

/* config.c: calls visit for each desk in the cache. */
extern void csf_desk_visit(void (*visit)(const csf_desk *desk, void *argument), void *argument);

/* config.c: counts the desks that may have lost what they were built from, when a transaction or a part of it was undone. */
extern uint64 csf_desks_undone(void);

/* config.c: this transaction has changed the configuration of the desk. */
extern void csf_desk_changed_here(int64 desk_id);
/* The same for all desks (TRUNCATE). */
extern void csf_all_desks_changed_here(void);

#endif
