-- The extension, folding, similarity, masking and a desk in databases whose encoding is not UTF-8: converted, or refused with the reason.
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set main :DBNAME
SET client_min_messages = warning;
DROP DATABASE IF EXISTS csflow_text_sql_ascii;
DROP DATABASE IF EXISTS csflow_text_euc_cn;
DROP DATABASE IF EXISTS csflow_text_latin1;
CREATE DATABASE csflow_text_sql_ascii ENCODING 'SQL_ASCII' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE csflow_text_euc_cn ENCODING 'EUC_CN' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
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

-- EUC_CN: the script is converted, and so are texts; what the encoding lacks is an error of conversion. Here it is the yen sign.
\c csflow_text_euc_cn
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION csflow;
SET search_path = csflow;
SELECT fold('ＣＡＦé Ⅷ ①'), text_similarity('退款，', '退款'), mask_personal_data('电话１３８１２３４５６７８');
SELECT * FROM find_personal_data('电话 13812345678');
SELECT fold('￥');

-- A whole desk in it: its captions, a ticket, why it was classified so, what happened.
RESET search_path;
SELECT csflow.create_desk('support', playbook => 'internet', zone => 'Asia/Shanghai');
INSERT INTO csflow.ticket (desk_id, ticket_no, channel, body, opened_at)
  VALUES (1, '202503001', 'live_chat', '提现失败，付了￥100，一直没到账', '2025-03-03 10:00+08') RETURNING tag, priority, octet_length(body);
SELECT pattern, matched_text, character_position FROM csflow.explain_classification(1, '登录后闪退，支付失败') WHERE counted ORDER BY character_position, pattern;
SELECT caption_zh, detail_zh FROM csflow.timeline ORDER BY seq;
SELECT fault FROM csflow.verify_audit(1);

-- LATIN1 has no Chinese, and the extension cannot be created.
\c csflow_text_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION csflow;

\c :main
SET client_min_messages = warning;
DROP DATABASE csflow_text_sql_ascii;
DROP DATABASE csflow_text_euc_cn;
DROP DATABASE csflow_text_latin1;
