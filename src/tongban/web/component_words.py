"""The words of the components and of the frame around every page, in Chinese and English."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

COMPONENT_WORDS: Mapping[str, Words] = {
    "nav_home": Words("首页", "Home"),
    "nav_services": Words("办事", "Services"),
    "nav_messages": Words("消息", "Messages"),
    "nav_me": Words("我的", "Me"),
    "nav_desk": Words("工作台", "Desk"),
    "nav_main": Words("主导航", "Main"),
    "languages": Words("语言", "Language"),
    "elder_view": Words("长辈版", "Large print"),
    "standard_view": Words("标准版", "Standard"),
    "read_aloud": Words("朗读", "Read aloud"),
    "read_stop": Words("停止", "Stop"),
    "call": Words("打 12345", "Call 12345"),
    "styleguide": Words("组件样式", "Components"),
    "errors_title": Words("请先改正下面的问题", "There is a problem"),
    "wrong": Words("有误：", "Error:"),
    "optional": Words("（选填）", "(optional)"),
    "year": Words("年", "Year"),
    "month": Words("月", "Month"),
    "day": Words("日", "Day"),
    "date_hint": Words("例如：2026 年 1 月 31 日", "For example: 2026, 1, 31"),
    "identity_hint": Words("18 位，最后一位可以是 X", "18 characters; the last one may be X"),
    "yes": Words("是", "Yes"),
    "no": Words("否", "No"),
    "choose_one": Words("请选择", "Choose"),
    "next_level": Words("下一级", "Next level"),
    "file_hint": Words("PDF、PNG 或 JPEG，不超过 2 MB", "PDF, PNG or JPEG, at most 2 MB"),
    "from_department": Words("来自", "from"),
    "as_of": Words("截至", "as of"),
    "not_right": Words("不对？", "Not right?"),
    "consent_fields": Words("数据", "Data"),
    "consent_purpose": Words("用途", "Purpose"),
    "consent_until": Words("期限", "Until"),
    "consent_law": Words("依据", "Basis"),
    "consent_needed": Words("需要您同意", "needs your consent"),
    "consent_statutory": Words("依法调取，无需同意", "by law, no consent needed"),
    "earlier": Words("上一页", "Previous"),
    "later": Words("下一页", "Next"),
    "pages": Words("分页", "Pages"),
    "steps": Words("办理步骤", "Steps"),
    "step_done": Words("已完成", "done"),
    "step_now": Words("当前步骤", "current step"),
    "step_of": Words("第 {at} 步，共 {all} 步", "Step {at} of {all}"),
    "measured": Words("实测", "measured"),
    "assumed": Words("假定", "assumed"),
    "quoted": Words("引用", "quoted"),
    "as_table": Words("看数字表", "As a table"),
    "rating_1": Words("非常不满意", "Very dissatisfied"),
    "rating_2": Words("不满意", "Dissatisfied"),
    "rating_3": Words("基本满意", "Fairly satisfied"),
    "rating_4": Words("满意", "Satisfied"),
    "rating_5": Words("非常满意", "Very satisfied"),
    "rating": Words("您对这次办理满意吗？", "How satisfied are you?"),
    "nothing_yet": Words("这里还没有内容。", "Nothing here yet."),
    "accessibility": Words("无障碍声明", "Accessibility"),
    "next_step": Words("下一步", "Continue"),
    "back_step": Words("上一步", "Back"),
    "skip_step": Words("跳过", "Skip"),
    "delete": Words("删除", "Delete"),
    "a11y_aim": Words(
        "这些页面按照《GB/T 37668-2019 信息技术 互联网内容无障碍可访问性技术要求与测试方法》和 "
        "WCAG 2.2 AA 级制作，由自动检查逐页核对；自动检查只能发现一部分问题。",
        "These pages are made after WCAG 2.2 AA and GB/T 37668-2019, and every page is checked by "
        "machine; a machine finds only a part of what may be wrong.",
    ),
    "a11y_done": Words("已做到", "What is done"),
    "a11y_script": Words(
        "不开启脚本也能办理全部业务。", "Everything works with script switched off."
    ),
    "a11y_elder": Words(
        "长辈版：大字、高对比、大按钮，一页一问，没有弹窗，不限时间。",
        "Large print: big letters, strong contrast, large targets, one question a page, no "
        "pop-ups, no time limits.",
    ),
    "a11y_keyboard": Words(
        "只用键盘即可操作，焦点始终可见。",
        "Everything works by keyboard alone; the focus is always seen.",
    ),
    "a11y_zoom": Words(
        "在 320 像素宽或放大到 200 % 时无需左右滚动。",
        "No sideways scrolling at a width of 320 pixels or at 200 %.",
    ),
    "a11y_languages": Words(
        "提供中文和英文；其他语言的译文覆盖率在语言菜单中如实标出。",
        "Chinese and English are whole; the menu says honestly how much of another language is.",
    ),
    "a11y_short": Words("尚未做到", "What is short"),
    "a11y_pdf": Words(
        "证照的 PDF 文件没有加无障碍标签；同样的内容在网页上可以读到。",
        "PDF files of licences are not tagged; the same content can be read on the page.",
    ),
    "a11y_people": Words(
        "尚未由残障人士和专业机构实测。",
        "People with disabilities and an accredited body have not tested the pages yet.",
    ),
    "a11y_tell": Words("遇到困难", "If something is hard to use"),
    "a11y_call": Words("请致电", "Please call"),
}
