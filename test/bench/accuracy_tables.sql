-- Run by 50_accuracy.sh: what the data sets are read into.
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA bench;
SET search_path = bench, csflow;
CREATE TABLE banking_train (body text, label text);
CREATE TABLE banking_test (LIKE banking_train);
CREATE TABLE complaint (complaint_id bigint, date_received date, date_sent_to_company date, product text, sub_product text, issue text,
  sub_issue text, consumer_complaint_narrative text, company text, state text, submitted_via text, company_response_to_consumer text,
  timely_response text);
