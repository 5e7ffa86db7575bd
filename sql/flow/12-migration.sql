-- What csflow.migrate_step() has done to these tables since they were created.

CREATE TABLE csflow.migration (
  to_version integer NOT NULL,
  position integer NOT NULL,
  name text NOT NULL,
  done_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (to_version, position)
);
COMMENT ON TABLE csflow.migration IS 'Steps of csflow.migrate() that are done: the version of the tables they lead to, position and name (design 2.6).';
