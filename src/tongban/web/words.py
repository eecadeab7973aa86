"""The words of the pages, in Chinese and English, in one place; rooms of their own have their own.

What a case says of itself (states, reasons, names) comes from its own app; here are headings and
help alone.
"""

from collections.abc import Iterable, Mapping

from tongban.kernel.facts import Words

from .component_words import COMPONENT_WORDS
from .design_sheet_words import DESIGN_SHEET_WORDS
from .design_words import DESIGN_WORDS
from .desk_words import DESK_WORDS
from .drawing_words import DRAWING_WORDS
from .identity_words import IDENTITY_WORDS
from .mine_words import MINE_WORDS

_PAGE_WORDS: Mapping[str, Words] = {
    "site": Words("通办", "Tongban"),
    "tagline": Words("一次申请，全程网办", "a person applies once"),
    "skip": Words("跳到正文", "Skip to content"),
    "leave": Words("退出", "Sign out"),
    "signed_in": Words("您好，", "Signed in as"),
    "catalogue_link": Words("资源目录", "Catalogue"),
    "health_link": Words("运行监测", "Health"),
    "atlas_link": Words("指标图谱", "Atlas of the field"),
    "evidence_link": Words("存证与校验（区块链存证）", "Evidence anyone can check"),
    "licences_link": Words("我的证照", "Licences"),
    "verify_link": Words("核验证照", "Verify a licence"),
    "health_title": Words("交换网络运行监测", "How the exchange is doing"),
    "health_how": Words(
        "各节点每十秒报告一次；时延为毫秒（中位数 / 95 % / 99 %）。",
        "Nodes report every ten seconds; latencies in milliseconds (median / 95 % / 99 %).",
    ),
    "health_none": Words(
        "还没有节点报告。节点登记并有调用后，这里会显示各服务的状况。",
        "No node has reported yet. Once one is registered and called, its services appear here.",
    ),
    "health_service": Words("服务", "Service"),
    "health_last_good": Words("最近成功调用", "Last good call"),
    "health_calls": Words("调用", "Calls"),
    "health_minutes": Words("分钟", "min"),
    "health_errors": Words("错误率", "Errors"),
    "health_latency": Words("时延", "Latency"),
    "health_freshness": Words("更新", "Freshness"),
    "health_drift": Words("结构漂移", "Schema drift"),
    "health_well": Words("正常", "well"),
    "health_troubled": Words("异常", "troubled"),
    "health_silent": Words("节点失联", "its node is silent"),
    "health_idle": Words("近期无调用", "not called lately"),
    "health_fresh": Words("按时", "on time"),
    "health_late": Words("已晚", "late"),
    "health_stale": Words("陈旧", "stale"),
    "health_unknown": Words("未知", "not known"),
    "home_title": Words("我的办件", "My cases"),
    "home_queue": Words("待我办理", "Waiting for me"),
    "home_ask": Words("您要办什么？", "What do you need?"),
    "home_ask_hint": Words(
        "说一句话，例如：老人补贴怎么领", "Say it in a sentence: allowance for the old"
    ),
    "find": Words("找", "Find"),
    "home_help": Words("找人帮忙", "Get help"),
    "home_due": Words("等您办理", "Waiting for you"),
    "home_waiting": Words("我的进度", "My progress"),
    "home_none": Words("还没有办件。", "There is no case yet."),
    "home_signed_out": Words("请先登录", "Please sign in"),
    "home_how": Words("怎样看到一个办件", "How to see a case"),
    "home_demo": Words(
        "在终端运行下面的命令：先办理示范件，再打开页面。登录链接只能用一次，十分钟内有效。",
        "Run these commands in a terminal: the first makes the demonstration case, the second "
        "opens the pages. The sign-in link works once, within ten minutes.",
    ),
    "expired": Words(
        "登录链接已用过或已过期。请重新运行 tongban serve。",
        "This link was used already or has expired. Run tongban serve again.",
    ),
    "api_docs": Words("接口文档（OpenAPI）", "API documentation (OpenAPI)"),
    "number": Words("办件编号", "Case"),
    "submitted": Words("提交时间", "Submitted"),
    "life_event": Words("一件事", "Life event"),
    "case_state": Words("状态", "State"),
    "ended": Words("已全部办结", "All decided"),
    "open": Words("办理中", "In progress"),
    "branches": Words("各事项办理情况", "Where each item stands"),
    "department": Words("部门", "Department"),
    "state": Words("状态", "State"),
    "decided_by": Words("决定方式", "Decided by"),
    "by_rule": Words("规则自动决定", "a rule, at once"),
    "by_person": Words("工作人员决定", "an official"),
    "by_nobody": Words("尚未决定", "not yet"),
    "promised": Words("承诺办结", "Promised"),
    "promised_in": Words("承诺时限", "Promised within"),
    "working_days": Words("个工作日", "working days"),
    "working_day": Words("个工作日", "working day"),
    "again_at": Words("数据来源暂不可用，下次调取", "A source does not answer; asked again"),
    "at_once": Words("当场", "at once"),
    "actual": Words("实际办结", "Decided"),
    "reasons": Words("理由", "Reasons"),
    "rule_rows": Words("规则行", "rule row"),
    "licence": Words("电子证照标识", "Licence identifier"),
    "after": Words("须先办结", "After"),
    "waiting_for": Words("正在等待", "Waiting for"),
    "asked_now": Words("请您补正或确认", "Please correct or confirm"),
    "clock": Words("时限", "Clock"),
    "note": Words("说明", "Note"),
    "fetched": Words("从部门调取的数据", "What was fetched, and from whom"),
    "fetched_help": Words(
        "这些数据由主管部门提供，您没有填写，也没有提交证明。",
        "These came from the departments that own them: you neither typed nor proved them.",
    ),
    "known": Words("登录时已知", "Known from signing in"),
    "given": Words("您填写的内容", "What you were asked"),
    "uploads": Words("上传的材料", "Documents that were uploaded"),
    "upload_open": Words("打开原图", "Open the picture"),
    "upload_save": Words("打开完整PDF（下载）", "Open the whole PDF (saved to this machine)"),
    "upload_first_page": Words("首页预览", "first page"),
    "upload_first_page_help": Words(
        "图片仅为首页，不能代替全文：请打开完整PDF核对。",
        "The picture is the first page only: open the whole PDF to check it.",
    ),
    "upload_received": Words("收到时间", "Received"),
    "upload_digest": Words("摘要", "Digest"),
    "assigned": Words("办理中产生的号码", "Numbers that were assigned"),
    "item": Words("数据项", "Fact"),
    "value": Words("内容", "Value"),
    "unverified": Words("未核验", "unverified"),
    "no_value": Words("来源未提供", "not supplied"),
    "calls": Words("调取记录", "Who was asked, and why"),
    "resource": Words("数据资源", "Register"),
    "basis": Words("依据", "Ground"),
    "statutory": Words("法定职责", "duty by law"),
    "consent": Words("本人同意", "your consent"),
    "facts_count": Words("项", "facts"),
    "timeline": Words("办理留痕", "What happened"),
    "verified": Words("留痕链完整，未被改动", "The chain of evidence holds: nothing was changed"),
    "broken": Words("留痕链不完整，请联系管理员", "The chain is broken: call the administrator"),
    "time": Words("时间", "Time"),
    "event": Words("事件", "Event"),
    "who": Words("谁", "Who"),
    "system": Words("系统", "system"),
    "applicant": Words("申请人", "applicant"),
    "official": Words("工作人员", "official"),
    "hash": Words("摘要", "Hash"),
    "due": Words("承诺办结日", "Due"),
    "not_found": Words("没有这个页面", "There is no such page"),
    "not_found_help": Words(
        "办件编号可能有误，或者您无权查看。", "The number may be wrong, or it is not yours to see."
    ),
    "consents_title": Words("我的授权同意", "What I consented to"),
    "consents_none": Words("您还没有给出过授权同意。", "You have given no consent yet."),
    "consent_given": Words("同意时间", "Given"),
    "consent_stands": Words("有效", "stands"),
    "consent_ended": Words("已到期", "has ended"),
    "consent_withdrawn": Words("已撤回", "withdrawn"),
    "consent_withdraw": Words("撤回同意", "Withdraw consent"),
    "consent_again": Words("重新同意", "Consent again"),
    "withdraw_stops": Words(
        "撤回后数秒内，下列数据不再凭您的同意被读取：",
        "Within seconds nobody reads the following on your consent any more:",
    ),
    "withdraw_stays": Words(
        "撤回以前的读取仍然有效，依法定职责的读取不受影响；缺少的数据可能需要您自行填写。",
        "What was read before stays lawful, and reads by law go on; you may have to type in what "
        "is missing then.",
    ),
    "withdraw_undo": Words(
        "撤回本身不能取消。办件未办结时，您可以在“我的授权同意”中重新同意，系统会出具新的回执。",
        "A withdrawal cannot be undone. While the case is open you can consent again on the page "
        "of your consents; you get a new receipt.",
    ),
    "withdraw_confirm": Words("确认撤回", "Withdraw now"),
    "withdraw_keep": Words("不撤回，返回", "Keep it and go back"),
    "looks_title": Words("谁查了我", "Who looked at my data"),
    "looks_help": Words(
        "每一次读取都在这里，包括依法无须您同意的。",
        "Every look is here, also those that the law allows without your consent.",
    ),
    "looks_none": Words("没有查询记录。", "Nobody has looked."),
    "requests_title": Words("共享申请", "Requests for data"),
    "requests_none": Words("没有。", "None."),
    "requests_others": Words("其他申请", "Other requests"),
    "request_new": Words("申请共享数据", "Ask for data"),
    "request_asking": Words("申请部门", "Asking department"),
    "request_provider": Words("提供部门", "Provider"),
    "request_client": Words("使用系统", "System"),
    "request_item": Words("服务事项", "Service item"),
    "request_law": Words("法定依据", "Legal basis"),
    "request_reason": Words("申请理由", "Reason"),
    "request_rows": Words("仅限记录", "Records only where"),
    "request_refusal": Words("不予共享的依据", "Legal ground of a refusal"),
    "request_moved": Words("申请刚刚被他人办理，请刷新", "somebody else just handled it; reload"),
    "request_act": Words("办理", "What you may do"),
    "request_submit": Words("提交申请", "Send the request"),
    "file_title": Words("档案查阅", "Files"),
    "file_own": Words("查阅我的档案", "Read my own file"),
    "file_help": Words(
        "每次查阅都会留痕，并告知档案所属的个人或企业。",
        "Each look is recorded, and told to the person or company it is about.",
    ),
    "file_other": Words("依职责查阅", "Read a file by duty"),
    "file_person": Words("个人（公民身份号码）", "person (identity number)"),
    "file_company": Words("企业（统一社会信用代码）", "company (credit code)"),
    "file_number": Words("号码", "Number"),
    "file_purpose": Words("用途代码", "Purpose"),
    "file_open": Words("查阅", "Open"),
    "file_value": Words("有记录", "on record"),
    "file_absent": Words("无记录", "no record"),
    "file_several": Words(
        "有重复记录，须由部门更正", "two records; the department must correct it"
    ),
    "file_refused": Words("无有效授权", "no grant in force"),
    "file_unavailable": Words("数据来源暂不可用", "the source does not answer now"),
    "refused_title": Words("未能办理", "This was not done"),
    "back": Words("返回首页", "Back to the first page"),
}


def joined(lists: Iterable[Mapping[str, Words]]) -> Mapping[str, Words]:
    """Join word lists; a name that two of them use is refused: one would hide the other.

    >>> joined([{"back": Words("返回", "Back")}, {"back": Words("后面", "Back")}])
    Traceback (most recent call last):
    ValueError: two word lists say: back
    """
    found: dict[str, Words] = {}
    for one in lists:
        if twice := sorted(found.keys() & one.keys()):
            raise ValueError(f"two word lists say: {', '.join(twice)}")
        found |= one
    return found


WORDS = joined(
    (
        COMPONENT_WORDS,
        DESIGN_SHEET_WORDS,
        DESIGN_WORDS,
        DESK_WORDS,
        DRAWING_WORDS,
        IDENTITY_WORDS,
        MINE_WORDS,
        _PAGE_WORDS,
    )
)


def both(name: str, **values: str) -> tuple[str, str]:
    """Give a word in Chinese and English, for what is refused in both."""
    words = WORDS[name]
    return words.zh.format(**values), words.en.format(**values)
