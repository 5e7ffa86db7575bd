-- csflow.mask_personal_data and csflow.find_personal_data (handbook F8, E7): what is found, what stays.
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS csflow;
RESET client_min_messages;
SET search_path = csflow;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE TEMP TABLE example (id serial, body text);
INSERT INTO example (body) VALUES
  -- mobile numbers, in any dress
  ('手机13812345678。'), ('１３８ １２３４ ５６７８'), ('1-3-8-1-2-3-4-5-6-7-8'), ('138.1234.5678'), (E'138\u200B1234\u200B5678'),
  ('一三八一二三四五六七八'), ('幺三八 壹贰叁肆 五六七八'), ('①③⑧①②③④⑤⑥⑦⑧'), ('+86 138-1234-5678'), ('8613812345678'), ('0086(138)12345678'),
  ('13812345678，13912345679、13712345670'), ('电话13812345678元旦后打'), ('138*1234*5678'), (E'138\n12345678'),
  -- landlines, also of Taiwan
  ('座机010-12345678'), ('(0755) 1234 5678'), ('0311-1234567转801'), ('02112345678'), ('0912-345-678'),
  -- identity numbers: checksum and date
  ('身份证11010519491231002X'), ('11010519491231002x'), ('110105 19491231 002 Ｘ'), ('1-1-0-1-0-5-1-9-4-9-1-2-3-1-0-0-2-X'), ('老证110105491231002'),
  -- bank cards: Luhn and issuer
  ('卡号6222021234567890128'), ('6222 0212 3456 7890 128'), ('4111-1111-1111-1111'), ('５５５５５５５５５５５５４４４４'), ('378282246310005'),
  -- a number is an order by itself or behind a word for one, not behind a word for a card or telephone
  ('Card no. 4111 1111 1111 1111'), ('银行卡编号6222021234567890128'), ('tel no.: 010-12345678'), ('证件编号110105491231002'), ('casino 4111111111111111'), ('设备编号：550e8400-e29b-41d4-a716-446655440000'),
  ('no. 4111111111111111'), ('编号：4111111111111111'), ('Order No.4111111111111111'), ('工单编号 4111111111111111'), ('订单号 110105491231002'), ('SF110105491231002'),
  -- e-mail
  ('邮箱zhang.san@qq.com，谢谢'), ('ＺＨＡＮＧ＠ＱＱ．ＣＯＭ'), ('zhang san+x@mail.example.com.cn.'), ('zs (at) qq (dot) com'), ('zs @ qq . com'), ('zs@qq。com'),
  ('邮箱zs@qq.com。13812345678'), ('zs@qq.com。2023年注册'), ('zs@qq.com.1'), ('zs@xn--fiq228c.com'), ('zs@a-b.example.com-'), ('zs@1.2'), ('zs@qq.c'),
  -- number plates
  ('车牌京A12345'), ('粤B·D12345'), ('沪A1234学'), ('蘇E 1 2 3 4 5'), ('京ＡＤ１２３４５'),
  -- IP addresses and devices
  ('IP 192.168.1.1 登录'), ('192 . 168 . 1 . 1'), ('2001:db8::8a2e:370:7334'), ('2001:0db8:85a3:0000:0000:8a2e:0370:7334'), ('::ffff:10.0.0.1'),
  ('登录IP192.168.1.1异常'), ('IP2001:db8::1'), ('VIP1.2.3.4'), ('IP1.2.3'),
  ('MAC 00:1A:2b:3c:4d:5e'), ('IMEI 490154203237518'), ('设备号：A1B2C3D4E5F6'), ('IDFA 550E8400-E29B-41D4-A716-446655440000'),
  -- addresses, at least to the street number
  ('地址：浙江省杭州市西湖区文三路138号5栋2单元501室，谢谢'), ('我住在北京市朝阳区建国门外大街 1 號院 3 號樓'), ('麻烦送到世纪大道１００号'),
  ('台北市信義區信義路五段七號8樓'), ('寄到广东省深圳市南山区科技园南区A3栋'), ('文三路138号5-2-301'), ('上海市南京东路 1 0 0 号'), ('文三路138号13812345678'),
  -- a road with the side or part of the town behind its name
  ('广州市天河区黄埔大道西78号'), ('白云大道北1号3栋'), ('香港中環皇后大道中99號'), ('机场路东'), ('我知道中3号'),
  -- buildings and flats with a letter for a number
  ('幸福小区A座1201室'), ('寄到科技园南区R3-A栋5楼'), ('文三路138号东方大厦B座12层C室'), ('小区A栋'), ('渠道A号'), ('小区APP打不开'), ('医院B超室'),
  -- numbers after a word that only ends like a street are none, unless more of an address is there
  ('我知道3号会到'), ('这里12号停电，合同5号签的'), ('排队12号还没轮到，渠道2号'), ('苏州市吴中区王家里5号'), ('王家里5号2单元301室'),
  -- names after a label
  ('姓名：张三'), ('收件人:歐陽小明 电话13812345678'), ('联系人李小明电话13812345678'), ('我叫王大锤，找你们经理'),
  ('姓名：于洋，男'), ('联系人肖战'), ('收件人：傅强'), ('联系人欧阳小明电话13812345678'), ('收件人：诸葛娜娜女士'), ('姓名：慕容雪'), ('收件人代收'),
  -- what stays: orders, amounts, versions, times, checksums that do not fit
  ('订单202310001'), ('订单号20231015123456789012'), ('快递SF1234567890123'), ('运单YT1234567890123'), ('订单号 4111111111111111'),
  ('工单550e8400-e29b-41d4-a716-446655440000、订单号 550e8400-e29b-41d4-a716-446655440000'),
  ('金额1,234,567.89元'), ('¥13,812,345,678.00'), ('欠款1381234567.89元'), ('版本8.1.2.3'), ('v1.2.3.4'), ('1.2.3.4.5'), ('2023-10-15 18:30:05.123'), ('05-06-2023 1234'),
  ('12:30:45'), ('std::string a::b'), ('4111111111111112'), ('11010519491231002Y'), ('110105194912310021'), ('123456789012'), ('x@y'), ('更新A12345'), ('地铁10号线3号口'),
  ('公交5路12站'), ('走了2条街5个人'), ('我叫客服三次了'), ('姓名不对'), ('400-800-1234'), ('12345678'), ('256.1.1.1'), ('运单号 YT13812345678'), ('iOS 17.0.1.2'), (''), ('😀👍'),
  -- addresses of regions and cities without their word
  ('内蒙古自治区呼和浩特市新华东街18号'), ('香港九龍彌敦道100號5樓之1'), ('快送到家文三路138号'),
  -- any mark between digits, and digits of any script
  ('138----1234----5678'), ('138#1234#5678'), ('138:1234:5678'), ('138❤1234😀5678'), ('138→1234…5678'), ('138‧1234−5678'), ('13;81=23<45>67"8'), ('1️⃣3️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣'),
  ('١٣٨١٢٣٤٥٦٧٨'), ('१३८१२३४५६७८'), ('❶❸❽➀➁➂➍❺❻❼❽'), ('13八1234伍六7八'), ('〡〣〨〡〢〣〤〥〦〧〨'), ('一三八两二三四五六七八'), ('110105 1949-12-31 002X'), ('138 1234 5678元'), ('¥138 1234 5678'),
  -- telephones from abroad and with an extension
  ('+86 10 12345678'), ('+86-755-1234-5678'), ('(+86)13812345678'), ('0086 21 12345678'), ('+852 9123 4567'), ('+1 (212) 555-1234'), ('0755-12345678-801'), ('010 1234 5678 转分机 801'), ('010-12345678 ext. 801'), ('010-12345678-13812345678'),
  -- documents after their word
  ('护照号码：E12345678'), ('passport no. G12345678'), ('香港身份证 A123456(7)'), ('台胞证 12345678'),
  ('Passport Number: E12345678'), ('passport no.: G12345678'), ('护照号码：【E12345678】'), ('number: E12345678'),
  -- e-mail and network in disguise
  ('zs(@)qq.com'), ('zs{at}qq.com'), ('zs艾特qq点com'), ('zs@qq点com'), ('"zhang san"@qq.com'), ('张三@qq.com'), ('192[.]168[.]1[.]1'), ('[2001:db8::1]:443'), ('fe80::1%eth0'), ('64:ff9b::192.0.2.33'),
  -- plates of new-energy cars, the army, the armed police, embassies
  ('粤B·DF1234'), ('京AF12345'), ('沪A12345D'), ('军A12345'), ('WJ京12345'), ('粤A1234领'),
  -- English addresses
  ('Send it to 221B Baker Street, London'), ('住在221B Baker Street，谢谢'), ('No. 12 Nathan Road'), ('Flat 5, 12 Nathan Road, Kowloon'), ('5th Avenue 350'), ('350 5th Ave., Apt. 4B, New York'), ('1600 Pennsylvania Ave. NW'), ('Nathan Road No. 12, Room 3'),
  ('42 Wallaby Way, Sydney'), ('138 Wensan Lu'), ('10 Downing St.'), ('12-14 St James Street'),
  -- none of these is one
  ('Main Street'), ('5th Avenue'), ('order 12345 Oxford Street store closed'), ('order no. 12345 road bike'), ('I paid $12 Oxford Street'), ('version 12 fast lane'), ('2 minutes down the road'), ('5 star street food'), ('12.5 High Road'),
  ('3 kids way too loud'), ('I have 2 cars, one on the street'), ('I waited on the road 3 times'), ('High Street 2 weeks ago'), ('a Road 50% closed'),
  -- nor are times, sums and lists telephones
  ('2023-10-15T18:30:05.123+08:00'), ('2023/10/15 18:30:05 2023/10/16 09:10:20'), ('12345678+9012345678'), ('余额+1234567890元'), ('价格 100 200 300 元'), ('尺码 37 38 39 40 41'), ('no 12345678'), ('上海A12345');
