-- The extension as a whole: it comes and goes, and every object of it says what it is.
DROP EXTENSION csflow;
CREATE EXTENSION csflow;

CREATE VIEW member AS
SELECT d.classid, d.objid, pg_describe_object(d.classid, d.objid, 0) AS object
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'csflow';

SELECT count(*) > 0 AS has_functions FROM member WHERE classid = 'pg_proc'::regclass;

SELECT object AS without_comment
  FROM member
 WHERE classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_class'::regclass)
   AND obj_description(objid, classid::regclass::name) IS NULL
   AND NOT EXISTS (SELECT FROM pg_type t WHERE t.oid = objid AND t.typcategory = 'A')
 ORDER BY object COLLATE "C";

-- A body in quotes is parsed when it runs, so it must pin the path; a BEGIN ATOMIC or RETURN body was bound when created.
SELECT m.object AS without_search_path
  FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
  JOIN pg_language l ON l.oid = p.prolang
 WHERE l.lanname IN ('sql', 'plpgsql') AND p.prokind <> 'p' AND p.prosqlbody IS NULL
   AND NOT COALESCE('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)
 ORDER BY m.object COLLATE "C";

SELECT m.object AS with_owner_rights
  FROM member m JOIN pg_proc p ON p.oid = m.objid AND m.classid = 'pg_proc'::regclass
 WHERE p.prosecdef
 ORDER BY m.object COLLATE "C";

DROP VIEW member;
DROP EXTENSION csflow;
SELECT count(*) AS types_left FROM pg_type WHERE typnamespace = to_regnamespace('csflow');
SELECT count(*) AS functions_left FROM pg_proc WHERE pronamespace = to_regnamespace('csflow');
CREATE EXTENSION csflow;
