/*
 * ticket_no.c
 *		The type csflow.ticket_no. Its comparison and hash functions are those of bigint, which it is stored as.
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"

#include "compat.h"
#include "types/types.h"

PG_FUNCTION_INFO_V1(csf_ticket_no_in);
PG_FUNCTION_INFO_V1(csf_ticket_no_out);
PG_FUNCTION_INFO_V1(csf_ticket_no_recv);
PG_FUNCTION_INFO_V1(csf_ticket_no_send);
PG_FUNCTION_INFO_V1(csf_ticket_no_from_month);
PG_FUNCTION_INFO_V1(csf_ticket_no_month_sql);
PG_FUNCTION_INFO_V1(csf_ticket_no_serial_sql);
PG_FUNCTION_INFO_V1(csf_ticket_no_to_int8);
PG_FUNCTION_INFO_V1(csf_ticket_no_from_int8);

static bool
from_int64(int64 value, csf_ticket_no *number, csf_fault *fault)
{
	/* Dividing before checking the sign is harmless: a negative value has no year from 1900 on. */
	return csf_ticket_no_make(value / CSF_TICKET_NO_SERIALS / 100, value / CSF_TICKET_NO_SERIALS % 100,
							  value % CSF_TICKET_NO_SERIALS, number, fault);
}

csf_ticket_no
csf_ticket_no_from_parts(int64 year, int64 month, int64 serial)
{
	csf_ticket_no number;
	csf_fault fault;

	if (!csf_ticket_no_make(year, month, serial, &number, &fault))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("no ticket number for month " INT64_FORMAT "-%02d and serial " INT64_FORMAT,
							   year, (int) month, serial),
						errdetail("%s", fault.detail)));
	return number;
}

Datum
csf_ticket_no_in(PG_FUNCTION_ARGS)
{
	char *text = PG_GETARG_CSTRING(0);
	csf_ticket_no number;
	csf_fault fault;

	/* Every encoding of a server contains ASCII as it is, and nothing else is accepted, so nothing is converted. */
	if (!csf_ticket_no_parse(text, strlen(text), &number, &fault))
		ereturn(fcinfo->context, (Datum) 0,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input syntax for type %s: \"%s\"", "ticket_no", text),
				 errdetail("%s", fault.detail), errhint("%s", fault.hint)));
	PG_RETURN_TICKET_NO(number);
}

Datum
csf_ticket_no_out(PG_FUNCTION_ARGS)
{
	char *text = palloc(CSF_TICKET_NO_TEXT_MAX);

	csf_ticket_no_print(PG_GETARG_TICKET_NO(0), text);
	PG_RETURN_CSTRING(text);
}

Datum
csf_ticket_no_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int64 value = pq_getmsgint64(message);
	csf_ticket_no number;
	csf_fault fault;

	if (!from_int64(value, &number, &fault))
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("invalid binary value for type %s: " INT64_FORMAT, "ticket_no", value),
						errdetail("%s", fault.detail)));
	PG_RETURN_TICKET_NO(number);
}

Datum
csf_ticket_no_send(PG_FUNCTION_ARGS)
{
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendint64(&message, PG_GETARG_TICKET_NO(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum
csf_ticket_no_from_month(PG_FUNCTION_ARGS)
{
	DateADT date = PG_GETARG_DATEADT(0);
	int year;
	int month;
	int day;

	if (DATE_NOT_FINITE(date))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("no ticket number for an infinite month"), errhint("Give a day of the month.")));
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	PG_RETURN_TICKET_NO(csf_ticket_no_from_parts(year, month, PG_GETARG_INT64(1)));
}

Datum
csf_ticket_no_month_sql(PG_FUNCTION_ARGS)
{
	csf_ticket_no number = PG_GETARG_TICKET_NO(0);

	PG_RETURN_DATEADT(date2j(csf_ticket_no_year(number), csf_ticket_no_month(number), 1) -
					  POSTGRES_EPOCH_JDATE);
}

Datum
csf_ticket_no_serial_sql(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(csf_ticket_no_serial(PG_GETARG_TICKET_NO(0)));
}

Datum
csf_ticket_no_to_int8(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(PG_GETARG_TICKET_NO(0));
}

Datum
csf_ticket_no_from_int8(PG_FUNCTION_ARGS)
{
	int64 value = PG_GETARG_INT64(0);
	csf_ticket_no number;
	csf_fault fault;

	if (!from_int64(value, &number, &fault))
		ereport(
			ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("no ticket number has the internal value " INT64_FORMAT, value),
			 errdetail("%s", fault.detail),
			 errhint("The internal value is YYYYMM * 10^10 + serial. A number as people write it is text: "
					 "'202310001'.")));
	PG_RETURN_TICKET_NO(number);
}
