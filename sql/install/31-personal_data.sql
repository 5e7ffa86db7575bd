-- Personal data in free text (handbook E7, F8).

CREATE FUNCTION csflow.mask_personal_data(text) RETURNS text
AS 'MODULE_PATHNAME', 'csf_mask_personal_data_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200;
COMMENT ON FUNCTION csflow.mask_personal_data(text) IS
'the text with personal data replaced by what it was: [mobile], [landline], [id_number] (checksum), [bank_card] (Luhn and issuer), [email], [ip], [device_id], [plate], [address], [name] (after a label). Full width, digits of any script, invisible characters and marks between digits hide nothing; order numbers, amounts, dates and versions stay. What shows only once its neighbours are gone is masked too. SF013 for a text over 64 MB (handbook F8)';

CREATE FUNCTION csflow.find_personal_data(text, OUT kind text, OUT found text, OUT character_position integer, OUT characters integer)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'csf_find_personal_data_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 200 ROWS 3;
COMMENT ON FUNCTION csflow.find_personal_data(text) IS
'the personal data in the text, as mask_personal_data would replace it: kind, the text found, its first character (from 1) and number of characters, in order of place. SF013 for a text over 64 MB (handbook E7)';
