"""Invented names of people, companies and streets, rare glyphs and minority names among them."""

from random import Random
from typing import Final

from tongban.kernel.codes import Sex

# roughly the commonest first: the choice below leans to the front
_SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任"
    "沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
DOUBLE: Final = ("欧阳", "上官", "诸葛", "司徒", "端木", "令狐")
_GIVEN: Final[dict[Sex, str]] = {
    "male": "伟强磊军洋勇杰涛超明刚平辉鹏健宇浩轩睿晨博文昊泽俊峰毅凯翔志远航嘉铭子涵一诺宏建国华",
    "female": "芳娜敏静丽艳娟霞燕玲婷雪慧莹洁琳颖欣怡梦瑶佳雨涵诗妍思琪晓彤秀英兰桂梅凤玉珍淑萍",
}
RARE: Final = "䶮㛃喆堃昇峯"
VARIANTS: Final = str.maketrans("䶮㛃喆堃昇峯·", "龑洁哲坤升峰•")
"""How a register that cannot write a name writes it (异体字)."""

_UYGUR: Final[dict[Sex, tuple[str, ...]]] = {
    "male": (
        "阿迪力",
        "买买提",
        "艾力",
        "吐尔逊",
        "热合曼",
        "库尔班",
        "玉素甫",
        "阿卜杜拉",
        "木拉提",
    ),
    "female": ("古丽娜尔", "阿依古丽", "热依汗", "帕提古丽", "迪丽拜尔", "祖丽皮亚", "米热古丽"),
}
# besides the Uygur families: the groups most often met in an eastern city (GB/T 3304)
_OTHER_GROUPS: Final = ("22", "15", "06", "03", "11", "08", "12", "10")

_STREETS: Final = (
    "文一路",
    "学院路",
    "建设路",
    "人民路",
    "解放路",
    "湖滨路",
    "安和大道",
    "望江路",
    "秋涛路",
    "青年路",
)
_ESTATES: Final = (
    "翠苑",
    "景芳",
    "和睦",
    "朝晖",
    "采荷",
    "古荡",
    "嘉绿",
    "文新",
    "闲林",
    "良渚",
    "南苑",
    "临江",
)
_TRADES: Final = (
    ("I65", "网络科技", "软件开发；信息系统集成服务"),
    ("F51", "贸易", "日用百货销售；食品销售（仅销售预包装食品）"),
    ("L72", "企业管理咨询", "企业管理咨询；市场调查"),
    ("H62", "餐饮管理", "餐饮管理；外卖递送服务"),
    ("E50", "装饰工程", "住宅室内装饰装修；建筑材料销售"),
    ("M74", "检测技术", "环境保护监测；技术服务"),
    ("C18", "服饰", "服装制造；服装服饰批发"),
    ("P83", "教育科技", "教育咨询服务；组织文化艺术交流活动"),
)
_BRANDS: Final = "安和盛瑞达信远恒嘉泰博创华宇诚立新锐中宏启明云智联海川"


def _lean(random: Random, choices: str) -> str:
    return choices[int(len(choices) * random.random() ** 2)]


def surname(random: Random) -> str:
    """Give a Han surname; one in three hundred has two characters."""
    if random.random() < 0.003:
        return DOUBLE[int(len(DOUBLE) * random.random())]
    return _lean(random, _SURNAMES)


def given(random: Random, sex: Sex, *, rare: bool = False) -> str:
    """Give a given name of one or two characters; a rare one holds a rare glyph (生僻字)."""
    pool = _GIVEN[sex]
    first = pool[int(len(pool) * random.random())]
    if rare:
        return first + RARE[int(len(RARE) * random.random())]
    if random.random() < 0.18:
        return first
    return first + pool[int(len(pool) * random.random())]


def uygur(random: Random, sex: Sex, father: str | None = None) -> str:
    """Give an Uygur name: own name, ·, the father's own name."""
    own = _UYGUR[sex][int(len(_UYGUR[sex]) * random.random())]
    men = _UYGUR["male"]
    after = father.partition("·")[0] if father else men[int(len(men) * random.random())]
    return f"{own}·{after}"


def ethnic_group(random: Random) -> str:
    """Give the code of an ethnic group for a family with Han names: nearly always Han."""
    if random.random() < 0.975:
        return "01"
    return _OTHER_GROUPS[int(len(_OTHER_GROUPS) * random.random())]


def address(random: Random, district: str) -> tuple[str, str]:
    """Give an invented address in a district of Anhe, and its community."""
    community = _ESTATES[int(len(_ESTATES) * random.random())] + "社区"
    street = _STREETS[int(len(_STREETS) * random.random())]
    number, building, flat = (int(n * random.random()) + 1 for n in (400, 40, 6))
    floor = int(18 * random.random()) + 1
    return f"安和市{district}{street}{number}号{building}幢{floor}0{flat}室", community


def company(random: Random, serial: int) -> tuple[str, str, str]:
    """Give a company's name, its industry code (GB/T 4754) and its scope.

    `serial` makes the name the only one of its kind.
    """
    industry, trade, scope = _TRADES[int(len(_TRADES) * random.random())]
    size = len(_BRANDS)
    # a prime scatters neighbours over all brands of three characters; beyond, a fourth follows
    block, place = divmod(serial, size**3)
    place = place * 7919 % size**3
    parts = [place % size, place // size % size, place // size**2]
    while block:
        parts.append(block % size)
        block //= size
    brand = "".join(_BRANDS[part] for part in parts)
    return f"安和市{brand}{trade}有限公司", industry, scope
