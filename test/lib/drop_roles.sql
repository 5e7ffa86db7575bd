-- Takes away the roles whose names begin with :prefix.
RESET ROLE;
SELECT format('DROP OWNED BY %1$I CASCADE', rolname) FROM pg_roles WHERE rolname LIKE :'prefix' || '\_%' \gexec
SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname LIKE :'prefix' || '\_%' \gexec
