"""The words of the licences' pages, in Chinese and English."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

WORDS: Mapping[str, Words] = {
    "title": Words("我的证照", "My licences"),
    "none": Words("您还没有电子证照。", "You hold no electronic licence yet."),
    "valid": Words("有效", "valid"),
    "suspended": Words("已暂停", "suspended"),
    "superseded": Words("已被替代", "replaced"),
    "revoked": Words("已注销", "revoked"),
    "issued_by": Words("颁发机构", "Issued by"),
    "valid_until": Words("有效期至", "Valid until"),
    "forever": Words("长期", "for ever"),
    "flagged": Words("待核查", "To be looked at again"),
    "face": Words("下载版式文件（PDF）", "Download the certificate (PDF)"),
    "choose": Words("选择要出示的内容", "Choose what to show"),
    "choose_help": Words(
        "只出示勾选的内容，其余一概不透露。证照名称总会显示。",
        "Only what you tick is shown, and nothing else. The name of the licence is always seen.",
    ),
    "show": Words("生成亮证码", "Make the code"),
    "showing": Words("亮证", "Show your licence"),
    "scan": Words("请对方扫描此码", "Let the other side scan this code"),
    "until": Words("有效至", "Good until"),
    "tells": Words("对方将看到", "They will see"),
    "wallet": Words("领取到手机钱包", "Put it into your wallet"),
    "wallet_help": Words(
        "用钱包扫描此码，再输入下面的口令。口令不要告诉任何人。",
        "Scan this code with your wallet, then type in the PIN below. Tell the PIN to nobody.",
    ),
    "pin": Words("口令", "PIN"),
    "back": Words("返回证照", "Back to the licence"),
    "verify": Words("核验证照", "Verify a licence"),
    "verify_help": Words(
        "粘贴亮证码的链接、证照上二维码的链接或凭证全文，或上传凭证文件。无须登录。",
        "Paste the link of a code or of a certificate, or a whole presentation, or upload one. "
        "No account is needed.",
    ),
    "pasted": Words("链接或凭证", "Link or presentation"),
    "upload": Words("或上传凭证文件", "or upload a presentation"),
    "proved_only": Words(
        "只接受持证人本人对本次核验出示的凭证",
        "Take only what the holder presents to this very question",
    ),
    "question": Words("出示时请使用", "Present it with"),
    "audience": Words("受众（aud）", "audience (aud)"),
    "nonce": Words("随机数（nonce）", "nonce"),
    "check": Words("核验", "Verify"),
    "result": Words("核验结果", "Result"),
    "checked_at": Words("核验时间", "Checked at"),
    "by_holder": Words(
        "由持证人（或其代持人）出示", "Shown by its holder, or who keeps it for the holder"
    ),
    "not_by_holder": Words("未证明是持证人出示，请核对本人", "The holder is not proved: compare"),
    "compare": Words(
        "请与纸面逐项核对；不一致的，即为伪造。", "Compare with the paper; what differs is forged."
    ),
    "shown": Words("出示的内容", "What is shown"),
    "another": Words("再核验一份", "Verify another"),
}
