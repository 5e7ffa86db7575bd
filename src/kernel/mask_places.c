/*
 * mask_places.c
 *		Personal data in Chinese words: number plates, postal addresses, names after a label.
 */
#include "kernel/mask_search.h"

#define INTERRUPT_STRIDE 4096

/* How far before the name of a street its address can begin and after it end, and how long a name in it can be. */
#define ADDRESS_REACH 32
#define ADDRESS_TAIL 64
#define NAME_LENGTH 4

/* Numbers of houses and flats have fewer digits than telephones. */
#define MAX_HOUSE_DIGITS 5

static bool
is_one_of(uint32 code, const uint32 *codes, int n)
{
	for (int i = 0; i < n; i++)
		if (codes[i] == code)
			return true;
	return false;
}

#define IS_ONE_OF(code, codes) is_one_of((code), (codes), sizeof(codes) / sizeof((codes)[0]))

/* -- Number plates ------------------------------------------------------------------------------------------------ */

static const uint32 plate_provinces[] = {
	0x4EAC, 0x6D25, 0x6CAA, 0x6E1D, 0x5180, 0x8C6B, 0x4E91, 0x8FBD, 0x9ED1, 0x6E58, /* 京津沪渝冀豫云辽黑湘 */
	0x7696, 0x9C81, 0x65B0, 0x82CF, 0x6D59, 0x8D63, 0x9102, 0x6842, 0x7518, 0x664B, /* 皖鲁新苏浙赣鄂桂甘晋 */
	0x8499, 0x9655, 0x5409, 0x95FD, 0x8D35, 0x7CA4, 0x9752, 0x85CF, 0x5DDD, 0x5B81, /* 蒙陕吉闽贵粤青藏川宁 */
	0x743C, 0x519B,                                                                 /* 琼军 */
};

/* 学警港澳挂领使 at the end */
static const uint32 plate_suffixes[] = {0x5B66, 0x8B66, 0x6E2F, 0x6FB3, 0x6302, 0x9886, 0x4F7F};

static int
skip_plate_separators(const csf_personal_search *search, int index)
{
	for (int i = 0; i < 2; i++)
	{
		uint32 code = csf_code_at(search, index);

		if (code == ' ' || code == '-' || code == '.' || code == 0xB7 || code == 0x2022 || code == 0x30FB)
			index++;
	}
	return index;
}

/* 更新 and 最新 before a letter are no Xinjiang. */
static bool
is_other_word(const csf_personal_search *search, int index)
{
	static const uint32 before[] = {0x66F4, 0x6700, 0x91CD, 0x5168, 0x5168}; /* 更最重全 */

	return csf_code_at(search, index) == 0x65B0 && IS_ONE_OF(csf_code_at(search, index - 1), before);
}

static void
search_plate(csf_personal_search *search, int index)
{
	int at = skip_plate_separators(search, index + 1);
	int end = -1;
	int n = 0;
	bool digit = false;

	if (is_other_word(search, index))
		return;
	if (csf_is_letter(csf_code_at(search, at)))
		at++;
	else if (csf_word_at(search, index - 2, "wj")) /* the armed police: WJ京12345 */
		index -= 2;
	else
		return;
	while (n < 6)
	{
		int next = skip_plate_separators(search, at);
		uint32 code = csf_code_at(search, next);

		if (n == 4 && IS_ONE_OF(code, plate_suffixes))
		{
			csf_personal_add(search, CSF_PERSONAL_PLATE, index, next);
			return;
		}
		/* A sixth character belongs to the plate only if it is written like the fifth. */
		if (!(csf_is_digit(code) || csf_is_letter(code)) || (n == 5 && next != at))
			break;
		digit = digit || csf_is_digit(code);
		end = next;
		at = next + 1;
		n++;
	}
	if (n >= 5 && digit && !csf_is_word_character(csf_code_at(search, end + 1)))
		csf_personal_add(search, CSF_PERSONAL_PLATE, index, end);
}

/* -- Addresses ---------------------------------------------------------------------------------------------------- */

