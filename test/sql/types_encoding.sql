-- The types priority and tag in databases whose encoding is not UTF-8 (handbook B3, B6): values, not bytes, are what is kept.
\pset format unaligned
\set SHOW_CONTEXT never
\set main :DBNAME
SET client_min_messages = warning;
DROP DATABASE IF EXISTS csflow_test_sql_ascii;
DROP DATABASE IF EXISTS csflow_test_euc_cn;
CREATE DATABASE csflow_test_sql_ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE csflow_test_euc_cn ENCODING 'EUC_CN' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;

-- SQL_ASCII promises nothing: bytes that are UTF-8 are taken as such, others are refused, softly where the server can.
\c csflow_test_sql_ascii
SET client_min_messages = warning;
CREATE EXTENSION csflow;
SET search_path = csflow;
SELECT '故障－支付－緊急'::tag, '故障-支付-E'::tag ~ '故障-*-E级' AS found, 'Ｅ級'::priority, priority_caption('E');
SELECT tag_send('故障-支付-E'), tag_kind('故障-支付-E'), tag_domain('故障-支付-E');
SELECT E'\xB9\xCA\xD5\xCF-x-E'::tag;
SELECT E'\xB5\xCD'::priority;

-- EUC_CN has Chinese but few accents: compared and sent as UTF-8, so that the order and the hash of a tag are those of every
-- other database; a word it does not have is an error of conversion.
\c csflow_test_euc_cn
SET client_min_messages = warning;
CREATE EXTENSION csflow;
SET search_path = csflow;
SET client_encoding = 'UTF8';
SELECT 'défaut-支付-high'::tag, tag_kind('défaut-支付-high'), tag_domain('défaut-支付-high'), 'défaut-é-A'::tag ~ 'défaut' AS found;
SELECT tag_send('défaut-é-high'), 'défaut-é-high'::tag::text::tag = 'défaut-é-A' AS read_back, tag('é', '支', 'C') > 'z-z-E' AS ordered_as_utf8;
SELECT priority_caption('E', 'en'), priority_caption('E', 'zh'), '紧急'::priority, '高'::priority;
SELECT 'x'::priority;
SELECT 'é-*-E'::tag;
SELECT tag('é', '*', 'E');

\c :main
DROP DATABASE csflow_test_sql_ascii;
DROP DATABASE csflow_test_euc_cn;
