/*
 * audit.c
 *		csflow.event_hash(): the hash an event must have, for those who verify the record (design 2.19).
 */
#include "postgres.h"

#include "common/sha2.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "engine/record.h"
#include "errors.h"

PG_FUNCTION_INFO_V1(csf_event_hash);

/* Arguments of csflow.event_hash, in the order of the columns of csflow.event. */
enum
{
	ARGUMENT_PREVIOUS,
	ARGUMENT_DESK_ID,
	ARGUMENT_TICKET_NO,
	ARGUMENT_SEQ,
	ARGUMENT_AT,
	ARGUMENT_RECORDED_AT,
	ARGUMENT_KIND,
	ARGUMENT_ACTOR_KIND,
	ARGUMENT_ACTOR_ID,
	ARGUMENT_OLD_STATE,
	ARGUMENT_NEW_STATE,
	ARGUMENT_OLD_VALUE,
	ARGUMENT_NEW_VALUE,
	ARGUMENT_CLOCK,
	ARGUMENT_RUN,
	ARGUMENT_STEP_POSITION,
	ARGUMENT_DUE_AT,
	ARGUMENT_MESSAGE_NO,
	ARGUMENT_TEXT_DIGEST,
	ARGUMENT_SAME_ACT
};

static const char *
text_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

static int64
instant_argument(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? CSF_NO_INSTANT : PG_GETARG_TIMESTAMPTZ(number);
}

/* Copies a hash out of an argument; NULL stands for none. */
static bool
hash_argument(FunctionCallInfo fcinfo, int number, uint8 *digest)
{
	bytea *value;

	memset(digest, 0, PG_SHA256_DIGEST_LENGTH);
	if (PG_ARGISNULL(number))
		return false;
	value = PG_GETARG_BYTEA_PP(number);
	if (VARSIZE_ANY_EXHDR(value) != PG_SHA256_DIGEST_LENGTH)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a hash has %d bytes, not %d", PG_SHA256_DIGEST_LENGTH,
							   (int) VARSIZE_ANY_EXHDR(value))));
	memcpy(digest, VARDATA_ANY(value), PG_SHA256_DIGEST_LENGTH);
	return true;
}

Datum
csf_event_hash(PG_FUNCTION_ARGS)
{
	bytea *result = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	uint8 *head = (uint8 *) VARDATA(result);
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *hash;
	StringInfoData form;
	bool has_digest;
	csf_event event;

	for (int key = ARGUMENT_DESK_ID; key <= ARGUMENT_ACTOR_KIND; key++)
	{
		if (PG_ARGISNULL(key))
			PG_RETURN_NULL();
	}
	memset(&event, 0, sizeof(event));
	event.desk_id = PG_GETARG_INT64(ARGUMENT_DESK_ID);
	event.ticket_no = PG_GETARG_INT64(ARGUMENT_TICKET_NO);
	event.seq = PG_GETARG_INT32(ARGUMENT_SEQ);
	event.at = PG_GETARG_TIMESTAMPTZ(ARGUMENT_AT);
	event.kind = text_argument(fcinfo, ARGUMENT_KIND);
	event.actor.kind = text_argument(fcinfo, ARGUMENT_ACTOR_KIND);
	event.actor.agent_id = PG_ARGISNULL(ARGUMENT_ACTOR_ID) ? 0 : PG_GETARG_INT64(ARGUMENT_ACTOR_ID);
	event.old_state = text_argument(fcinfo, ARGUMENT_OLD_STATE);
	event.new_state = text_argument(fcinfo, ARGUMENT_NEW_STATE);
	event.old_value = text_argument(fcinfo, ARGUMENT_OLD_VALUE);
	event.new_value = text_argument(fcinfo, ARGUMENT_NEW_VALUE);
	event.clock = text_argument(fcinfo, ARGUMENT_CLOCK);
	event.run = PG_ARGISNULL(ARGUMENT_RUN) ? 0 : PG_GETARG_INT32(ARGUMENT_RUN);
	event.step_position = PG_ARGISNULL(ARGUMENT_STEP_POSITION) ? 0 : PG_GETARG_INT16(ARGUMENT_STEP_POSITION);
	event.due_at = instant_argument(fcinfo, ARGUMENT_DUE_AT);
	event.message_no = PG_ARGISNULL(ARGUMENT_MESSAGE_NO) ? 0 : PG_GETARG_INT64(ARGUMENT_MESSAGE_NO);
	event.same_act = !PG_ARGISNULL(ARGUMENT_SAME_ACT) && PG_GETARG_BOOL(ARGUMENT_SAME_ACT);
	has_digest = hash_argument(fcinfo, ARGUMENT_TEXT_DIGEST, digest);
	SET_VARSIZE(result, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	hash_argument(fcinfo, ARGUMENT_PREVIOUS, head);
	initStringInfo(&form);
	hash = pg_cryptohash_create(PG_SHA256);
	csf_event_link(hash, &form, &event, PG_GETARG_TIMESTAMPTZ(ARGUMENT_RECORDED_AT),
				   has_digest ? digest : NULL, head);
	pg_cryptohash_free(hash);
	PG_RETURN_BYTEA_P(result);
}