/* Ends of names of streets and other places that have numbered houses: 路街道巷弄里村段园苑区庄城厦坊同寓院组队 */
static const uint32 street_ends[] = {
	0x8DEF, 0x8857, 0x9053, 0x5DF7, 0x5F04, 0x91CC, 0x6751, 0x6BB5, 0x56ED, 0x82D1,
	0x533A, 0x5E84, 0x57CE, 0x53A6, 0x574A, 0x540C, 0x5BD3, 0x9662, 0x7EC4, 0x961F,
};

/* Of these alone: a number after them is one of a house even without 号. 路街道巷 */
static const uint32 road_ends[] = {0x8DEF, 0x8857, 0x9053, 0x5DF7};

/* What can follow the end of a road's name before the number, as in 黄埔大道西78号: 东西南北中 */
static const uint32 road_parts[] = {0x4E1C, 0x897F, 0x5357, 0x5317, 0x4E2D};

/* Ends of names of districts: 省市区县州盟旗镇乡 */
static const uint32 district_ends[] = {0x7701, 0x5E02, 0x533A, 0x53BF, 0x5DDE,
									   0x76DF, 0x65D7, 0x9547, 0x4E61};

/* What numbers of houses, entrances, floors and flats are called: 号弄栋幢座楼层室户院 */
static const uint32 house_units[] = {
	0x53F7, 0x5F04, 0x680B, 0x5E62, 0x5EA7, 0x697C, 0x5C42, 0x5BA4, 0x6237, 0x9662,
};

/* Words that end like the name of a street: a number after them alone, as in 知道3号, is a day or a place in a row. */
static const char *const other_words[] = {
	"知道", "报道", "渠道", "频道", "通道", "味道", "这里", "那里", "哪里", "家里", "店里",
	"手里", "合同", "不同", "相同", "一同", "排队", "团队", "车队", "时段", "阶段",
};

/* Words that stand before an address and not in one: 在到是住寄送往去址为我你您他她的了把给请 */
static const uint32 address_stops[] = {
	0x5728, 0x5230, 0x662F, 0x4F4F, 0x5BC4, 0x9001, 0x5F80, 0x53BB, 0x5740, 0x4E3A,
	0x6211, 0x4F60, 0x60A8, 0x4ED6, 0x5979, 0x7684, 0x4E86, 0x628A, 0x7ED9, 0x8BF7,
};

static int
skip_blank(const csf_personal_search *search, int index)
{
	return csf_code_at(search, index) == ' ' ? index + 1 : index;
}

static bool
is_house_digit(uint32 code)
{
	return csf_digit_value(code) >= 0 || code == 0x5341 || code == 0x767E; /* 十百 */
}

/* Behind the house digits at index, at most MAX_HOUSE_DIGITS, or index. */
static int
house_digits_end(const csf_personal_search *search, int index)
{
	int end = index;

	while (end - index <= MAX_HOUSE_DIGITS && is_house_digit(csf_code_at(search, end)))
		end++;
	return end - index > MAX_HOUSE_DIGITS ? index : end;
}

/* Behind the word for a house, flat and so on at index, or index if there is none. 号 in 号线 and 号码 is none. */
static int
house_unit_end(const csf_personal_search *search, int index)
{
	uint32 code = csf_code_at(search, index);
	uint32 next = csf_code_at(search, index + 1);

	if (code == 0x5355 && next == 0x5143) /* 单元 */
		return index + 2;
	if (!IS_ONE_OF(code, house_units))
		return index;
	if (code == 0x53F7 && (next == 0x7EBF || next == 0x7801))
		return index;
	return code == 0x53F7 && next == 0x697C ? index + 2 : index + 1; /* 号楼 */
}

/* A座, B栋, C室: a letter in the place of a number, which only what it is called tells. */
static bool
is_lettered(const csf_personal_search *search, int index)
{
	uint32 unit = csf_code_at(search, index + 1);

	return csf_is_letter(csf_code_at(search, index)) && unit != 0x53F7 && unit != 0x9662 && /* 号院 */
		   house_unit_end(search, index + 1) > index + 1;
}

