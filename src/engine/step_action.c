/*
 * step_action.c
 *		What the steps of clocks do: whom they tell, and what they make of the ticket.
 *
 * Within a sweep everything is collected and written at its end, in the lock order that everybody keeps: clocks first
 * (by the caller), events with their chain heads, then messages and the tickets' own columns, whose triggers find the
 * clocks as they are by then, and new tickets last. All of it is one transaction with the clock that says the step has
 * fired, so that each happens exactly once; a message and a new ticket carry the number of their step's event besides,
 * under a unique key.
 */
#include "engine/sweep.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "types/types.h"

#define HIGHEST_TIER 4

static csf_statement task_query = CSF_STATEMENT(
	"SELECT k.agent_id, coalesce(k.team_id, a.team_id) FROM csflow.task k LEFT JOIN csflow.agent a"
	" ON a.desk_id = k.desk_id AND a.agent_id = k.agent_id"
	" WHERE k.desk_id = $1 AND k.ticket_no = $2 AND k.task_no = $3 AND coalesce(k.agent_id, k.team_id) IS NOT NULL",
	"lnl");
static csf_statement review_insert =
	CSF_STATEMENT("INSERT INTO csflow.review (desk_id, ticket_no, opened_at, kind, clock, run, participants,"
				  " participant_ids) SELECT u.desk_id, u.ticket_no, u.at, u.kind, u.clock, u.run,"
				  " pg_catalog.string_to_array(u.participants, E'\\n'),"
				  " pg_catalog.string_to_array(u.ids, ',', '0')::pg_catalog.int8[]"
				  " FROM engine_rows AS u(desk_id, ticket_no, at, kind, clock, run, participants, ids)"
				  " ON CONFLICT (desk_id, ticket_no, clock, run, kind) DO NOTHING",
				  "LNZTTITT");
static csf_statement members_query = CSF_STATEMENT(
	"SELECT a.agent_id, a.capacity, (SELECT count(*) FROM csflow.ticket t"
	" WHERE t.desk_id = a.desk_id AND t.team_id = $2 AND t.agent_id = a.agent_id AND t.state NOT"
	" IN ('answered', 'closed', 'duplicate', 'invalid')) FROM csflow.agent a"
	" WHERE a.desk_id = $1 AND a.team_id = $2 AND a.is_active AND NOT a.is_bot"
	" ORDER BY a.agent_id",
	"ll");
static csf_statement ticket_update = CSF_STATEMENT(
	"UPDATE csflow.ticket t SET changed_at = u.at, changed_by = NULL, changed_by_kind ="
	" 'system', change_reason = u.reason, priority = coalesce(u.priority, t.priority),"
	" priority_reason = CASE WHEN u.priority IS NULL THEN t.priority_reason ELSE u.reason END,"
	" team_id = coalesce(u.team_id, t.team_id), agent_id = CASE WHEN u.moves THEN u.agent_id ELSE"
	" t.agent_id END, state = coalesce(u.state, t.state), close_reason = coalesce(u.close_reason,"
	" t.close_reason), handling_tier = coalesce(u.handling_tier, t.handling_tier)"
	" FROM engine_rows AS u(desk_id, ticket_no, at, reason, priority, team_id, moves, agent_id,"
	" state, close_reason, handling_tier)"
	" WHERE t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no",
	"LNZTPLBLTTS");
/* What the template says to the customer, in their language where there is one, and the notice that it must go out. */
static csf_statement message_insert = CSF_STATEMENT(
	"WITH said AS MATERIALIZED (SELECT u.desk_id, u.ticket_no, u.at, u.event_seq, t.customer_id,"
	" pg_catalog.replace(pg_catalog.replace(coalesce(c.text, u.template), '{ticket_no}', u.ticket_no::text),"
	" '{due_at}', coalesce(pg_catalog.to_char(pg_catalog.timezone(d.zone, u.due_at), 'YYYY-MM-DD HH24:MI'),"
	" '')) AS body"
	" FROM engine_rows AS u(desk_id, ticket_no, at, template, due_at, event_seq)"
	" JOIN csflow.desk d ON d.desk_id = u.desk_id"
	" JOIN csflow.ticket t ON t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no"
	" LEFT JOIN csflow.customer p ON p.desk_id = t.desk_id AND p.customer_id = t.customer_id"
	" LEFT JOIN LATERAL (SELECT x.text FROM csflow.caption x WHERE x.desk_id = u.desk_id AND x.kind ="
	" 'template' AND x.code = u.template ORDER BY x.lang = coalesce(p.language, 'zh') DESC, x.lang DESC"
	" LIMIT 1) c ON true),"
	" sent AS (INSERT INTO csflow.message AS m (desk_id, ticket_no, at, author_kind, is_public, body, source,"
	" external_id) SELECT s.desk_id, s.ticket_no, s.at, 'system', true, s.body, 'step', s.event_seq::text"
	" FROM said s RETURNING m.desk_id, m.ticket_no, m.message_no, m.external_id)"
	" INSERT INTO csflow.outbox (desk_id, ticket_no, created_at, topic, recipient_kind, recipient_id,"
	" event_seq, message_no)"
	" SELECT s.desk_id, s.ticket_no, s.at, 'message', 'customer', s.customer_id, s.event_seq, m.message_no"
	" FROM said s JOIN sent m ON m.desk_id = s.desk_id AND m.ticket_no = s.ticket_no AND m.external_id ="
	" s.event_seq::text",
	"LNZTZI");
