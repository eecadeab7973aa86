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
    "chinese": Words("中文", "Chinese"),
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
    "unit_yuan": Words("元", "yuan"),
    "too_large": Words("请求过大，未接收。", "Too large: nothing of it was taken."),
    # how words are put together
    "comma": Words("、", ", "),
    "semicolon": Words("；", "; "),
    "colon": Words("：", ": "),
    "law_article": Words("《{title}》{article}", "{title} {article}"),
    "in_brackets": Words("{text}（{more}）", "{text} ({more})"),
    "choose_one": Words("请选择", "Choose"),
    "next_level": Words("下一级", "Next level"),
    "division_1": Words("省（自治区、直辖市）", "Province"),
    "division_2": Words("市（州、盟）", "City or prefecture"),
    "division_3": Words("县（市、区、旗）", "County or district"),
    "division_4": Words("街道（乡、镇）", "Street or township"),
    "file_hint": Words("PDF、PNG 或 JPEG，不超过 2 MB", "PDF, PNG or JPEG, at most 2 MB"),
    "from_department": Words("来自", "from"),
    "as_of": Words("截至", "as of"),
    "not_right": Words("不对？", "Not right?"),
    "consent_fields": Words("数据", "Data"),
    "consent_purpose": Words("用途", "Purpose"),
    "consent_until": Words("有效期至", "Until"),
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
    "question_of": Words("第 {at} 题，共 {all} 题", "Question {at} of {all}"),
    "measured": Words("实测", "measured"),
    "assumed": Words("含假定", "assumed"),
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
    "step_answers": Words("填信息", "Your answers"),
    "step_documents": Words("交材料", "Documents"),
    "step_consent": Words("同意取数", "Consent"),
    "step_check": Words("核对提交", "Check and send"),
    "answer_needed": Words("请回答这一项", "please answer this"),
    "file_needed": Words("请上传这份材料", "please upload this document"),
    "file_too_big": Words("文件不得超过2 MB，请压缩后上传", "at most 2 MB; make it smaller"),
    "file_there": Words("已上传", "uploaded"),
    "file_again": Words("重新拍照或换一份", "Take it again, or another file"),
    "file_look": Words(
        "上传后马上预检，结果写在材料下面。预检只作提醒：核对无误可以继续，由工作人员审查。",
        "Each file is looked at as it comes in, and what was found stands below it. It only warns: "
        "go on if you are sure; officials decide.",
    ),
    "look_as_it_is": Words(
        "我已核对，按原样提交（请再次选择文件）",
        "I have checked it: send it as it is (choose the file again)",
    ),
    "look_warn": Words("请核对", "Please check"),
    "look_refuse": Words("不能使用", "Cannot be used"),
    "look_note": Words("未检查", "Not checked"),
    "look_well": Words("预检未发现问题", "Nothing amiss was found"),
    "look_well_text": Words(
        "图片清楚，文字已识别，材料种类、姓名和日期未见不符。",
        "the picture is clear; its text was read, and kind, names and dates fit.",
    ),
    "look_well_picture": Words("图片清楚。", "the picture is clear."),
    "look_well_pdf": Words("文件完整。", "the file is whole."),
    "file_save": Words("保存上传的文件", "Save the files"),
    "paper_licensed": Words("出示电子证照", "Licence presented"),
    "paper_licensed_help": Words(
        "您持有的有效电子证照代替此材料，不用上传；提交时再核验一次。",
        "A valid licence of yours stands for this document. Nothing to upload; it is checked again "
        "when you send.",
    ),
    "papers_waived": Words("不用您交的材料", "Documents you need not bring"),
    "consent_intro": Words(
        "为了少交材料，我们会向这些部门调取下面的数据，只用于这次办理，每次调取都有记录。",
        "So that you bring less, these departments are asked for this data, for this application "
        "alone; every look is recorded.",
    ),
    "consent_agree": Words("我同意按上面所列调取数据", "I agree to the data above being fetched"),
    "consent_back": Words(
        "您随时可以在“我的授权”中撤回。", "You can take this back at any time under “Consents”."
    ),
    "consent_wanted": Words(
        "请先同意，或返回选择其他办理方式", "agree first, or go back and apply in another way"
    ),
    "check_read": Words("部门提供的数据", "What departments say"),
    "check_read_help": Words(
        "以下由部门直接提供，您不用填写；如有不对，请点“不对？”。读取时间：",
        "Departments supplied this, so you need not; if something is wrong say so under “Not "
        "right?”. Read at:",
    ),
    "check_by": Words("据", "From"),
    "check_stale": Words(
        "这些数据读取已久，提交后会重新读取；如有变化会请您确认。读取时间：",
        "This was read some time ago and is read again after you send; if it changed you are asked "
        "to confirm it. Read at:",
    ),
    "check_hidden": Words(
        "已向部门读取数据。您的委托不包括查看，提交时会一并使用。",
        "Departments were asked. Your delegation does not cover reading; what they said goes with "
        "the application.",
    ),
    "check_differs": Words(
        "部门的数据是“{shown}”，与您填写的不同；办理时以部门数据为准",
        "the department says “{shown}”, which is not what you wrote; its data goes first",
    ),
    "check_later": Words("提交后再向部门读取", "Asked for after you send"),
    "check_later_help": Words(
        "这些数据现在没有读到，不影响您提交；提交后会再次读取，仍缺少的会一次告知您。",
        "This could not be read now. You can send all the same: it is asked for again, and what is "
        "still missing then is told to you once.",
    ),
    "check_again": Words("现在重新读取", "Read it again now"),
    "reading_title": Words("正在向部门读取数据", "Departments are being asked"),
    "reading_help": Words(
        "页面会自动刷新，几秒钟后继续；您也可以不等，直接往下办。",
        "The page looks again by itself and goes on in some seconds; you need not wait for it.",
    ),
    "reading_look": Words("看看读到了没有", "See what has come"),
    "reading_skip": Words("不等了，继续", "Go on without waiting"),
    "doubt_help_ahead": Words(
        "数据由来源部门负责更正。您的说明现在只保存在草稿里，提交时交给该部门，也显示在办件中。",
        "The department that owns the record corrects it. What you say is kept with the draft; it "
        "goes to the department when you send, and is shown in the case.",
    ),
    "doubt_back_check": Words("返回核对", "Back to the check"),
    "check_true": Words(
        "提交即表示以上内容属实。", "By sending you say that what stands above is true."
    ),
    "change": Words("修改", "Change"),
    "send": Words("提交申请", "Send the application"),
    "draft_kept": Words(
        "每一步都会自动保存，可以随时回来继续。", "Every step is saved: come back at any time."
    ),
    "draft_drop": Words("删除草稿", "Drop the draft"),
    "draft_drop_sure": Words(
        "已填写的内容和上传的文件都会删除，不能恢复。",
        "What you wrote and the files you uploaded are deleted and cannot be brought back.",
    ),
    "draft_keep": Words("保留并继续", "Keep it and go on"),
    "draft_moved": Words(
        "另一台设备刚刚修改了草稿，请核对后再提交。",
        "Another device just changed the draft; look at it again, then send it.",
    ),
    "receipt": Words("已收到您的申请", "Your application has arrived"),
    "receipt_next": Words("接下来", "What happens next"),
    "receipt_follow": Words("查看进度", "Follow it"),
    "apply_now": Words("在线办理", "Apply now"),
    "guide_items": Words("包括这些事项", "What it includes"),
    "guide_version": Words("版本", "version"),
    "guide_translated": Words(
        "本指南{all}段中有{done}段已有签署的译文，其余为中文。",
        "{done} of {all} parts of this guide are translated and signed; the rest is in Chinese.",
    ),
    "services_themes": Words("按主题", "By theme"),
    "services_list": Words("全部事项", "All services"),
    "services_all": Words("查看全部事项", "Show all services"),
    "services_named": Words("事项名称或拼音", "Name of the service"),
    "services_event": Words("一件事", "Life event"),
    "services_theme": Words("主题", "Theme"),
    "services_region": Words("办理地", "Place"),
    "services_every": Words("全部", "all"),
    "services_for": Words("对象", "For"),
    "services_person": Words("个人", "people"),
    "services_company": Words("企业", "companies"),
    "services_none": Words("没有符合条件的事项。", "No service fits this."),
    "services_unnamed": Words(
        "没有符合条件的事项叫这个名称。请换个说法，放宽条件，或者用一句话提问。",
        "Nothing that fits is called so. Try another word, choose less, or ask a question.",
    ),
    "services_ask": Words("用一句话提问", "Ask a question"),
    "services_reading": Words(
        "事项名称正在载入，请稍后再找，或先按主题、部门选择。",
        "The names are still being read: search again in a moment, or choose a theme.",
    ),
    "ask_found": Words("找到了", "Here is what the guide says"),
    "ask_reading": Words(
        "办事指南正在载入，请稍后再问，或先用下面的全部事项查找。",
        "The guides are still being read: ask again in a moment, or look among all services below.",
    ),
    "ask_unknown": Words(
        "办事指南里没有找到有把握的答案。", "The guides hold no answer that we are sure of."
    ),
    "ask_elsewhere": Words(
        "您问的是外地的事项，这里只能办理本地的：",
        "You name another place; here we can only serve our own:",
    ),
    "ask_meant": Words("您想问的是不是", "Did you mean"),
    "ask_quoted": Words("引自办事指南", "Quoted from the guide,"),
    "ask_open": Words("去看看怎么办", "See how to apply"),
    "ask_too_many": Words(
        "提问太频繁，请过一会儿再试。", "Too many questions; wait a little and ask again."
    ),
    "precheck": Words("先看看能不能办", "May I? Check first"),
    "precheck_help": Words(
        "回答知道的就行，不知道可以空着。这里不登录、不保存，也不向任何部门取数。",
        "Answer what you know, leave the rest empty. Nothing is kept and no department is asked.",
    ),
    "precheck_go": Words("看结果", "Check"),
    "precheck_result": Words("按规则的答复", "What the rules answer"),
    "precheck_yes": Words("可以办", "yes"),
    "precheck_no": Words("不能办", "no"),
    "precheck_unknown": Words("还不能确定", "not settled yet"),
    "precheck_person": Words("由工作人员审查", "people decide"),
    "precheck_wanted": Words("还需要知道：", "Still to know: "),
    "precheck_sources": Words("办理时由这些部门提供：", "supplied on applying by "),
    "draft_words": Words("草稿", "draft"),
}