/*
 * Behind the number that begins at index, perhaps with a letter around it or in its place, a dash or 之 inside, or its
 * digits spaced out; index if none does.
 */
static int
house_number_end(const csf_personal_search *search, int index)
{
	int from = csf_is_letter(csf_code_at(search, index)) ? index + 1 : index;
	int at = house_digits_end(search, from);
	int length = at - from;

	if (at == from)
		return is_lettered(search, index) ? index + 1 : index;
	for (int parts = 1; parts < 5; parts++)
	{
		uint32 code = csf_code_at(search, at);
		int end;

		if (code != '-' && code != '#' && code != ' ' && code != 0x4E4B) /* 之 */
			break;
		if (code == '-' && is_lettered(search, at + 1))
			return at + 2;
		end = house_digits_end(search, at + 1);
		if (end == at + 1 || (code == ' ' && (length > 1 || end - at > 2)))
			break;
		length = end - at - 1;
		at = end;
	}
	if (csf_is_letter(csf_code_at(search, at)) && !csf_is_letter(csf_code_at(search, at + 1)))
		at++;
	return at;
}

/* Goes on over 5栋, 2单元, 阳光花园3号, 501室, 5-2-301 behind end: returns the last code point of the address. */
static int
address_end(const csf_personal_search *search, int end)
{
	int limit = end + ADDRESS_TAIL;

	while (end < limit)
	{
		int at = skip_blank(search, end + 1);
		int name = at;
		int number, unit;

		while (name - at < 8 && csf_is_han(csf_code_at(search, name)) &&
			   !is_house_digit(csf_code_at(search, name)))
			name++;
		number = house_number_end(search, name);
		if (number == name)
			return end;
		unit = house_unit_end(search, skip_blank(search, number));
		if (unit == skip_blank(search, number))
			return name == end + 1 || (name == end + 2 && csf_code_at(search, end + 1) == 0x4E4B) /* 之 */
					   ? number - 1
					   : end;
		end = unit - 1;
	}
	return end;
}

/* The first code point of the address whose street ends at street: from the first district before it, or the street. */
static int
address_start(const csf_personal_search *search, int street)
{
	int first = street, district = -1, start;

	while (street - first < ADDRESS_REACH)
	{
		uint32 code = csf_code_at(search, first - 1);

		if (!(csf_is_han(code) || code == ' ' || csf_is_digit(code)) || IS_ONE_OF(code, address_stops))
			break;
		first--;
		if (IS_ONE_OF(code, district_ends) && first > 0)
			district = first;
	}
	start = district >= 0 ? district : street;
	for (int i = 0; i < NAME_LENGTH && start > first && csf_is_han(csf_code_at(search, start - 1)); i++)
		start--;
	/* What little is left before it is a province or city without its word: 香港九龙…, 内蒙古自治区… */
	if (start - first <= NAME_LENGTH)
		while (start > first && csf_is_han(csf_code_at(search, start - 1)))
			start--;
	return start;
}

static bool
ends_other_word(const csf_personal_search *search, int street)
{
	for (size_t i = 0; i < sizeof(other_words) / sizeof(other_words[0]); i++)
		if (csf_word_at(search, street - 1, other_words[i]))
			return true;
	return false;
}

static bool
has_district(const csf_personal_search *search, int start, int street)
{
	for (int i = start + 1; i < street; i++)
		if (IS_ONE_OF(csf_code_at(search, i), district_ends))
			return true;
	return false;
}

static void
search_address(csf_personal_search *search, int street)
{
	bool road = IS_ONE_OF(csf_code_at(search, street), road_ends);
	int part = road && IS_ONE_OF(csf_code_at(search, street + 1), road_parts) ? 1 : 0;
	int at = skip_blank(search, street + 1 + part);
	int number = house_number_end(search, at);
	int unit = house_unit_end(search, skip_blank(search, number));
	int start, end;

	if (number == at)
		return;
	start = address_start(search, street);
	if (start == street)
		return;
	if (unit != skip_blank(search, number))
	{
		end = address_end(search, unit - 1);
		if (end >= unit || has_district(search, start, street) || !ends_other_word(search, street))
			csf_personal_add(search, CSF_PERSONAL_ADDRESS, start, end);
	}
	else if (road && has_district(search, start, street))
		csf_personal_add(search, CSF_PERSONAL_ADDRESS, start, address_end(search, number - 1));
}

