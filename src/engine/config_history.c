/*
 * config_history.c
 *		What the rules of a desk were before each change of them, so that a ticket can be explained with the rules it was
 *		classified with.
 *
 * csflow.rule_history has one row for each changed row of configuration and each version in which it changed: its image
 * before, NULL if there was none. The rules of version v are the present rows but for those that changed after v, which
 * are what the first image after v says. Nothing is written for rows that stay, nor for the first version, before
 * which there was nothing.
 *
 * Two transactions that change one desk's rules: the later waits for the row of configuration_version, so versions follow
 * one another as the transactions commit.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/rel.h"

#include "engine/config_history.h"
#include "engine/flow.h"

static csf_statement keep_row =
	CSF_STATEMENT("INSERT INTO csflow.rule_history (desk_id, table_name, row_key, version, old_row)"
				  " SELECT $1, $2, $3, v.version, $4::jsonb FROM csflow.configuration_version v"
				  " WHERE v.desk_id = $1 AND v.version > 1"
				  " ON CONFLICT DO NOTHING",
				  "lttt");
static csf_statement forget_desk = CSF_STATEMENT("DELETE FROM csflow.rule_history WHERE desk_id = $1", "l");

/* A table whose rows are kept: the columns that make the key after desk_id, and the same as SQL. */
typedef struct kept_table
{
	const char *name;
	const char *columns[2];
	const char *key;
} kept_table;

static const kept_table kept_tables[] = {
	{"desk", {NULL, NULL}, "''"},
	{"team", {"team_id", NULL}, "r.team_id::text"},
	{"category", {"category_id", NULL}, "r.category_id::text"},
	{"keyword_rule", {"rule_id", NULL}, "r.rule_id::text"},
	{"priority_rule", {"rule_id", NULL}, "r.rule_id::text"},
	{"keyword_alias", {"word", NULL}, "r.word"},
	{"lexicon", {"class", "word"}, "r.class || ' ' || r.word"},
};

static const kept_table *
find_table(const char *name)
{
	for (int i = 0; i < (int) lengthof(kept_tables); i++)
	{
		if (strcmp(kept_tables[i].name, name) == 0)
			return &kept_tables[i];
	}
	return NULL;
}

static char *
row_key(const kept_table *table, HeapTuple tuple, TupleDesc description)
{
	char *parts[2] = {"", NULL};

	for (int i = 0; i < 2 && table->columns[i] != NULL; i++)
		parts[i] = SPI_getvalue(tuple, description, SPI_fnumber(description, table->columns[i]));
	return parts[1] == NULL ? parts[0] : psprintf("%s %s", parts[0], parts[1]);
}

static int64
row_desk(HeapTuple tuple, TupleDesc description)
{
	return csf_column_int64(tuple, description, SPI_fnumber(description, "desk_id"), 0);
}

static void
keep(const kept_table *table, int64 desk_id, const char *key, HeapTuple old, TupleDesc description)
{
	Datum values[4] = {Int64GetDatum(desk_id), CStringGetTextDatum(table->name), CStringGetTextDatum(key), 0};

	if (old != NULL)
		values[3] = DirectFunctionCall1(row_to_json, heap_copy_tuple_as_datum(old, description));
	csf_run(&keep_row, values, old == NULL ? "   n" : NULL, SPI_OK_INSERT);
}

void
csf_history_keep(TriggerData *data)
{
	const kept_table *table = find_table(RelationGetRelationName(data->tg_relation));
	TupleDesc description = RelationGetDescr(data->tg_relation);
	bool is_insert = TRIGGER_FIRED_BY_INSERT(data->tg_event);
	int64 desk_id = row_desk(data->tg_trigtuple, description);
	char *key;

	if (table == NULL)
		return;
	key = row_key(table, data->tg_trigtuple, description);
	keep(table, desk_id, key, is_insert ? NULL : data->tg_trigtuple, description);
	if (TRIGGER_FIRED_BY_UPDATE(data->tg_event))
	{
		int64 new_desk_id = row_desk(data->tg_newtuple, description);
		char *new_key = row_key(table, data->tg_newtuple, description);

		if (new_desk_id != desk_id || strcmp(new_key, key) != 0)
			keep(table, new_desk_id, new_key, NULL, description);
	}
	/* Its other rows have gone before it, and left their images. */
	if (TRIGGER_FIRED_BY_DELETE(data->tg_event) && strcmp(table->name, "desk") == 0)
	{
		Datum id = Int64GetDatum(desk_id);

		csf_run(&forget_desk, &id, NULL, SPI_OK_DELETE);
	}
}

void
csf_history_keep_all(const char *name)
{
	const kept_table *table = find_table(name);
	char *sql;

	if (table == NULL)
		return;
	sql = psprintf("INSERT INTO csflow.rule_history (desk_id, table_name, row_key, version, old_row)"
				   " SELECT r.desk_id, %s, %s, v.version, to_jsonb(r)"
				   " FROM csflow.%s r JOIN csflow.configuration_version v USING (desk_id)"
				   " WHERE v.version > 1 ON CONFLICT DO NOTHING",
				   quote_literal_cstr(name), table->key, name);
	if (SPI_execute(sql, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not keep the rows of %s", name);
}
