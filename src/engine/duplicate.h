/*
 * duplicate.h
 *		A repeated ticket recognised while it is being inserted (handbook A8).
 */
#ifndef CSF_ENGINE_DUPLICATE_H
#define CSF_ENGINE_DUPLICATE_H

#include "postgres.h"

#include "utils/rel.h"

#include "engine/ticket.h"

typedef struct csf_duplicate
{
	int64 original_no;
	double similarity;
} csf_duplicate;

/*
 * Looks among the customer's latest tickets in the desk's window for one that this new row repeats. Rows that the same
 * statement has inserted before count. Costs nothing without a customer, else one probe of an index; changes nothing.
 */
extern bool csf_duplicate_find(Relation tickets, const csf_ticket_map *map, const csf_desk *desk,
							   const csf_ticket_row *row, csf_duplicate *found);

/* From the BEFORE trigger, which finds, to the AFTER trigger, which records: kept until the transaction ends. */
extern void csf_duplicate_remember(int64 ticket_no, const csf_duplicate *found);
/* NULL: the ticket was not recognised, but opened so. */
extern const csf_duplicate *csf_duplicate_recall(int64 ticket_no);

#endif