/* Through the channel of the ticket it comes from, or where that takes no new ones, any that does. */
static csf_statement ticket_insert = CSF_STATEMENT(
	"INSERT INTO csflow.ticket (desk_id, channel, customer_id, customer_tier, body, body_origin, category_id,"
	" parent_no, source, external_id, opened_at, changed_by_kind, change_reason)"
	" SELECT u.desk_id, h.channel, t.customer_id, t.customer_tier, pg_catalog.replace(coalesce(c.text,"
	" u.template), '{ticket_no}', u.ticket_no::text), 'staff', u.category_id, u.ticket_no, 'step',"
	" u.ticket_no::text || ' ' || u.event_seq::text, u.at, 'system', u.reason"
	" FROM engine_rows AS u(desk_id, ticket_no, at, template, category_id, event_seq, reason)"
	" JOIN csflow.ticket t ON t.desk_id = u.desk_id AND t.ticket_no = u.ticket_no"
	" LEFT JOIN LATERAL (SELECT n.channel FROM csflow.channel n WHERE n.desk_id = u.desk_id AND n.is_active"
	" ORDER BY n.channel = t.channel DESC, n.is_instant, n.channel LIMIT 1) h ON true"
	" LEFT JOIN LATERAL (SELECT x.text FROM csflow.caption x WHERE x.desk_id = u.desk_id AND x.kind ="
	" 'template' AND x.code = u.template ORDER BY x.lang DESC LIMIT 1) c ON true",
	"LNZTLIT");

/* ---- whom to tell ---- */

/* Who stands behind a recipient: kind and id as in csflow.outbox. */
typedef struct addressee
{
	const char *kind;
	int64 id;
} addressee;

static bool
is_here(const csf_sweep *s, int64 agent_id)
{
	const csf_agent *agent = csf_desk_agent(s->desk, agent_id);

	return agent != NULL && agent->is_active;
}

/* A person where one is named and has not left, else the role, so that nothing is lost while a post is vacant. */
static addressee
officer(const csf_sweep *s, int64 agent_id, int64 team_id)
{
	if (is_here(s, agent_id))
		return (addressee){"agent", agent_id};
	return (addressee){"role", team_id};
}

/* TEAM, TEAM/supervisor or TEAM/head. */
static addressee
find_named(const csf_sweep *s, const char *recipient)
{
	const char *post = strchr(recipient, '/');
	const csf_team *team =
		csf_desk_team_by_code(s->desk, post == NULL ? recipient : pnstrdup(recipient, post - recipient));

	if (team == NULL)
		return (addressee){"role", 0};
	if (post == NULL)
		return (addressee){"team", team->team_id};
	return officer(s, strcmp(post + 1, "head") == 0 ? team->head_id : team->supervisor_id, team->team_id);
}

static addressee
find_addressee(const csf_sweep *s, const csf_swept_ticket *ticket, const char *recipient)
{
	const csf_team *team = csf_desk_team(s->desk, ticket->team_id);

	if (strcmp(recipient, "owner") == 0 && is_here(s, ticket->agent_id))
		return (addressee){"agent", ticket->agent_id};
	if (strcmp(recipient, "owner") == 0 || strcmp(recipient, "team") == 0)
		return (addressee){"team", team == NULL ? s->desk->review_team_id : team->team_id};
	if (strcmp(recipient, "supervisor") == 0)
		return officer(s, team == NULL ? 0 : team->supervisor_id, ticket->team_id);
	if (strcmp(recipient, "head") == 0)
		return officer(s, team == NULL ? 0 : team->head_id, ticket->team_id);
	if (strcmp(recipient, "coordinator") == 0)
		return (addressee){"team", s->desk->review_team_id};
	return find_named(s, recipient);
}

