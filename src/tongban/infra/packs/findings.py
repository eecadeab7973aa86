"""The sentences of findings (问题说明): what may be wrong in a pack, by code, in two languages.

One table for all who judge packs, so that a page, a command and an interface say the same. What
stands in braces are named arguments; a finding keeps them beside its code.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentences:
    """What is wrong and the mend, in both languages, with places for arguments."""

    zh: str
    zh_mend: str
    en: str
    en_mend: str


_DOCS = "docs/standards/region-packs.md"
_S = Sentences
SENTENCES: Mapping[str, Sentences] = {
    # --- files and YAML
    "file-unreadable": _S(
        "文件无法读取", "请恢复该文件", "cannot be read: {why}", "restore the file"
    ),
    "file-not-utf8": _S("不是UTF-8编码", "请另存为UTF-8", "not UTF-8", "save the file as UTF-8"),
    "file-large": _S(
        "文件有{size}字节",
        "请控制在{most}字节以内",
        "the file has {size} bytes",
        "keep it under {most}",
    ),
    "file-outside": _S(
        "文件在区域包之外",
        "请把文件本身放在这里",
        "leads out of the pack",
        "put the file itself here",
    ),
    "file-missing": _S(
        "没有这个文件",
        "每个区域包都从它开始，请添加",
        "there is no such file",
        "every pack begins with it",
    ),
    "file-stranger": _S(
        "区域包中没有这种文件名",
        "请放入{rooms}之一，或移除",
        "no file of a pack has this name",
        "put it in one of {rooms}, or remove it",
    ),
    "file-slug": _S(
        "slug为“{slug}”",
        "请与文件名一致：{stem}",
        "the slug is {slug}",
        "name it as the file: {stem}",
    ),
    "yaml-broken": _S(
        "不是规范的YAML",
        "请改正标点或缩进",
        "not YAML: {why}",
        "correct the punctuation or the indentation",
    ),
    "yaml-signs": _S(
        "不是规范的YAML", "请删去控制字符", "not YAML: {why}", "remove control characters"
    ),
    "yaml-tab": _S("含制表符", "请改用空格", "a tab", "use spaces"),
    "yaml-empty": _S(
        "文件是空的",
        "请以 schema: tongban/…/1 开头",
        "the file is empty",
        "begin with schema: tongban/…/1",
    ),
    "yaml-second": _S(
        "含第二个文档", "一个文件只放一个文档", "a second document", "keep one document a file"
    ),
    "yaml-alias": _S("含锚点或别名", "请把值写全", "an anchor or alias", "write the value out"),
    "yaml-tag": _S("含标签“{tag}”", "请删去", "the tag {tag}", "remove it"),
    "yaml-deep": _S("嵌套过深", "请不要超过{most}层", "nested too deep", "keep to {most} levels"),
    "yaml-key": _S(
        "键不是普通文字", "请用一个词作键", "a key that is no plain text", "use a word as the key"
    ),
    "yaml-twice": _S(
        "键“{key}”重复", "请删去其中一个", "the key {key!r} comes twice", "remove one of them"
    ),
    "yaml-ambiguous": _S(
        "“{text}”可有两种读法",
        '如是文字请写“"{text}"”，如是答案请写 true 或 false',
        "{text} could be read in two ways",
        'write "{text}" if it is text, true or false if it is an answer',
    ),
    "yaml-no-mapping": _S(
        "文件内容不是键值", "请写成 key: value", "the file is no mapping", "write key: value"
    ),
    "yaml-unwritable": _S(
        "此内容无法按现有写法写入文件",
        "请以文本方式修改",
        "this cannot be written into the file as it stands",
        "edit the file's text",
    ),
    "yaml-one-line": _S(
        "几个键写在同一行",
        "请每个键各占一行",
        "several keys on one line",
        "give each key a line of its own",
    ),
    # --- the schema of a file
    "schema-unknown-key": _S(
        "“{zh_name}”中有未知的键：{keys}",
        "请使用：{known}",
        "unknown key {keys} in {name}",
        "use one of {known}",
    ),
    "schema-lacks": _S(
        "“{zh_name}”缺少：{keys}", "请补全", "{name} lacks {keys}", "add what is missing"
    ),
    "schema-type": _S(
        "“{zh_name}”的值为{value}",
        '请写{zh_type}（由数字组成的文字请加引号："01"）',
        "{name} is {value}",
        'write a value of type {type} (text of digits in quotes: "01")',
    ),
    "schema-pattern": _S(
        "“{zh_name}”的值为{value}", "格式应为 {wanted}", "{name} is {value}", "write it as {wanted}"
    ),
    "schema-choice": _S(
        "“{zh_name}”的值为{value}",
        "请使用其中之一：{wanted}",
        "{name} is {value}",
        "use one of {wanted}",
    ),
    "schema-limit": _S(
        "“{zh_name}”超出限制：{keyword} {limit}", f"请参阅 {_DOCS}", "{name}: {why}", f"see {_DOCS}"
    ),
    "schema-shape": _S(
        "“{zh_name}”的写法不符合要求", f"请参阅 {_DOCS}", "{name}: {why}", f"see {_DOCS}"
    ),
    # --- packs as a whole
    "pack-twice": _S(
        "有两个区域包都叫“{slug}”",
        "请换一个slug",
        "a second pack called {slug}",
        "give it another slug",
    ),
    "pack-extends": _S(
        "所扩展的{names}不存在，或又扩展了它",
        "请添加该区域包的文件夹，或改正extends",
        "extends {names}, which is absent or extends it back",
        "add the folder of that pack, or correct extends",
    ),
    "folder-twice": _S(
        "有两个文件夹都叫“{name}”",
        "请改其中一个的名称",
        "a second folder called {name}",
        "rename one of the folders",
    ),
    "overlay-late": _S(
        "从草稿发布了另一文本之后，文件夹中的文件又有改动",
        "请导出区域包，把两份文本合并到文件夹的文件中，或恢复原状",
        "the folder's file changed after another text was published from a draft",
        "export the pack, merge both texts into the folder's file, or put it back",
    ),
    "draft-late": _S(
        "此草稿开始之后，另一份草稿发布了此文件的新文本",
        "请比较后保留您的，或撤回",
        "another draft published a new text of this file after this one began",
        "compare, then keep yours or take it back",
    ),
    "version-published": _S(
        "“{slug}”的版本{version}已发布",
        "请提升到版本{next}",
        "version {version} of {slug} is published already",
        "raise version to {next}",
    ),
    "version-differs": _S(
        "“{slug}”或其中的流程、规则表、证照、事项与已发布的版本{version}不同",
        "请提升到版本{next}",
        "{kind} {slug}, or a flow, table, licence kind or item in it, is not what was"
        " published as version {version}",
        "raise version to {next}",
    ),
    "fact-in-use": _S(
        "“{slug}”版本{version}把“{fact}”用作{old}，facts.yaml 中为{now}",
        "请保持原样，在办的办件仍要用它",
        "{slug} version {version} uses {fact} as {old}, facts.yaml has {now}",
        "keep the fact as it was; open cases stand on it",
    ),
    # --- names that refer to nothing
    "no-department": _S(
        "没有部门“{name}”",
        "请在 departments.yaml 中添加",
        "no department {name}",
        "add it to departments.yaml",
    ),
    "no-role": _S(
        "没有角色“{name}”",
        "请在 facts.yaml 的 roles 中添加",
        "no role {name}",
        "add it to roles in facts.yaml",
    ),
    "no-kind": _S(
        "没有种类“{name}”", "请在 facts.yaml 中添加", "no kind {name}", "add it to facts.yaml"
    ),
    "no-kind-of": _S(
        "没有种类“{name}”", "请使用其中之一：{known}", "no kind {name}", "use one of {known}"
    ),
    "no-fact": _S("没有事实“{name}”", "请改正名称，或在 facts.yaml 中添加", "{why}", "{mend}"),
    "no-theme": _S(
        "没有主题“{name}”", "请在 themes.yaml 中添加", "no theme {name}", "add it to themes.yaml"
    ),
    "no-face": _S(
        "没有证面“{name}”", "请绘制 faces/{name}.typ", "no face {name}", "draw faces/{name}.typ"
    ),
    "no-flow": _S(
        "没有流程“{name}”", "请绘制 flows/{name}.bpmn", "no flow {name}", "draw flows/{name}.bpmn"
    ),
    "no-decision": _S(
        "rules/ 中没有决策“{name}”",
        "请绘制，或改正名称",
        "no decision {name} in rules/",
        "draw it or correct the name",
    ),
    "no-item": _S(
        "没有事项“{name}”", "请添加 items/{name}.yaml", "no item {name}", "add items/{name}.yaml"
    ),
    "no-licence": _S(
        "没有证照“{name}”",
        "请添加 licences/{name}.yaml",
        "no licence kind {name}",
        "add licences/{name}.yaml",
    ),
    "no-policy": _S(
        "没有政策“{name}”", "请在 policies/ 中添加", "no policy {name}", "add it to policies/"
    ),
    "no-resource": _S(
        "没有资源“{name}”", "请在 contracts 中添加", "no resource {name}", "add it to contracts"
    ),
    "no-grantee": _S(
        "没有事项或政策“{name}”",
        "请改正名称，或删去该授权",
        "no item or policy {name}",
        "correct the name or remove the grant",
    ),
    "no-payee": _S(
        "没有可支付的角色“{name}”",
        "请在 to 中写明角色",
        "no role {name!r} to pay",
        "name a role in to",
    ),
    # --- facts, contracts, grants
    "code-wrong": _S("统一社会信用代码“{code}”有误", "请改正", "{why}", "correct the code"),
    "fact-derive": _S(
        "“{name}”不是由日期计算的",
        "请由日期类型的属性计算出数字",
        "{name} is not counted from a date",
        "derive a number from an attribute of type date",
    ),
    "fact-code": _S(
        "“{name}”带有代码", "请改为 string 类型", "{name} has a code", "make it a string"
    ),
    "fact-limits": _S(
        "{names}不能限制{type}类型",
        "请删去，或改类型",
        "{names} limits no {type}",
        "remove it or change the type",
    ),
    "fact-option": _S("“{name}”的选项“{value}”", "{zh}", "the option {value!r} of {name}", "{en}"),
    "field-absent": _S(
        "“{kind}”没有可记录的属性“{name}”",
        "请在 facts.yaml 中添加，不带 derive",
        "{kind} has no attribute {name} that a record could hold",
        "add it to facts.yaml, without derive",
    ),
    "field-named": _S(
        "{part}中的“{name}”不是字段",
        "请加入 fields",
        "{part} names {name}, which is no field",
        "add it to fields",
    ),
    "field-none": _S(
        "资源只有主键", "请增加字段", "the resource holds only its key", "add a field"
    ),
    "contract-fault": _S("{place}：{zh}", "请改正契约", "{place} {en}", "correct the contract"),
    "grant-unshared": _S(
        "“{resource}”不予共享",
        "请与其部门商定，或删去该授权",
        "{resource} is not shared",
        "ask its department, or remove the grant",
    ),
    "grant-filter": _S(
        "“{resource}”没有可用于筛选的字段“{name}”",
        "请改正属性名",
        "{resource} has no field {name} to filter by",
        "correct the attribute",
    ),
    "grant-bulk": _S(
        "凭同意不能读取整个登记簿",
        "请删去 bulk，或写明法律依据",
        "consent opens no whole register",
        "remove bulk, or cite the law",
    ),
    "grant-field": _S(
        "“{resource}”没有字段“{name}”",
        "请改正属性名",
        "{resource} has no field {name}",
        "correct the attribute",
    ),
    "grant-twice": _S(
        "“{item}”已可读取“{resource}”的“{name}”：{where}",
        "只授权一次",
        "{item} may read {name} of {resource} already: {where}",
        "grant it once",
    ),
    "grant-beyond": _S(
        "“{item}”可读取“{resource}”的“{name}”，但其规则、表单、材料和结果都不需要它",
        "请从授权中删去",
        "{item} may read {name} of {resource}, which no rule, form, material or result of it needs",
        "remove it from the grant",
    ),
    # --- messages and faces
    "message-places": _S(
        "{part}用到了{names}", "只能使用：{known}", "{part} names {names}", "name only {known}"
    ),
    "face-reaches": _S(
        "证面使用了{word}，会取用其外的内容",
        "请只用 data 中的数据绘制",
        "the face uses {word}, which reaches out of it",
        "draw with what is in data",
    ),
    # --- conditions, rule tables, flows
    "condition": _S(
        "条件“{text}”在第{column}个字符处有误", "请改正条件", "{why}", "correct the condition"
    ),
    "table-refused": _S(
        "规则表此处写法有误，不能使用", "请在编辑器中改正此处", "TableError: {why}", "{mend}"
    ),
    "table-twice": _S(
        "决策“{name}”已在{file}中", "请改名", "the decision {name} is in {file}", "rename it"
    ),
    "table-gap": _S("{zh}", "{zh_mend}", "TableError: {en}", "{en_mend}"),
    "table-overlap": _S("{zh}", "{zh_mend}", "TableError: {en}", "{en_mend}"),
    "table-unreachable": _S("{zh}", "{zh_mend}", "TableError: {en}", "{en_mend}"),
    "table-reasons": _S(
        "规则“{rule}”没有写理由（{langs}）",
        "请填写注释列 zh 和 en",
        "the rule {rule} gives no reason in {en_langs}",
        "fill the annotation columns zh and en",
    ),
    "case-decision": _S("没有决策“{name}”", "请改正名称", "no decision {name}", "correct the name"),
    "case-fails": _S(
        "试例“{zh_name}”未通过：{zh}",
        "请改规则或改试例",
        "the test case “{en_name}” fails: {en}",
        "mend the rule or the test case",
    ),
    "flow-refused": _S(
        "“{node}”的画法无法证明，流程不能发布", "请改用可证明的画法", "BpmnRefused: {why}", "{mend}"
    ),
    "flow-large": _S("流程太大，无法证明", "请拆分为多个流程并调用", "{kind}: {why}", "{mend}"),
    "flow-circle": _S(
        "“{node}”调用的“{name}”又调用了它自己",
        "请绘制 flows/{name}.bpmn，不要循环调用",
        "{label} calls {name}, which calls itself",
        "draw flows/{name}.bpmn without a circle",
    ),
    "flow-absent": _S(
        "“{node}”调用的“{name}”不存在或尚未通过检查",
        "请绘制 flows/{name}.bpmn，不要循环调用",
        "{label} calls {name}, which is not there or not sound",
        "draw flows/{name}.bpmn without a circle",
    ),
    "flow-dead": _S(
        "“{node}”永远不会走到", "请把它连上，或者删去", "FlowNotSound: {why}", "{mend}"
    ),
    "flow-stuck": _S(
        "办件可能停在“{node}”，再也走不到结束",
        "请画一条出路；汇合互斥的分支应使用互斥网关",
        "FlowNotSound: {why}",
        "{mend}",
    ),
    "flow-left-over": _S(
        "流程可能已到结束，而“{node}”还有未完成的工作",
        "请让它也能走到结束",
        "FlowNotSound: {why}",
        "{mend}",
    ),
    "flow-twice": _S(
        "“{node}”可能被启动两次",
        "请用并行网关汇合通向它的分支，或只让其中一条运行",
        "FlowNotSound: {why}",
        "{mend}",
    ),
    "flow-gap-bare": _S(
        "网关“{node}”有一条流向没有条件", "请写明条件", "FlowError: {why}", "draw a default flow"
    ),
    "flow-gap-default": _S(
        "网关“{node}”缺少默认流向：它的条件不全是简单比较，不能证明总有一条成立",
        "请画一条默认流向",
        "FlowError: {why}",
        "draw a default flow",
    ),
    "flow-gap-branch": _S(
        "网关“{node}”在某些取值下没有可走的分支",
        "请画一条默认流向",
        "FlowError: {why}",
        "draw a default flow",
    ),
    "flow-gap-loop": _S(
        "网关“{node}”可能让办件无休止地循环",
        "请在环路中放一个步骤",
        "FlowError: {why}",
        "draw a default flow",
    ),
    # --- items
    "item-code": _S(
        "不能由层级和基本编码“{code}”组成实施编码",
        "请改正 level 和 base_code",
        "{why}",
        "correct level and base_code",
    ),
    "rule-several": _S(
        "“{name}”可能给出多个结果（{policy}）",
        "请选用只给一个结果的命中策略",
        "{name} may give several results ({policy})",
        "take a hit policy with one result",
    ),
    "rule-type": _S(
        "规则表“{table}”把“{fact}”读作{read}，它是{type}",
        "请改正表中的 typeRef",
        "the table {table} reads {fact} as {read}, it is {type}",
        "correct typeRef in the table",
    ),
    "rule-unused": _S(
        "流程中没有步骤使用“{name}”", "请删去", "no step of the flow uses {name}", "remove it"
    ),
    "step-post": _S(
        "步骤“{node}”（{where}）的岗位“{name}”不存在",
        "请使用其中之一：{known}",
        "{label} ({where}) names the post {name}",
        "use one of {known}",
    ),
    "step-rule": _S(
        "步骤“{node}”（{where}）的规则“{name}”不存在",
        "请在事项的 rules 中写明",
        "{label} ({where}) names the rule {name!r}",
        "give it in rules: of the item",
    ),
    "step-verb": _S(
        "步骤“{node}”（{where}）的动作“{name}”不存在",
        "请使用其中之一：{known}",
        "{label} ({where}) names the verb {name!r}",
        "use one of {known}",
    ),
    "step-not-by": _S(
        "步骤“{node}”（{where}）不得由办理“{name}”的人办理，但没有这个步骤",
        "请改正 not-by",
        "{label} ({where}) must not be done by who did {name}, no such step",
        "correct not-by",
    ),
    "step-outcome": _S(
        "结束“{node}”（{where}）的结果“{name}”不存在",
        "请使用其中之一：{known}",
        "{label} ({where}) has the outcome {name!r}",
        "use one of {known}",
    ),
    "result-lacking": _S(
        "结果为{zh_result}，但流程“{flow}”中没有动作 {verb}",
        "请使结果与流程一致",
        "the result is a {result}, and the flow {flow} lacks {verb}",
        "let result and flow agree",
    ),
    "result-beside": _S(
        "结果不是{zh_result}，但流程“{flow}”中有动作 {verb}",
        "请使结果与流程一致",
        "the result is not a {result}, and the flow {flow} has {verb}",
        "let result and flow agree",
    ),
    "numbers-unassigned": _S(
        "没有步骤分配号码",
        "请增加步骤 assign-numbers",
        "no step assigns the numbers",
        "add a step assign-numbers",
    ),
    "form-twice": _S(
        "表单两次询问“{fact}”", "请删去其中一个", "the form asks {fact} twice", "remove one of them"
    ),
    "form-counted": _S(
        "“{fact}”是计算得出的",
        "请改为询问计算它的日期",
        "{fact} is counted",
        "ask for the date it is counted from",
    ),
    "material-twice": _S(
        "材料“{code}”重复",
        "请删去其中一个",
        "the material {code} comes twice",
        "remove one of them",
    ),
    "fee-result": _S(
        "没有步骤给出结果", "请在受理时收费", "no step gives a result", "let it wait for acceptance"
    ),
    "fee-rule": _S(
        "没有规则给出“{amount}”",
        "请写明 规则.列，或以分为单位的整数",
        "no rule gives {amount}",
        "name rule.column, or give whole fen",
    ),
    "fee-early": _S(
        "受理之前没有运行任何规则",
        "请写以分为单位的整数",
        "no rule has run before acceptance",
        "give whole fen there",
    ),
    "fee-fen": _S(
        "“{amount}”可能为{value}",
        "请让表中每一行都给出以分为单位的整数",
        "{amount} may be {value}",
        "let every row of the table give whole fen",
    ),
    "produces-licence": _S(
        "事项不发证照",
        "请让 result 为证照",
        "the item issues no licence",
        "let result be a licence",
    ),
    "produces-assigner": _S(
        "没有分配方式“{name}”",
        "请使用其中之一：{known}",
        "no assigner {name}",
        "use one of {known}",
    ),
    "produces-takes": _S(
        "“{name}”需要：{takes}", "请恰好写明这些", "{name} takes {takes}", "give exactly these"
    ),
    # --- life events, policies, guides
    "branch-twice": _S(
        "事项“{name}”重复", "请删去其中一个", "the item {name} comes twice", "remove one of them"
    ),
    "branch-unmet": _S(
        "“{item}”需要“{fact}”，但无处取得",
        "请在“{item}”的表单中列出，授权其读取能提供它的资源，或把它排在产生它的事项之后",
        "{item} needs {fact}, which nobody supplies",
        "{mend}",
    ),
    "branches-wrong": _S(
        "各分支的先后顺序或数据来源无法安排", "请改正 after、授权和事实名称", "{why}", "{mend}"
    ),
    "policy-item": _S(
        "“{slug}”同时是事项", "请换一个名称", "{slug} is an item too", "give it another name"
    ),
    "policy-amount": _S(
        "规则没有给出“{amount}”",
        "请使用其中之一：{known}",
        "the rule gives no {amount}",
        "use one of {known}",
    ),
    "policy-unmet": _S(
        "“{slug}”需要“{fact}”，但其可读取的登记簿都不提供",
        "请授权“{slug}”读取含有它的资源：此处不询问任何人",
        "{slug} needs {fact}, which no register that it may read supplies",
        "grant {slug} a resource with it: nobody is asked here",
    ),
    "guide-of": _S("没有{zh_of}“{slug}”", "请改为 of: {other}", "no {of} {slug}", "of: {other}"),
    "guide-alone": _S(
        "没有{zh_of}“{slug}”",
        "指南应与所说明的{zh_of}同名",
        "no {of} {slug}",
        "name it as the {of}",
    ),
    "guide-both": _S(
        "“{slug}”同时是{zh_other}",
        "请改其中一个的名称",
        "{slug} is a {other} too",
        "rename one of them",
    ),
    "guide-section": _S(
        "“{id}”是自动生成的章节", "请换一个id", "{id} is a computed section", "take another id"
    ),
    "guide-twice": _S("id“{id}”重复", "请换一个id", "the id {id} comes twice", "take another id"),
    # --- words of the pages
    "word-unknown": _S(
        "没有哪个页面使用“{name}”",
        "请参照{near}，或删去",
        "no page says {name}",
        "name a word such as {near}, or remove it",
    ),
    "word-places": _S(
        "“{name}”的占位符与原文不同",
        "请保留：{wanted}",
        "{name} has other places than the Chinese words",
        "keep {wanted}",
    ),
}
