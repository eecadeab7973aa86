"""The words of the atlas (指标图谱)."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

WORDS: Mapping[str, Words] = {
    "title": Words("指标图谱", "The atlas of the field"),
    "lead": Words(
        "报告和公开资料中的数字，旁边是本平台的实测。引用的数字不是结果，未经测量的写明“尚未测量”。",
        "Figures of a market report and of public sources, beside what this installation measures. "
        "What is quoted is no result; what was not measured says so.",
    ),
    "views": Words("图谱的各页", "Pages of the atlas"),
    "checks": Words("检验", "Checks"),
    "measured": Words("引用与实测", "Quoted and measured"),
    "cases": Words("案例", "Cases"),
    "compare": Words("比较", "Comparison"),
    "figures": Words("全部数字", "All figures"),
    "kpi_fails": Words("不能同时成立", "cannot all hold"),
    "kpi_checked": Words("已检验", "checked"),
    "kpi_quoted": Words("引用的数字", "figures quoted"),
    "kpi_measured": Words("旁有实测", "with a measurement beside"),
    "fails": Words("不能同时成立的数字", "Figures that cannot all hold"),
    "holds": Words("成立的检验", "Checks that hold"),
    "outcome": Words("结果", "outcome"),
    "check": Words("检验", "check"),
    "sum": Words("算式", "the sum"),
    "yes": Words("成立", "holds"),
    "no": Words("不成立", "fails"),
    "section": Words("出处", "where"),
    "what": Words("指标", "what"),
    "quoted": Words("引用值", "quoted"),
    "here": Words("本平台", "measured here"),
    "how": Words("测的是什么", "what is measured"),
    "command": Words("测量命令", "command"),
    "not_yet": Words("尚未测量", "not measured yet"),
    "counted": Words(
        "本平台的数字每天统计一次。", "This installation's counts are taken every day."
    ),
    "never": Words(
        "本平台尚未统计，请等待每日统计。",
        "Nothing was counted here yet; wait for the daily count.",
    ),
    "scores": Words(
        "每个标准上的水平注明出处和状态。得分是引用数字达到的门槛个数，最高 5。"
        "没有出处的写明“未说明”，不用别的数字代替。",
        "The level on each criterion has its source and status. Points are how many thresholds a "
        "quoted figure reaches, at most 5. Where no source speaks of a criterion it is not stated, "
        "and no other number stands in for it.",
    ),
    "criterion": Words("标准", "criterion"),
    "level": Words("水平", "level"),
    "status": Words("状态", "status"),
    "by": Words("依据", "judged by"),
    "silent": Words("未说明", "not stated"),
    "named": Words("只提到名称，没有给出数字。出处：", "Named without a figure in:"),
    "wrong": Words(
        "本平台自有数据（TONGBAN_ATLAS）无法读取，以下只有随附的数据。",
        "This installation's own folder (TONGBAN_ATLAS) cannot be read; only what is shipped is "
        "shown.",
    ),
    "told": Words("报告还说", "The report also tells"),
    "rules": Words("计分规则", "Rules of the scores"),
    "thresholds": Words("五个门槛", "five thresholds"),
    "area": Words("领域", "Part of the field"),
    "show": Words("显示", "Show"),
    "whole": Words("生成整份报告", "writes the whole as a report"),
    "data": Words("以 JSON 取得", "As JSON"),
    "unknown": Words("没有这个领域", "There is no such part of the field"),
}