static const char *
topic_of(const csf_step *step)
{
	switch (step->action)
	{
		case CSF_ACTION_OPEN_REVIEW:
			return "review";
		case CSF_ACTION_OFFER_NEXT:
			return "offer";
		case CSF_ACTION_ASK_LATE_CAUSE:
			return "late_cause";
		default:
			return step->level;
	}
}

static void
tell_all(csf_sweep *s, const csf_swept_ticket *ticket, const csf_clock *clock, const csf_step *step,
		 TimestampTz due, int event)
{
	for (int i = 0; i < step->recipient_count; i++)
	{
		addressee to = find_addressee(s, ticket, step->recipients[i]);
		csf_notice notice = {.desk_id = s->desk->desk_id,
							 .ticket_no = ticket->ticket_no,
							 .at = ticket->at,
							 .topic = topic_of(step),
							 .recipient_kind = to.kind,
							 .recipient_id = to.id,
							 .recipient = step->recipients[i],
							 .clock = clock->clock,
							 .due_at = due,
							 .event = event};

		csf_record_notice(&s->recorder, &notice);
	}
}

/* ---- what a step does ---- */

/* The participants are kept as they are named, and beside each the person it is then; empty while a post is vacant. */
static void
open_review(csf_sweep *s, const csf_swept_ticket *ticket, const csf_clock *clock, const csf_step *step)
{
	StringInfoData participants;
	StringInfoData ids;
	Datum values[8];
	bool nulls[8] = {false};

	initStringInfo(&participants);
	initStringInfo(&ids);
	for (int i = 0; i < step->recipient_count; i++)
	{
		addressee who = find_addressee(s, ticket, step->recipients[i]);

		appendStringInfo(&participants, "%s%s", i > 0 ? "\n" : "", step->recipients[i]);
		appendStringInfo(&ids, "%s%lld", i > 0 ? "," : "",
						 strcmp(who.kind, "agent") == 0 ? (long long) who.id : 0LL);
	}
	values[0] = Int64GetDatum(s->desk->desk_id);
	values[1] = TicketNoGetDatum(ticket->ticket_no);
	values[2] = TimestampTzGetDatum(ticket->at);
	values[3] = CStringGetTextDatum(step->review_kind);
	values[4] = CStringGetTextDatum(clock->clock);
	values[5] = Int32GetDatum(clock->run);
	values[6] = CStringGetTextDatum(participants.data);
	values[7] = CStringGetTextDatum(ids.data);
	csf_rows_add(&s->reviews, values, nulls);
}

static csf_team_members *
members_of(csf_sweep *s, int64 team_id)
{
	Datum values[2] = {Int64GetDatum(s->desk->desk_id), Int64GetDatum(team_id)};
	csf_team_members *team;

	for (team = s->teams; team != NULL; team = team->next)
	{
		if (team->team_id == team_id)
			return team;
	}
	csf_run(&members_query, values, NULL, SPI_OK_SELECT);
	team = palloc(sizeof(csf_team_members));
	team->team_id = team_id;
	team->count = (int) SPI_processed;
	team->members = palloc(sizeof(csf_team_member) * (team->count + 1));
	for (int i = 0; i < team->count; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		TupleDesc description = SPI_tuptable->tupdesc;

		team->members[i].agent_id = csf_column_int64(row, description, 1, 0);
		team->members[i].capacity = csf_column_int(row, description, 2, 0);
		team->members[i].held = csf_column_int64(row, description, 3, 0);
	}
	team->next = s->teams;
	s->teams = team;
	return team;
}

/* Offers the ticket to whoever of its department holds least and has room; 0 when nobody has. */
static int64
offer_next(csf_sweep *s, const csf_swept_ticket *ticket)
{
	csf_team_members *team = members_of(s, ticket->team_id);
	csf_team_member *next = NULL;

	for (int i = 0; i < team->count; i++)
	{
		csf_team_member *member = &team->members[i];

		if (member->agent_id != ticket->agent_id && member->held < member->capacity &&
			(next == NULL || member->held < next->held))
			next = member;
	}
	if (next == NULL)
		return 0;
	next->held++;
	for (int i = 0; i < team->count; i++)
		team->members[i].held -= team->members[i].agent_id == ticket->agent_id;
	return next->agent_id;
}

static void
add_effect(csf_sweep *s, const csf_swept_ticket *ticket, const csf_clock *clock, const csf_step *step,
		   int event)
{
	csf_step_effect *effect;

	if (s->effect_count == s->effect_capacity)
	{
		s->effect_capacity = s->effect_capacity == 0 ? 8 : s->effect_capacity * 2;
		s->effects = s->effects == NULL
						 ? palloc(sizeof(csf_step_effect) * s->effect_capacity)
						 : repalloc_huge(s->effects, sizeof(csf_step_effect) * s->effect_capacity);
	}
	effect = &s->effects[s->effect_count++];
	effect->ticket = ticket;
	effect->step = step;
	effect->due_at = clock->due_at;
	effect->event = event;
}

