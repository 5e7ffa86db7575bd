/*
 * ticket_no.c
 *		See ticket_no.h.
 */
#include "kernel/ticket_no.h"

#include <stdio.h>

#include "kernel/utf8.h"

#define MONTH_DIGITS 6
#define SERIAL_DIGITS_MIN 3
#define SERIAL_DIGITS_MAX 10

static bool
fail(csf_fault *fault, int position, const char *detail, const char *hint)
{
	fault->position = position;
	snprintf(fault->message, sizeof(fault->message), "invalid ticket number");
	snprintf(fault->detail, sizeof(fault->detail), "%s", detail);
	snprintf(fault->hint, sizeof(fault->hint), "%s", hint);
	return false;
}

bool
csf_ticket_no_make(int64 year, int64 month, int64 serial, csf_ticket_no *number, csf_fault *fault)
{
	if (year < CSF_TICKET_NO_YEAR_MIN || year > CSF_TICKET_NO_YEAR_MAX)
		return fail(fault, -1, "The year is not between 1900 and 9999.", "");
	if (month < 1 || month > 12)
		return fail(fault, -1, "The month is not between 01 and 12.", "");
	if (serial < 1 || serial > CSF_TICKET_NO_SERIAL_MAX)
		return fail(fault, -1, "The serial is not between 1 and 9999999999.", "");
	*number = (year * 100 + month) * CSF_TICKET_NO_SERIALS + serial;
	return true;
}

bool
csf_ticket_no_parse(const char *text, size_t length, csf_ticket_no *number, csf_fault *fault)
{
	static const char *const form =
		"Write the year, the month and the serial with at least three digits: 202310001.";
	const char *start = text;
	size_t serial_digits;
	int64 month = 0;
	int64 serial = 0;

	csf_utf8_trim(&text, &length);
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return fail(fault, (int) (text + i - start), "A ticket number consists of the digits 0 to 9.",
						form);
	}
	if (length < MONTH_DIGITS + SERIAL_DIGITS_MIN)
		return fail(fault, -1, "A ticket number has at least nine digits.", form);
	serial_digits = length - MONTH_DIGITS;
	/* One number has one text: a zero in front is padding, and padding ends at three digits. */
	if (serial_digits > SERIAL_DIGITS_MIN && text[MONTH_DIGITS] == '0')
		return fail(fault, -1, "The serial has superfluous leading zeros.",
					"Pad the serial to three digits and no more: 202310001.");
	if (serial_digits > SERIAL_DIGITS_MAX)
		return fail(fault, -1, "The serial is not between 1 and 9999999999.", form);
	for (size_t i = 0; i < MONTH_DIGITS; i++)
		month = month * 10 + (text[i] - '0');
	for (size_t i = MONTH_DIGITS; i < length; i++)
		serial = serial * 10 + (text[i] - '0');
	if (!csf_ticket_no_make(month / 100, month % 100, serial, number, fault))
	{
		snprintf(fault->hint, sizeof(fault->hint), "%s", form);
		return false;
	}
	return true;
}

void
csf_ticket_no_print(csf_ticket_no number, char *text)
{
	snprintf(text, CSF_TICKET_NO_TEXT_MAX, "%06lld%03lld", (long long) (number / CSF_TICKET_NO_SERIALS),
			 (long long) csf_ticket_no_serial(number));
}
