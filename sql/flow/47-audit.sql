-- Anchors of the record, and months that have left (handbook H1, I5; design 2.17, 2.19).

CREATE TABLE csflow.audit_anchor (
  desk_id bigint NOT NULL REFERENCES csflow.desk ON DELETE CASCADE,
  anchor_no bigint NOT NULL,
  at timestamptz NOT NULL,
  horizon xid8 NOT NULL,
  cluster bigint NOT NULL,
  chains bigint NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (desk_id, anchor_no)
);
COMMENT ON TABLE csflow.audit_anchor IS 'One row a desk and day: a digest over all chains of events that moved since the anchor before. Its copy outside of the database shows a record rewritten as a whole.';
COMMENT ON COLUMN csflow.audit_anchor.horizon IS 'Transactions before this one had ended when the anchor was made; heads that others wrote are looked at by the next.';
COMMENT ON COLUMN csflow.audit_anchor.cluster IS 'System identifier of the cluster that made it: horizon means nothing in another, to which a dump was restored.';
COMMENT ON COLUMN csflow.audit_anchor.chains IS 'How many chains had moved.';
COMMENT ON COLUMN csflow.audit_anchor.digest IS 'SHA-256 over the digest before, this key and instant, and the digests of csflow.audit_anchor_month.';

CREATE TABLE csflow.audit_anchor_month (
  desk_id bigint NOT NULL,
  anchor_no bigint NOT NULL,
  month date NOT NULL,
  chains bigint NOT NULL,
  digest bytea NOT NULL,
  PRIMARY KEY (desk_id, anchor_no, month)
);
COMMENT ON TABLE csflow.audit_anchor_month IS 'An anchor''s digests by month of the ticket number, so that a month can leave and the anchor still be verified.';

CREATE TABLE csflow.audit_anchor_head (
  desk_id bigint NOT NULL,
  ticket_no csflow.ticket_no NOT NULL,
  seq integer NOT NULL,
  anchor_no bigint NOT NULL,
  head bytea NOT NULL,
  PRIMARY KEY (desk_id, ticket_no, seq)
) PARTITION BY RANGE (ticket_no);
COMMENT ON TABLE csflow.audit_anchor_head IS 'What each anchor saw: sequence number and hash of the last event of every ticket that had moved.';

CREATE TABLE csflow.dropped_month (
  month date NOT NULL PRIMARY KEY,
  dropped_at timestamptz NOT NULL,
  dropped_by name NOT NULL DEFAULT current_user,
  reason text NOT NULL
);
COMMENT ON TABLE csflow.dropped_month IS 'Months whose events, messages and clocks have left by csflow.drop_months(); their tickets'' rows stay (handbook I5).';
