"""The words of signing in and of one's own account, in Chinese and English."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

IDENTITY_WORDS: Mapping[str, Words] = {
    "sign_in": Words("登录", "Sign in"),
    "sign_in_name": Words("用户名", "User name"),
    "sign_in_password": Words("口令", "Password"),
    "sign_in_failed": Words(
        "登录未成功：请核对后重试；多次失败后账户会锁定十五分钟。",
        "That did not work. Check what you typed; after several failures the account is locked for "
        "fifteen minutes.",
    ),
    "sign_in_passkey": Words("使用通行密钥", "Use a passkey"),
    "sign_in_password_way": Words("使用口令登录", "Sign in with a password"),
    "kept_here": Words(
        "您离开较久，登录已结束。刚才填写的内容已保留一天；请本人登录，系统会填回原处。",
        "You were away for a while and were signed out. What you typed is kept for a day: sign in, "
        "and it stands where you typed it.",
    ),
    "kept_not": Words(
        "您离开较久，登录已结束。刚才填写的内容过长，未能保留：登录后请重新填写。",
        "You were away for a while and were signed out. What you typed was too long to keep: sign "
        "in and type it again.",
    ),
    "kept_back": Words(
        "您刚才填写的内容已填回，尚未提交：请核对后再次提交。",
        "What you typed is back in its place. It was not sent: check it and send it again.",
    ),
    "kept_moved": Words(
        "您刚才填写的内容没有提交，而此页已有变化。内容列在下面，需要时请重新填写。",
        "What you typed was not sent, and this page has changed since. Here it is; type again what "
        "is still needed.",
    ),
    "kept_others": Words(
        "您刚才代办时填写的内容已保留：请先切换为原来代办的对象，再打开此页。",
        "What you typed for somebody else is kept: switch back to acting for them and open this "
        "page again.",
    ),
    "kept_no_files": Words("文件没有保留，请重新选择。", "Files are not kept: choose them again."),
    "stale": Words("页面已过期", "This page is out of date"),
    "stale_why": Words(
        "打开此页之后登录已变化，为安全起见没有提交。请重新打开此页再试。",
        "Somebody signed in or out since this page was opened, so nothing was sent. Open the page "
        "again and retry.",
    ),
    "stale_again": Words("重新打开", "Open it again"),
    "second_factor": Words("第二步认证", "Second step"),
    "second_factor_help": Words(
        "请输入动态口令应用显示的六位数字，或一个恢复码。",
        "Type the six digits that your authenticator app shows, or a recovery code.",
    ),
    "second_factor_code": Words("动态口令或恢复码", "Code"),
    "step_up": Words("提升认证等级", "Prove it is you"),
    "step_up_help": Words(
        "此操作较为敏感，需要更高的认证等级。认证后请再次提交。",
        "This is sensitive and asks for more than a password. Do it again after this step.",
    ),
    "step_up_proof": Words(
        "您的账户尚未完成所需的实名或实人核验，请到办事窗口办理。",
        "Your account has not been proofed for this: visit a counter with your identity card.",
    ),
    "step_up_none": Words(
        "没有第二种认证方式？请先添加", "No second factor yet? Add one to your account first"
    ),
    "passkey_help": Words(
        "设备会请您用指纹、面容或设备口令确认，无须输入用户名和口令。",
        "Your device asks for your finger, face or PIN; no name and no password are needed.",
    ),
    "passkey_script": Words(
        "通行密钥需要浏览器脚本；也可以使用口令登录。",
        "Passkeys need script in the browser; the password way does not.",
    ),
    "passkey": Words("通行密钥", "Passkey"),
    "passkey_label": Words("名称", "Name"),
    "passkey_add": Words("添加通行密钥", "Add a passkey"),
    "passkey_failed": Words("未能添加，请重试。", "It was not added; try again."),
    "app": Words("动态口令应用", "Authenticator app"),
    "add_app": Words("添加动态口令应用", "Add an authenticator app"),
    "add_app_help": Words(
        "准备好手机上的动态口令应用（RFC 6238）。密钥只显示一次。",
        "Have an authenticator app (RFC 6238) ready. The secret is shown once.",
    ),
    "add_app_scan": Words(
        "用应用扫描此码，再输入它显示的六位数字。",
        "Scan this code with the app, then type the six digits it shows.",
    ),
    "add_app_secret": Words("密钥", "Secret"),
    "confirm": Words("确认", "Confirm"),
    "recovery_codes": Words("恢复码", "Recovery codes"),
    "recovery_help": Words(
        "请抄写或打印保存。手机丢失时，每个恢复码可以代替动态口令使用一次。以后不再显示。",
        "Write these down or print them. Each stands in for a code once, should you lose your "
        "phone. They are not shown again.",
    ),
    "recovery_left": Words("剩余恢复码：", "Recovery codes left:"),
    "account": Words("账户安全", "Account"),
    "account_level": Words("本次登录的认证等级", "Level of this sign-in"),
    "account_proof": Words("实人等级", "How you were proofed"),
    "proof_none": Words("未核验", "not yet"),
    "proof_named": Words("实名", "by name and number"),
    "proof_seen": Words("实人", "in person"),
    "account_factors": Words("第二种认证方式", "Second factors"),
    "account_one_factor": Words("只有口令。建议添加。", "Only a password. Add another."),
    "account_devices": Words("已登记的终端", "Known devices"),
    "password_wrong": Words("现口令不正确。", "The present password is not right."),
    "factor_refused": Words(
        "未能完成：请核对动态口令后重试。", "That did not work: check the code and try again."
    ),
    "raise_refused": Words(
        "请选择您持有的岗位，说明理由，并填写一至六十分钟。",
        "Choose a post of yours, give a reason, and one to sixty minutes.",
    ),
    "password_old": Words("现口令", "Present password"),
    "password_new": Words("新口令（至少十二位）", "New password (12 characters or more)"),
    "password_change": Words("更改口令", "Change the password"),
    "remove": Words("移除", "Remove"),
    "raise_role": Words("临时提权", "Raise a role for a while"),
    "raise_help": Words(
        "管理和运维岗位平时只读。提权须说明理由，最长一小时，到时自动结束，审计可见。",
        "Administrators and operators only read. Raising the role needs a reason, lasts an hour at "
        "most, ends by itself, and the auditor sees it.",
    ),
    "raise_minutes": Words("分钟", "Minutes"),
    "authorize": Words("授权登录", "Sign in to another system"),
    "authorize_asks": Words(
        "{client}（{department}）请求获知：", "{client} ({department}) asks to learn:"
    ),
    "authorize_back": Words("之后您将返回", "You will be sent back to"),
    "authorize_allow": Words("同意并登录", "Allow and sign in"),
    "authorize_refuse": Words("不同意", "Refuse"),
    "authorize_wrong": Words(
        "带您来的系统提出的请求有误：您没有登录那里，也没有交出任何信息。请返回那里，"
        "并把下面的说明告诉其运维单位。",
        "The system that sent you here asked wrongly: you were not signed in there and nothing was "
        "given away. Go back and show those who run it what stands below.",
    ),
    "account_clients": Words("登录过的系统", "Systems you signed in to"),
    "account_leave": Words("取消授权", "End its access"),
    "agent": Words("代理人", "agent"),
    "delegations": Words("代理办事", "Acting for others"),
    "delegations_help": Words(
        "您可以请家人、朋友或企业经办人代您办事。每次代办都会留痕，您随时可以终止。",
        "Family, a friend or a company's agent can do things for you. Whatever they do is recorded "
        "as theirs for you, and you may end it at any time.",
    ),
    "delegations_held": Words("我可以代办", "I act for"),
    "delegations_given": Words("代我办事的人", "Who acts for me"),
    "delegation_act": Words("以代理人身份办事", "Act for this person"),
    "delegation_self": Words("恢复本人身份", "Be myself again"),
    "delegation_acting": Words("您正在代办，被代理人：", "You are acting for"),
    "delegation_end": Words("终止", "End it"),
    "delegation_ended": Words("已终止", "ended"),
    "delegation_until": Words("至", "until"),
    "delegation_name": Words("代理人姓名", "Name of the agent"),
    "delegation_number": Words("代理人公民身份号码", "Identity number of the agent"),
    "delegation_company": Words("企业（选填）", "Company (if for one)"),
    "delegation_events": Words("事项", "Life events"),
    "delegation_actions": Words("权限", "May"),
    "delegation_grant": Words("委托", "Let this person act"),
    "delegation_last": Words("截止日期", "Last day"),
    "case.submit": Words("提交申请", "apply"),
    "case.read": Words("查看办件", "see cases"),
    "case.correct": Words("补正、确认", "answer and confirm"),
    "case.withdraw": Words("撤回", "withdraw"),
    "licence.read": Words("查看证照", "see licences"),
    "sign_in_with": Words("使用其他平台登录：", "Sign in with"),
    "link_account": Words("关联其他平台的账户", "Link an account elsewhere"),
    "not_linked": Words("该账户尚未关联", "This account is not linked"),
    "not_linked_help": Words(
        "请先用口令或通行密钥登录，再在“账户安全”中关联。",
        "Sign in with your password or passkey first, then link it on your account page.",
    ),
    "users": Words("用户管理", "Users"),
    "posts": Words("岗位与角色", "Posts and roles"),
    "posts_look": Words("查看", "Look"),
    "posts_held": Words("在任岗位", "Posts held"),
    "posts_none": Words("该部门还没有岗位。", "Nobody holds a post here."),
    "posts_end": Words("免去岗位", "End this post"),
    "posts_own": Words("不能变更自己的岗位。", "Nobody changes a post of its own."),
    "posts_give": Words("任命", "Give a post"),
    "posts_role": Words("角色", "Role"),
    "posts_name": Words("姓名", "Name"),
    "posts_name_hint": Words("账号不存在时新建", "for an account that is to be made"),
    "users_sign_in": Words("请先登录", "sign in first"),
    "users_reason_first": Words("请说明理由", "give a reason"),
    "users_no_verb": Words("没有此操作", "there is no such verb"),
    "users_one": Words("账户", "Account"),
    "users_find": Words("查找", "Find"),
    "users_none": Words("没有此用户。", "There is no such user."),
    "users_link": Words(
        "请当面交给本人，一天内有效，只能用一次：",
        "Hand this over in person; it works once, within a day:",
    ),
    "user_invite": Words("邀请设置口令", "invite to set a password"),
    "user_close": Words("停用", "close"),
    "user_reopen": Words("恢复", "reopen"),
    "user_unlock": Words("解除锁定", "unlock"),
    "user_reset": Words("清除全部认证方式（手机遗失）", "remove every factor (a lost phone)"),
    "user_open": Words("正常", "open"),
    "user_closed": Words("已停用", "closed"),
    "invited": Words("设置口令", "Set your password"),
    "raise_end": Words("立即结束", "End it now"),
}
