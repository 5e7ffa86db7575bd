/*
 * number.c
 *		csflow.next_ticket_no(): numbers that start again each month, without one transaction waiting for another.
 *
 * One sequence carries YYYYMM·10^10 + serial. The first call of a month moves it on under a session lock that is held
 * for that moment only, not until commit (design 2.15).
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "engine/flow.h"
#include "errors.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_next_ticket_no);
PG_FUNCTION_INFO_V1(csf_next_ticket_no_at);

static csf_statement zone_query = CSF_STATEMENT("SELECT zone FROM csflow.flow", "");
static csf_statement month_update = CSF_STATEMENT(
	"INSERT INTO csflow.ticket_month AS m (month, last_serial) SELECT csflow.ticket_month($1), 1"
	" + coalesce(max(csflow.ticket_serial(l.last)), 0) FROM csflow.desk d"
	" CROSS JOIN LATERAL (SELECT t.ticket_no FROM csflow.ticket t"
	" WHERE t.desk_id = d.desk_id AND t.ticket_no >= $1 AND t.ticket_no < $2"
	" ORDER BY t.ticket_no DESC LIMIT 1) AS l(last)"
	" ON CONFLICT (month) DO UPDATE SET last_serial = greatest(m.last_serial + 1,"
	" excluded.last_serial)"
	" RETURNING last_serial",
	"nn");

/* The flow's zone never changes, so it is read once per flow. */
static pg_tz *zone = NULL;
static uint64 zone_generation = 0;

static pg_tz *
flow_zone(const csf_flow *flow)
{
	csf_owner_scope scope;
	char *name = NULL;

	if (zone != NULL && zone_generation == csf_flow_generation())
		return zone;
	csf_connect();
	csf_owner_enter(&scope, flow->owner);
	csf_run(&zone_query, NULL, NULL, SPI_OK_SELECT);
	if (SPI_processed == 1)
		zone = pg_tzset(name = csf_column_text(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1));
	csf_owner_leave(&scope);
	SPI_finish();
	if (name == NULL || zone == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CSF_FLOW_MISSING), errmsg("csflow.flow has no row with a known time zone")));
	zone_generation = csf_flow_generation();
	return zone;
}

/* First number (serial 0, never given out) of the month in which an instant lies. */
static int64
month_base(TimestampTz at, pg_tz *tz)
{
	struct pg_tm tm;
	fsec_t fraction;
	int offset;

	if (timestamp2tm(at, &offset, &tm, &fraction, NULL, tz) != 0)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
	return csf_ticket_no_from_parts(tm.tm_year, tm.tm_mon, 1) - 1;
}

static Oid
sequence_of(const csf_flow *flow)
{
	Oid sequence = get_relname_relid("ticket_no_seq", flow->schema);

	if (!OidIsValid(sequence))
		ereport(ERROR,
				(errcode(ERRCODE_CSF_FLOW_MISSING), errmsg("sequence csflow.ticket_no_seq is missing")));
	return sequence;
}

/* By the sequence itself: a connection may hold numbers of its own back, where somebody gave the sequence a CACHE. */
static int64
last_given(Oid sequence)
{
	LOCAL_FCINFO(call, 1);
	Datum value;

	InitFunctionCallInfoData(*call, NULL, 1, InvalidOid, NULL, NULL);
	call->args[0].value = ObjectIdGetDatum(sequence);
	call->args[0].isnull = false;
	value = pg_sequence_last_value(call);
	return call->isnull ? 0 : DatumGetInt64(value);
}

/*
 * Moves the sequence to the month of base unless somebody did before, and draws from it. The lock is a session's, so
 * that it can be given back at once. What is drawn to look is used where it is of the new month: no gap. Numbers of the month
 * before that this connection holds back are left behind one by one.
 */
static int64
move_on(const csf_flow *flow, Oid sequence, int64 base)
{
	LOCKTAG tag;
	csf_owner_scope scope;
	volatile int64 number = 0; /* kept across PG_TRY */

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, RelationRelationId, sequence, 1);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	PG_TRY();
	{
		csf_owner_enter(&scope, flow->owner);
		while ((number = nextval_internal(sequence, false)) < base)
		{
			CHECK_FOR_INTERRUPTS();
			if (last_given(sequence) < base)
				DirectFunctionCall2(setval_oid, ObjectIdGetDatum(sequence), Int64GetDatum(base));
		}
		csf_owner_leave(&scope);
	}
	PG_FINALLY();
	{
		LockRelease(&tag, ExclusiveLock, true);
	}
	PG_END_TRY();
	return number;
}

/* The month is that of the draw, not of the transaction's start; a clock that was set back stays in the later month. */
Datum
csf_next_ticket_no(PG_FUNCTION_ARGS)
{
	const csf_flow *flow = csf_flow_get();
	Oid sequence = sequence_of(flow);
	int64 base = month_base(GetCurrentTimestamp(), flow_zone(flow));
	int64 number = nextval_internal(sequence, true);

	if (number <= base)
		number = move_on(flow, sequence, base);
	if (number % CSF_TICKET_NO_SERIALS == 0)
		ereport(ERROR, (errcode(ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED),
						errmsg("this month's ticket numbers are used up")));
	PG_RETURN_TICKET_NO(number);
}

static int64
draw_past(const csf_flow *flow, int64 base)
{
	csf_owner_scope scope;
	Datum range[2] = {TicketNoGetDatum(base + 1), TicketNoGetDatum(base + CSF_TICKET_NO_SERIAL_MAX)};
	int64 serial;

	csf_connect();
	csf_owner_enter(&scope, flow->owner);
	csf_run(&month_update, range, NULL, SPI_OK_INSERT_RETURNING);
	serial = csf_column_int64(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, 0);
	csf_owner_leave(&scope);
	SPI_finish();
	return base + serial;
}

/* For imports: a number in the month of an instant. Past months are counted in csflow.ticket_month. */
Datum
csf_next_ticket_no_at(PG_FUNCTION_ARGS)
{
	const csf_flow *flow = csf_flow_get();
	TimestampTz at = PG_GETARG_TIMESTAMPTZ(0);
	int64 base;

	if (TIMESTAMP_NOT_FINITE(at))
		ereport(ERROR, (errcode(ERRCODE_CSF_INSTANT_ORDER),
						errmsg("a ticket number needs a finite instant, not %s", timestamptz_to_str(at))));
	base = month_base(at, flow_zone(flow));
	if (!has_privs_of_role(GetUserId(), flow->owner))
		ereport(ERROR, (errcode(ERRCODE_CSF_NOT_ALLOWED),
						errmsg("ticket numbers of a chosen month are for the owner of the flow's tables"),
						errhint("csflow.next_ticket_no() without an argument is for everybody.")));
	if (base == month_base(GetCurrentTimestamp(), zone))
		return csf_next_ticket_no(fcinfo);
	PG_RETURN_TICKET_NO(draw_past(flow, base));
}
