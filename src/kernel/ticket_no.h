/*
 * ticket_no.h
 *		Ticket numbers: month and serial in one integer (handbook A4, design 2.15).
 *
 * The integer is YYYYMM * 10^10 + serial, so that numbers sort by month and then by serial, whatever the number of digits
 * of the serial, and a month is a contiguous range. The text is YYYYMM followed by the serial with at least three digits.
 */
#ifndef CSF_TICKET_NO_H
#define CSF_TICKET_NO_H

#include "kernel/kernel.h"

typedef int64 csf_ticket_no;

#define CSF_TICKET_NO_SERIALS INT64_C(10000000000)
#define CSF_TICKET_NO_SERIAL_MAX (CSF_TICKET_NO_SERIALS - 1)
#define CSF_TICKET_NO_YEAR_MIN 1900
#define CSF_TICKET_NO_YEAR_MAX 9999

/* Room for the longest text, six digits of month and ten of serial, with its terminating zero. */
#define CSF_TICKET_NO_TEXT_MAX 17

static inline int64
csf_ticket_no_serial(csf_ticket_no number)
{
	return number % CSF_TICKET_NO_SERIALS;
}

static inline int
csf_ticket_no_year(csf_ticket_no number)
{
	return (int) (number / CSF_TICKET_NO_SERIALS / 100);
}

static inline int
csf_ticket_no_month(csf_ticket_no number)
{
	return (int) (number / CSF_TICKET_NO_SERIALS % 100);
}

/* Puts a number together; false, with the reason in fault, when a part is out of its range. */
extern bool csf_ticket_no_make(int64 year, int64 month, int64 serial, csf_ticket_no *number,
							   csf_fault *fault);

/* Reads the text form, blanks around it allowed; false, with the reason in fault, when it is none. */
extern bool csf_ticket_no_parse(const char *text, size_t length, csf_ticket_no *number, csf_fault *fault);

/* Writes the text form, zero-terminated, into CSF_TICKET_NO_TEXT_MAX bytes. */
extern void csf_ticket_no_print(csf_ticket_no number, char *text);

#endif