/* One that is no more cannot be given anything; the other steps go on. */
static bool
is_active_team(const csf_desk *desk, int64 team_id)
{
	const csf_team *team = csf_desk_team(desk, team_id);

	return team != NULL && team->is_active;
}

static void
act(csf_sweep *s, csf_swept_ticket *ticket, const csf_clock *clock, const csf_step *step, int event)
{
	int64 agent_id;

	switch (step->action)
	{
		case CSF_ACTION_NOTIFY:
		case CSF_ACTION_ASK_LATE_CAUSE:
			return;
		case CSF_ACTION_MESSAGE_CUSTOMER:
		case CSF_ACTION_OPEN_TICKET:
			add_effect(s, ticket, clock, step, event);
			return;
		case CSF_ACTION_RAISE_PRIORITY:
			if (ticket->priority == 0 || ticket->priority >= CSF_PRIORITY_GREATEST)
				return;
			ticket->priority = ticket->new_priority = csf_priority_raise((csf_priority) ticket->priority, 1);
			break;
		case CSF_ACTION_RAISE_TIER:
			if (ticket->handling_tier == 0 || ticket->handling_tier >= HIGHEST_TIER)
				return;
			ticket->new_handling_tier = ++ticket->handling_tier;
			break;
		case CSF_ACTION_ASSIGN_TEAM:
			if (ticket->team_id == step->team_id || !is_active_team(s->desk, step->team_id))
				return;
			ticket->team_id = ticket->new_team_id = step->team_id;
			ticket->agent_moves = true;
			ticket->agent_id = ticket->new_agent_id = 0;
			break;
		case CSF_ACTION_OPEN_REVIEW:
			open_review(s, ticket, clock, step);
			return;
		case CSF_ACTION_OFFER_NEXT:
			/* What so many have left lying would go round among them for ever, every time with its events and notices. */
			agent_id = clock->run > clock->target->repeat_limit ? 0 : offer_next(s, ticket);
			if (agent_id == 0)
				return;
			ticket->agent_moves = true;
			ticket->agent_id = ticket->new_agent_id = agent_id;
			break;
		case CSF_ACTION_CLOSE:
			ticket->close_reason = step->close_reason;
			break;
	}
	ticket->reason = psprintf("step %d of clock %s", step->position, clock->clock);
}

/* Whom a step concerns: the department, or whoever the task is given to, where the clock has such a subject. */
static csf_swept_ticket
concerned(const csf_swept_ticket *ticket, const csf_clock *clock, const csf_desk *desk)
{
	csf_swept_ticket them = *ticket;

	if (clock->subject_id == 0 || clock->target == NULL)
		return them;
	if (clock->target->subject == CSF_SUBJECT_TEAM)
		them.team_id = clock->subject_id;
	else if (clock->target->subject == CSF_SUBJECT_TASK)
	{
		Datum values[3] = {Int64GetDatum(desk->desk_id), Int64GetDatum(ticket->ticket_no),
						   Int64GetDatum(clock->subject_id)};

		csf_run(&task_query, values, NULL, SPI_OK_SELECT);
		if (SPI_processed == 1)
		{
			HeapTuple row = SPI_tuptable->vals[0];

			them.agent_id = csf_column_int64(row, SPI_tuptable->tupdesc, 1, 0);
			them.team_id = csf_column_int64(row, SPI_tuptable->tupdesc, 2, ticket->team_id);
		}
	}
	return them;
}

void
csf_step_act(csf_sweep *s, csf_swept_ticket *ticket, const csf_clock *clock, const csf_step *step,
			 TimestampTz due)
{
	csf_actor system = {.kind = "system"};
	csf_swept_ticket them;
	bool is_moot = csf_step_is_moot(clock, step) || (ticket->is_over && csf_step_moves_ticket(step));
	csf_event event;
	int place;

	csf_event_init(&event, s->desk->desk_id, ticket->ticket_no, ticket->at,
				   is_moot ? "step_skipped" : "step_fired", system);
	event.clock = clock->clock;
	event.run = clock->run;
	event.step_position = step->position;
	event.due_at = due;
	event.old_value = step->level;
	event.new_value = csf_step_action_names[step->action];
	place = csf_record_event(&s->recorder, &event);
	s->fired++;
	if (is_moot)
		return;
	them = concerned(ticket, clock, s->desk);
	tell_all(s, &them, clock, step, due, place);
	act(s, ticket, clock, step, place);
}

