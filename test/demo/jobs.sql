-- The scheduled jobs, for real: registers them and opens a ticket now. Variables: desk, live (whether the desk takes it).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT job AS "任务 job", schedule AS "计划 schedule", command AS "命令 command" FROM csflow.schedule_jobs();
\if :live
SELECT csflow.open_ticket(:desk, 'live_chat', '我的錢不見了，帳戶裡5200元被轉走，請馬上凍結！', external_id => 'live') AS live_ticket \gset
\endif
