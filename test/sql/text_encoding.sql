-- csflow.fold, text_similarity and masking in databases whose encoding is not UTF-8: converted, or refused with the reason.
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set main :DBNAME
SET client_min_messages = warning;
DROP DATABASE IF EXISTS csflow_text_sql_ascii;
DROP DATABASE IF EXISTS csflow_text_latin1;
CREATE DATABASE csflow_text_sql_ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE csflow_text_latin1 ENCODING 'LATIN1' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;

-- SQL_ASCII: bytes that are UTF-8 are taken as such, others are refused.
\c csflow_text_sql_ascii
SET client_min_messages = warning;
CREATE EXTENSION csflow;
SET search_path = csflow;
SELECT fold('ＡＢＣ 緊急'), text_similarity('退款延遲', '退款延迟'), mask_personal_data('电话１３８１２３４５６７８');
SELECT fold(E'\xB9\xCA');
SELECT text_similarity(E'\xB9\xCA', 'a');
SELECT mask_personal_data(E'\xED\xA0\x80');

-- LATIN1: accents go, and a ligature or fraction becomes letters; what it lacks is an error of conversion.
\c csflow_text_latin1
SET client_min_messages = warning;
CREATE EXTENSION csflow;
SET search_path = csflow;
SET client_encoding = 'UTF8';
SELECT fold('CAFÉ Straße ª²'), text_similarity('Ünï', 'UNI'), mask_personal_data('é 13812345678');
SELECT * FROM find_personal_data('é 13812345678 é');
SELECT fold('½');

\c :main
SET client_min_messages = warning;
DROP DATABASE csflow_text_sql_ascii;
DROP DATABASE csflow_text_latin1;
