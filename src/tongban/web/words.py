"""Every word of the pages, in Chinese and English, in one place.

What a case says of itself (states, reasons, names) comes from its own app; here are headings and
help alone.
"""

from collections.abc import Mapping

from tongban.kernel.facts import Words

WORDS: Mapping[str, Words] = {
    "site": Words("通办", "Tongban"),
    "tagline": Words("一次申请，全程网办", "a person applies once"),
    "skip": Words("跳到正文", "Skip to content"),
    "language": Words("English", "中文"),
    "language_code": Words("en", "zh"),
    "leave": Words("退出", "Sign out"),
    "signed_in": Words("您好，", "Signed in as"),
    "home_title": Words("我的办件", "My cases"),
    "home_queue": Words("待我办理", "Waiting for me"),
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
    "back": Words("返回首页", "Back to the first page"),
}


def words(lang: str) -> dict[str, str]:
    """Give every word in one language, for a template."""
    return {name: text.of(lang) for name, text in WORDS.items()}
