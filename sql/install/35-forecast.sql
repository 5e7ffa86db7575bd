-- Forecasts of any series, and the quantiles and intervals beside them. No tables: usable on anything.

CREATE FUNCTION csflow.forecast(series double precision[], horizon integer, season integer DEFAULT 7,
  confidence double precision DEFAULT 0.95, OUT step integer, OUT value double precision, OUT low double precision,
  OUT high double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'csf_forecast_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000 ROWS 14;
COMMENT ON FUNCTION csflow.forecast(double precision[], integer, integer, double precision) IS
'What comes after a series: additive Holt-Winters with a season of so many values (7: a week of days), its three parameters chosen by the least sum of squared one-step errors. Arguments: values in order of time, without gaps (1 to 100,000); horizon, steps ahead (1 to 10,000); season (1: none; none either where there are less than two seasons of values); confidence of the interval, between 0 and 1. Result: step 1, 2, …, value, low and high of the interval, NULL where there are too few values to know the error. Not cut at 0. Errors: 22023 an argument out of range, NULL, NaN or infinite values; 22003 values too large. Handbook G6.';

CREATE FUNCTION csflow.forecast_error(series double precision[], horizon integer, season integer DEFAULT 7,
  confidence double precision DEFAULT 0.95, max_origins integer DEFAULT 8, OUT origins integer, OUT compared bigint,
  OUT mae double precision, OUT naive_mae double precision, OUT relative_mae double precision, OUT mase double precision,
  OUT coverage_pct double precision)
AS 'MODULE_PATHNAME', 'csf_forecast_error_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50000;
COMMENT ON FUNCTION csflow.forecast_error(double precision[], integer, integer, double precision, integer) IS
'How well csflow.forecast() would have done: from up to max_origins points of the series, one season apart, each with at least three seasons before it, the next horizon values are forecast from the values before alone and compared with what came. Result: origins; compared, how many values; mae, mean absolute error; naive_mae, that of the seasonal naive forecast (as a season before) from the same origins; relative_mae = mae / naive_mae, below 1 is better than naive; mase, mae over the naive forecast''s mean absolute error within the values before the origins; coverage_pct, values inside the interval of that confidence. All NULL but the counts where the series is too short; relative_mae and mase NULL where they would divide by 0. Arguments and errors as csflow.forecast(). Handbook G6.';

CREATE FUNCTION csflow.forecast_model(series double precision[], season integer DEFAULT 7, OUT season_used integer,
  OUT alpha double precision, OUT beta double precision, OUT gamma double precision, OUT level double precision,
  OUT trend double precision, OUT seasonal double precision[], OUT error_sum double precision, OUT deviation double precision)
AS 'MODULE_PATHNAME', 'csf_forecast_model_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION csflow.forecast_model(double precision[], integer) IS
'The model behind csflow.forecast(): season used (1: none); alpha, beta, gamma, the smoothing of level, trend and season; level and trend after the last value; the season''s parts, for the next value first; error_sum, squared one-step errors; deviation of one such error, NULL where there are too few. Step h is level + h × trend + the part of its place. Arguments and errors as csflow.forecast(). Handbook G6.';

CREATE FUNCTION csflow.normal_quantile(probability double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_normal_quantile_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.normal_quantile(double precision) IS
'The value below which a standard normal variable lies with that probability, 0 < probability < 1. Errors: 22023 otherwise.';

CREATE FUNCTION csflow.student_quantile(probability double precision, degrees double precision) RETURNS double precision
AS 'MODULE_PATHNAME', 'csf_student_quantile_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION csflow.student_quantile(double precision, double precision) IS
'The value below which Student''s t with that many degrees of freedom (at least 1, not only whole numbers) lies with that probability, 0 < probability < 1. Errors: 22023 otherwise.';

CREATE FUNCTION csflow.wilson_interval(successes bigint, trials bigint, confidence double precision DEFAULT 0.95,
  OUT low double precision, OUT high double precision)
AS 'MODULE_PATHNAME', 'csf_wilson_interval_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.wilson_interval(bigint, bigint, double precision) IS
'Wilson''s score interval of a proportion, as shares from 0 to 1. Errors: 22023 no trials, more successes than trials, confidence not between 0 and 1.';

CREATE FUNCTION csflow.erlang_agents(arrivals_per_hour double precision, handling_seconds double precision,
  target_pct double precision DEFAULT 80, wait_seconds double precision DEFAULT 20) RETURNS bigint
AS 'MODULE_PATHNAME', 'csf_erlang_agents_sql' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 20;
COMMENT ON FUNCTION csflow.erlang_agents(double precision, double precision, double precision, double precision) IS
'The smallest number of agents with whom target_pct percent of the arrivals wait at most wait_seconds, by Erlang C: arrivals at random, each taking handling_seconds on average, one queue, nobody gives up. 0 for no arrivals. Errors: 22023 an argument out of range, or a load of more than a million agents. Handbook G6.';
