-- Two desks with people of every role, for tests of rights; after ../lib/internet_desk.sql. The group roles are called
-- :prefix, as are the people's: PREFIX_lin (agent, customer service), PREFIX_tao (agent, technical team), PREFIX_sue (supervises
-- customer service), PREFIX_ada (administrator), PREFIX_rea (reader), PREFIX_pool (pooled application), PREFIX_far (agent of the other
-- desk), PREFIX_boss (administrator of the other desk), PREFIX_stranger (nobody).
SELECT create_desk('elsewhere') AS elsewhere \gset
UPDATE desk SET duplicate_at_intake = false;
SELECT team_id AS far_service FROM team WHERE desk_id = :elsewhere AND code = 'customer_service' \gset
SELECT * FROM setup_roles(:'prefix') \g /dev/null
SELECT format('CREATE ROLE %I', :'prefix' || '_' || name) FROM unnest('{lin,tao,sue,ada,rea,pool,far,boss,stranger}'::text[]) name \gexec
SELECT format('GRANT %I TO %I', :'prefix' || '_' || g, :'prefix' || '_' || name) FROM (VALUES ('lin', 'agent'), ('tao', 'agent'), ('sue', 'supervisor'),
  ('ada', 'administrator'), ('rea', 'reader'), ('pool', 'agent'), ('far', 'agent'), ('boss', 'administrator')) v (name, g) \gexec
UPDATE agent SET role_name = :'prefix' || '_lin' WHERE desk_id = :desk AND agent_id = 11;
UPDATE agent SET role_name = :'prefix' || '_tao' WHERE desk_id = :desk AND agent_id = 21;
UPDATE agent SET role_name = :'prefix' || '_sue' WHERE desk_id = :desk AND agent_id = 91;
UPDATE team SET supervisor_id = NULL, head_id = NULL WHERE desk_id = :desk AND code <> 'customer_service';
INSERT INTO agent (desk_id, agent_id, name, role_name, team_id, may_act_for_others) VALUES
  (:desk, 101, 'Ada', :'prefix' || '_ada', NULL, false), (:desk, 102, 'Rea', :'prefix' || '_rea', NULL, false),
  (:desk, 103, 'pool', :'prefix' || '_pool', NULL, true), (:elsewhere, 11, 'Far', :'prefix' || '_far', :far_service, false),
  (:elsewhere, 12, 'Boss', :'prefix' || '_boss', NULL, false);
-- Whoever acts: the names of the tests stay short.
SELECT :'prefix' || '_lin' AS lin, :'prefix' || '_tao' AS tao, :'prefix' || '_sue' AS sue, :'prefix' || '_ada' AS ada, :'prefix' || '_rea' AS rea,
  :'prefix' || '_pool' AS pool, :'prefix' || '_far' AS far, :'prefix' || '_boss' AS boss, :'prefix' || '_stranger' AS stranger \gset
GRANT USAGE ON SCHEMA csflow TO :"stranger";

-- Tickets of the service, of the technical team (one of them Tao's own), and of the other desk; texts with a telephone number.
INSERT INTO ticket (desk_id, channel, customer_id, title, body, attributes, team_id, agent_id, source, external_id, opened_at) VALUES
  (:desk, 'email', 1, '闪退 13812345678', '我的手机13812345678打不开', '{"phone": "13812345678"}', :service, NULL, 'csflow', 's', '2025-03-03 09:00'),
  (:desk, 'email', 1, '闪退 13812345678', '我的手机13812345678打不开', '{"phone": "13812345678"}', :service, 11, 'csflow', 's11', '2025-03-03 09:00'),
  (:desk, 'email', 2, '闪退 13812345678', '我的手机13812345678打不开', '{"phone": "13812345678"}', :technical, NULL, 'csflow', 't', '2025-03-03 09:00'),
  (:desk, 'email', 2, '闪退 13812345678', '我的手机13812345678打不开', '{"phone": "13812345678"}', :technical, 21, 'csflow', 't21', '2025-03-03 09:00'),
  (:elsewhere, 'email', NULL, '闪退 13812345678', '我的手机13812345678打不开', '{}', :far_service, 11, 'csflow', 'far', '2025-03-03 09:00');
SELECT ticket_no AS s FROM ticket WHERE external_id = 's' \gset
SELECT ticket_no AS s11 FROM ticket WHERE external_id = 's11' \gset
SELECT ticket_no AS t FROM ticket WHERE external_id = 't' \gset
SELECT ticket_no AS t21 FROM ticket WHERE external_id = 't21' \gset
SELECT ticket_no AS far_no FROM ticket WHERE external_id = 'far' \gset
INSERT INTO message (desk_id, ticket_no, author_kind, body, at) SELECT desk_id, ticket_no, 'customer', '打13812345678', '2025-03-03 10:00' FROM ticket;