SELECT body, mask_personal_data(body) FROM example WHERE body !~ E'[\n\u200B]' ORDER BY id;
SELECT 'hidden', mask_personal_data(body) FROM example WHERE body ~ E'[\n\u200B]' ORDER BY id;
SELECT 'null', mask_personal_data(NULL) IS NULL, (SELECT count(*) FROM find_personal_data(NULL));

-- Places: the text found stands where it is said to stand; masking is replacing what is found.
SELECT body, found.* FROM example, find_personal_data(body) AS found WHERE id IN (2, 12, 26, 101) ORDER BY id, character_position;
SELECT 'misplaced', count(*) FROM example, find_personal_data(body) AS f WHERE substr(body, f.character_position, f.characters) <> f.found;
SELECT 'not replaced', count(*) FROM example WHERE mask_personal_data(body) <> coalesce((
  SELECT string_agg(substr(body, coalesce(before, 1), character_position - coalesce(before, 1)) || '[' || kind || ']', '' ORDER BY character_position)
    || substr(body, max(character_position + characters))
  FROM (SELECT f.*, lag(character_position + characters) OVER (ORDER BY character_position) AS before FROM find_personal_data(body) AS f) AS item), body);

-- Masking a masked text changes nothing, alone or in company.
SELECT 'not idempotent', count(*) FROM example WHERE mask_personal_data(mask_personal_data(body)) <> mask_personal_data(body);
SELECT 'not idempotent together', count(*) FROM example AS a, example AS b
WHERE mask_personal_data(mask_personal_data(a.body || '，' || b.body)) <> mask_personal_data(a.body || '，' || b.body);

-- Full width and upper case change nothing in what is found.
SELECT 'differs in full width', body FROM example
WHERE (SELECT array_agg(kind ORDER BY character_position) FROM find_personal_data(body)) IS DISTINCT FROM
  (SELECT array_agg(kind ORDER BY character_position) FROM find_personal_data(translate(upper(body),
    '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ@.-:', '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ＠．－：')));

-- Any separator between the digits of a mobile number, at any place.
SELECT 'escaped', separator, place FROM unnest('{" ",-,.,_,/,*,~,·,"  ",--," - ",—,、,。,(,），|,"\\","'' ",:,;,#,@,!,?,&,=,^,%,<,»,…,→,■,★,😀,----------}'::text[]) AS separator, generate_series(1, 10) AS place
WHERE mask_personal_data('电话' || overlay('13812345678' PLACING separator FROM place + 1 FOR 0) || '谢谢') <> '电话[mobile]谢谢';

SELECT 'a megabyte', length(mask_personal_data(repeat('手机13812345678，订单202310001。', 30000)));
