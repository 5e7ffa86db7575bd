/*
 * row_writer.h
 *		Changes some columns of very many rows that are known by their place, without a statement to find them again.
 *
 * For rows that are as the caller has read them and whose tickets it holds locked, so that nobody else writes them. A table on
 * which an UPDATE would do anything besides (triggers, rules, unique keys to check, another kind of table), and a transaction
 * with one snapshot for all, are left to a statement: csf_row_writer_takes says so.
 */
#ifndef CSF_ENGINE_ROW_WRITER_H
#define CSF_ENGINE_ROW_WRITER_H

#include "postgres.h"

#include "storage/itemptr.h"

/* Where a row lies: as tableoid and ctid tell. */
typedef struct csf_row_place
{
	Oid relation;
	ItemPointerData tid;
} csf_row_place;

typedef struct csf_row_writer csf_row_writer;

/*
 * To change these columns of a table and its partitions, none of them part of its primary key: rows stay in their partition.
 * The array must live as long as the writer.
 */
extern csf_row_writer *csf_row_writer_open(const char *table, const char *const *columns, int count);
/* Whether rows of this partition can be written so. */
extern bool csf_row_writer_takes(csf_row_writer *writer, Oid relation);
extern void csf_row_writer_update(csf_row_writer *writer, const csf_row_place *place, const Datum *values,
								  const bool *nulls);
/* Makes what was written visible to the statements that follow. */
extern void csf_row_writer_close(csf_row_writer *writer);

#endif
