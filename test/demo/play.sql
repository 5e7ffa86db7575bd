-- Replays a loaded log span by span, a line for each. Variables: desk, source.
\echo '                 事件   新建     消息     预警     超时     升级     关闭 自动关闭   处理中'
\echo '               events opened messages warnings breaches escalat.   closed  by 72 h     open'
SELECT format('CALL csflow_demo.play(%s, %L, %L)', :desk, :'source', s.until),
  format('SELECT csflow_demo.progress(%s, %L, %L, %L)', :desk, :'source', s.from_at, s.until),
  -- Autovacuum would do it by the minute, but here a day takes seconds: plans made for empty tables must not stay.
  CASE WHEN s.n & (s.n - 1) = 0 THEN 'ANALYZE' END
FROM csflow_demo.spans(:'source') AS s
\gexec