/* ---- writing ---- */

static void
add_update(csf_sweep *s, const csf_swept_ticket *ticket)
{
	Datum values[11];
	bool nulls[11] = {false};

	values[0] = Int64GetDatum(s->desk->desk_id);
	values[1] = TicketNoGetDatum(ticket->ticket_no);
	values[2] = TimestampTzGetDatum(ticket->at);
	values[3] = CStringGetTextDatum(ticket->reason);
	values[4] = PriorityGetDatum((csf_priority) ticket->new_priority);
	nulls[4] = ticket->new_priority == 0;
	values[5] = Int64GetDatum(ticket->new_team_id);
	nulls[5] = ticket->new_team_id == 0;
	values[6] = BoolGetDatum(ticket->agent_moves);
	values[7] = Int64GetDatum(ticket->new_agent_id);
	nulls[7] = ticket->new_agent_id == 0;
	values[8] = CStringGetTextDatum(csf_state_name(CSF_STATE_CLOSED));
	nulls[8] = nulls[9] = ticket->close_reason == NULL;
	values[9] = nulls[9] ? (Datum) 0 : CStringGetTextDatum(ticket->close_reason);
	values[10] = Int16GetDatum((int16) ticket->new_handling_tier);
	nulls[10] = ticket->new_handling_tier == 0;
	csf_rows_add(&s->updates, values, nulls);
}

static int32
event_seq(const csf_sweep *s, const csf_step_effect *effect)
{
	return s->recorder.events[effect->event].seq;
}

static void
add_message(csf_rows *rows, const csf_sweep *s, const csf_step_effect *effect)
{
	Datum values[6];
	bool nulls[6] = {false};

	values[0] = Int64GetDatum(s->desk->desk_id);
	values[1] = TicketNoGetDatum(effect->ticket->ticket_no);
	values[2] = TimestampTzGetDatum(effect->ticket->at);
	values[3] = CStringGetTextDatum(effect->step->template);
	values[4] = TimestampTzGetDatum(effect->due_at);
	nulls[4] = effect->due_at == CSF_NO_INSTANT;
	values[5] = Int32GetDatum(event_seq(s, effect));
	csf_rows_add(rows, values, nulls);
}

static void
add_ticket(csf_rows *rows, const csf_sweep *s, const csf_step_effect *effect)
{
	Datum values[7];
	bool nulls[7] = {false};
	char number[CSF_TICKET_NO_TEXT_MAX];

	csf_ticket_no_print(effect->ticket->ticket_no, number);
	values[0] = Int64GetDatum(s->desk->desk_id);
	values[1] = TicketNoGetDatum(effect->ticket->ticket_no);
	values[2] = TimestampTzGetDatum(effect->ticket->at);
	values[3] = CStringGetTextDatum(effect->step->template);
	values[4] = Int64GetDatum(effect->step->category_id);
	values[5] = Int32GetDatum(event_seq(s, effect));
	values[6] = CStringGetTextDatum(psprintf("step %d of ticket %s", effect->step->position, number));
	csf_rows_add(rows, values, nulls);
}

void
csf_step_actions_init(csf_sweep *s)
{
	csf_recorder_init(&s->recorder, CurrentMemoryContext);
	csf_rows_init(&s->reviews, &review_insert);
	csf_rows_init(&s->updates, &ticket_update);
}

void
csf_step_actions_flush(csf_sweep *s)
{
	csf_rows messages;
	csf_rows tickets;

	for (int i = 0; i < s->count; i++)
	{
		if (s->tickets[i].reason != NULL)
			add_update(s, &s->tickets[i]);
	}
	csf_recorder_flush(&s->recorder, false);
	csf_rows_run(&s->reviews, &review_insert, SPI_OK_INSERT);
	csf_rows_init(&messages, &message_insert);
	csf_rows_init(&tickets, &ticket_insert);
	for (int i = 0; i < s->effect_count; i++)
	{
		if (s->effects[i].step->action == CSF_ACTION_OPEN_TICKET)
			add_ticket(&tickets, s, &s->effects[i]);
		else
			add_message(&messages, s, &s->effects[i]);
	}
	/* A closed ticket takes no message more: what a step said before the one that closes goes first. */
	csf_rows_run(&messages, &message_insert, SPI_OK_INSERT);
	csf_rows_run(&s->updates, &ticket_update, SPI_OK_UPDATE);
	csf_rows_run(&tickets, &ticket_insert, SPI_OK_INSERT);
}