/* -- Names -------------------------------------------------------------------------------------------------------- */

static const char surnames[] = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘蒋"
							   "蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
							   "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴"
							   "莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄"
							   "聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷"
							   "盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕"
							   "屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗"
							   "瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙"
							   "荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
							   "于傅常肖洪赖阎匡练楚冀郁胥储嵇荀蔺晋冼芮荆廉辜薄植鞠丰阚訾晁桓濮寿扈燕郏"
							   "浦茹宦暨伏茅宣杭滑钮贲蒯逯逄亓郜";

/* Surnames of two characters; three or four with one are a name. */
static const char *const compound_surnames[] = {
	"欧阳", "上官", "司马", "诸葛", "慕容", "令狐", "皇甫", "尉迟", "公孙", "司徒", "长孙", "夏侯",
	"端木", "轩辕", "南宫", "独孤", "宇文", "申屠", "钟离", "闻人", "呼延", "司空", "澹台",
};

/* What follows a name without a mark between: 电话 手机 号码 身份 地址 … begin with these. */
static const uint32 name_stops[] = {
	0x7535, 0x624B, 0x53F7, 0x8EAB, 0x5730, 0x4F4F, 0x6027,
	0x662F, 0x7684, 0x5148, 0x5973, 0x8981, 0x60F3, 0x8BA2,
}; /* 电手号身地住性是的先女要想订 */

/* The last characters of the words that announce a name, and of the marks between: 名人叫是为 and others */
static const uint32 before_names[] = {0x540D, 0x4EBA, 0x53EB, 0x662F, 0x4E3A, ' ',
									  ':',    '=',    '.',    '#',    '(',    '"'};

static bool
is_surname(uint32 code)
{
	char bytes[5];

	if (!csf_is_han(code))
		return false;
	bytes[csf_utf8_put(code, bytes)] = '\0';
	return strstr(surnames, bytes) != NULL;
}

static bool
is_compound_surname(const csf_personal_search *search, int index)
{
	for (size_t i = 0; i < sizeof(compound_surnames) / sizeof(compound_surnames[0]); i++)
		if (csf_word_at(search, index, compound_surnames[i]))
			return true;
	return false;
}

/* A surname and one to three characters after a word that announces a name. */
static void
search_name(csf_personal_search *search, int index)
{
	int end = index + 1;
	bool compound;

	if (!IS_ONE_OF(csf_code_at(search, index - 1), before_names))
		return;
	compound = is_compound_surname(search, index);
	if (!(compound || is_surname(csf_code_at(search, index))) ||
		!(csf_labelled(search, index, "姓名 联系人 收件人 收货人 户名 持卡人 寄件人 真名 开户名", 3) ||
		  csf_word_at(search, index - 2, "我叫") || csf_word_at(search, index - 3, "我名叫")))
		return;
	while (end - index < NAME_LENGTH && csf_is_han(csf_code_at(search, end)) &&
		   !IS_ONE_OF(csf_code_at(search, end), name_stops))
		end++;
	/* With a short surname four characters are a name only where it ends there; with more after them, three are. */
	if (!compound && end - index == NAME_LENGTH && csf_is_han(csf_code_at(search, end)))
		end--;
	if (end - index >= 2)
		csf_personal_add(search, CSF_PERSONAL_NAME, index, end - 1);
}

void
csf_search_places(csf_personal_search *search)
{
	const csf_folded *text = search->text;

	for (int i = 0; i < text->n; i++)
	{
		if (i % INTERRUPT_STRIDE == INTERRUPT_STRIDE - 1)
			csf_check_interrupts();
		if (!csf_is_han(text->code[i]))
			continue;
		if (IS_ONE_OF(text->code[i], plate_provinces))
			search_plate(search, i);
		if (IS_ONE_OF(text->code[i], street_ends))
			search_address(search, i);
		search_name(search, i);
	}
}
