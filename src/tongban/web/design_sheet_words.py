"""The words of rule tables and flows in the workshop, in Chinese and English."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

DESIGN_SHEET_WORDS: Mapping[str, Words] = {
    # flows
    "sheet_text": Words("编辑文件原文", "Edit the text of the file"),
    "design_flow": Words("流程", "Flow"),
    "sheet_findings": Words("检查结果", "Findings"),
    "design_rows_changed": Words(
        "他人刚改动的行：{rows}。您键入的内容仍在原来的行中，请核对后保存。",
        "Rows changed meanwhile: {rows}. What you typed is in its own rows; compare and save.",
    ),
    "design_row_changed": Words("刚有改动", "changed meanwhile"),
    "design_row_gone": Words(
        "您键入内容的一行已被他人删去，内容为：{texts}",
        "A row you typed in was removed by somebody else; it was: {texts}",
    ),
    "design_unfit": Words(
        "没有这样的操作，什么都没有保存；键入的内容仍在表中。",
        "There is no such act. Nothing was saved; what you typed is still in the sheet.",
    ),
    "design_unfit_row_add": Words(
        "行数已达上限，没有保存。", "There are as many rows as there may be; nothing was saved."
    ),
    "design_unfit_row_copy": Words(
        "没有这一行，或行数已达上限，没有保存。",
        "There is no such row, or there are as many as there may be; nothing was saved.",
    ),
    "design_unfit_row_up": Words(
        "第一行不能上移，或没有这一行；没有保存。",
        "The first row cannot move up, or there is no such row; nothing was saved.",
    ),
    "design_unfit_row_down": Words(
        "最后一行不能下移，或没有这一行；没有保存。",
        "The last row cannot move down, or there is no such row; nothing was saved.",
    ),
    "design_unfit_row_drop": Words(
        "表中至少保留一行，或没有这一行；没有保存。",
        "A table keeps one row, or there is no such row; nothing was saved.",
    ),
    "design_unfit_column_drop": Words(
        "条件和结果至少各保留一列，或没有这一列；没有保存。",
        "A table keeps one condition and one result, or there is no such column;"
        " nothing was saved.",
    ),
    "design_unfit_input_add": Words(
        "请选择表中还没有的事实；没有保存。",
        "Choose a fact that the table does not ask yet; nothing was saved.",
    ),
    "design_unfit_output_add": Words(
        "请用字母、数字和下划线给结果起一个表中还没有的名称；没有保存。",
        "Name the result in letters, digits and underscores, and not as another one;"
        " nothing was saved.",
    ),
    "design_flow_sound": Words(
        "流程可以证明总能走到结束，没有走不到的步骤。",
        "The flow is proved: it can always finish, and every step can be reached.",
    ),
    "design_flow_absent": Words("草稿中没有这个流程。", "The draft has no such flow."),
    "design_flow_save": Words("下载流程文件", "Download the file"),
    "design_flow_replace": Words("上传流程文件", "Bring a file"),
    "design_flow_file": Words("BPMN 2.0 文件", "BPMN 2.0 file"),
    "design_flow_file_hint": Words(
        "用任何 BPMN 编辑器画好后上传，最大 1 MB。",
        "Draw it in any BPMN editor; at most 1 MB.",
    ),
    "design_flow_take": Words("上传", "Take this file"),
    "design_flow_none": Words("请先选择文件。", "Choose a file first."),
    "design_flow_large": Words("文件超过 {most} KB。", "The file is larger than {most} kB."),
    "design_flow_not_utf8": Words(
        "文件不是 UTF-8 编码，请另存为 UTF-8。", "The file is not UTF-8; save it as UTF-8."
    ),
    "flow_findings_says": Words(
        "检查发现 {n} 处问题，图中有编号，说明见列表。",
        "Findings: {n}. Their numbers in the picture lead to the list.",
    ),
    "flow_wrong": Words("有问题", "wrong"),
    "flow_right": Words("无问题", "nothing found"),
    # rule tables
    "design_rules": Words("规则表", "Rule table"),
    "design_sheet": Words("表格", "Sheet"),
    "design_policy": Words("命中方式", "Hit policy"),
    "design_policy_unique": Words("至多一行成立", "at most one row is true"),
    "design_policy_any": Words("成立的各行结果相同", "rows that are true agree"),
    "design_policy_first": Words("取第一个成立的行", "the first row that is true"),
    "design_policy_priority": Words("取最优先的结果", "the most important result"),
    "design_policy_collect": Words("取所有成立的行", "all rows that are true"),
    "design_policy_rule_order": Words(
        "取所有成立的行，按表中次序", "all rows that are true, in their order"
    ),
    "design_policy_output_order": Words(
        "取所有成立的行，按结果次序", "all rows that are true, by importance"
    ),
    "design_total": Words("汇总", "Total"),
    "design_total_none": Words("不汇总", "none"),
    "design_total_sum": Words("合计", "sum"),
    "design_total_min": Words("最小值", "smallest"),
    "design_total_max": Words("最大值", "largest"),
    "design_total_count": Words("行数", "number of rows"),
    "design_cell_help": Words(
        "条件的写法如下，横线表示任何值；结果是一个值，文字加引号。",
        "Conditions are written so; a dash is any value. A result is one value, texts in quotes.",
    ),
    "design_note_zh": Words("中文理由", "reason in Chinese"),
    "design_note_en": Words("英文理由", "reason in English"),
    "design_row": Words("行", "Row"),
    "design_input": Words("条件", "condition"),
    "design_output": Words("结果", "result"),
    "design_note": Words("说明", "remark"),
    "design_cell": Words("第 {row} 行 {column}", "row {row}, {column}"),
    "design_cell_wrong": Words("写法有误", "cannot be read"),
    "design_table_wrong": Words("规则表不能使用", "the table cannot be used"),
    "design_finding": Words("漏洞", "fault"),
    "design_row_marked": Words("见检查结果", "see the findings"),
    "design_to_cell": Words("去改正", "go to the cell"),
    "design_table_whole": Words(
        "规则表没有遗漏，也没有冲突。", "The table has no gap and no conflict."
    ),
    "design_asks": Words("什么都不知道时：", "Where nothing is known:"),
    "sheet_save": Words("保存并检查", "Save and check"),
    "design_rows_act": Words("增加、复制、移动、删除行", "Add, copy, move, remove a row"),
    "design_row_add": Words("在其后加一行", "Add a row after it"),
    "design_row_copy": Words("复制这一行", "Copy it"),
    "design_row_up": Words("上移", "Move up"),
    "design_row_down": Words("下移", "Move down"),
    "design_row_drop": Words("删除这一行", "Remove it"),
    "design_columns_act": Words("增加、删除列，允许的值", "Add and remove columns, allowed values"),
    "design_allowed": Words("允许的值：", "Allowed values:"),
    "design_fact": Words("数据项", "Fact"),
    "design_input_add": Words("增加条件列", "Add a condition"),
    "design_result": Words("结果名称", "Name of the result"),
    "design_result_help": Words(
        "小写英文字母、数字和下划线，例如 amount_fen。",
        "Small letters, digits and underscores, such as amount_fen.",
    ),
    "design_result_type": Words("结果类型", "Type of the result"),
    "design_output_add": Words("增加结果列", "Add a result"),
    "design_column": Words("列", "Column"),
    "design_column_drop": Words("删除这一列", "Remove the column"),
    "design_sentences": Words("各行的意思", "What the rows say"),
    # test cases
    "design_cases": Words("试例", "Test cases"),
    "design_cases_broken": Words(
        "试例文件的写法有误，请先改正", "the file of test cases is broken: mend it first"
    ),
    "design_cases_none": Words("还没有试例。", "There are no test cases yet."),
    "design_case_passes": Words("通过", "passes"),
    "design_case_fails": Words("未通过", "fails"),
    "design_fired": Words("命中的行：", "rows that fired:"),
    "design_try": Words("试算", "Try it"),
    "design_try_help": Words("不知道的留空。", "Leave empty what is not known."),
    "design_try_now": Words("试算", "Try"),
    "design_try_said": Words("试算结果", "What the table says"),
    "design_try_wrong": Words(
        "“{name}”的值与类型不符。", "The value of “{name}” is not of its type."
    ),
    "design_unknown": Words("不知道", "not known"),
    "design_case_zh": Words("试例名称（中文）", "Name of the test case in Chinese"),
    "design_case_en": Words("试例名称（英文）", "Name of the test case in English"),
    "design_case_keep": Words("存为试例", "Keep as a test case"),
    "design_case_name": Words(
        "请给试例写中文和英文名称。", "Give the test case a name in Chinese and in English."
    ),
}
