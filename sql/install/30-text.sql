-- Text for matching: canonical form and similarity (design 2.18, section 4; handbook A8, B2).

CREATE FUNCTION csflow.fold(text) RETURNS text
AS 'MODULE_PATHNAME', 'csf_fold_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION csflow.fold(text) IS
'the text in the form in which texts are compared: lower case, half width, simplified characters, ligatures and compatibility forms resolved, accents (U+0300-036F) and invisible characters dropped, 帐 as 账. By a table that is part of the extension, so it is the same in every locale and may be indexed; folding twice changes nothing. 22P05 or 22021 where the database''s encoding cannot hold the result, SF013 where the result is too long (design 2.18)';

CREATE FUNCTION csflow.text_similarity(text, text) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_text_similarity_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50;
COMMENT ON FUNCTION csflow.text_similarity(text, text) IS
'how alike two texts are, from 0 (no pair of neighbouring characters in common) to 1: Dice''s coefficient over the character bigrams of the folded texts without white space and punctuation, each as often as it occurs. A text of fewer than two characters is equal, 1, or not, 0. Symmetric, the same in every locale; SF013 for a text over 64 MB (handbook A8, design section 4)';
