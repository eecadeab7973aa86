"""The words of the pages about evidence, under the names people look for (区块链存证)."""

from collections.abc import Mapping

from tongban.kernel.facts import Words

WORDS: Mapping[str, Words] = {
    "title": Words("存证与校验", "Evidence anyone can check"),
    "also": Words(
        "也称区块链存证、可信身份链、电子证照链",
        "what is also called blockchain evidence (区块链存证)",
    ),
    "how": Words(
        "每一项决定、证照、同意及其撤回都在日志中留下一片叶子。"
        "法院、公证处、审计等见证人各用自己的密钥在日志的检查点上签名："
        "日志若被改写、回退，或对不同的人出示不同的内容，一个见证人就足以使其暴露。",
        "Every decision, licence, consent and withdrawal leaves a leaf in a log. Witnesses, such "
        "as a court, a notary and an auditor, sign its checkpoints, each with a key of its own: if "
        "the log is rewritten, goes back, or shows two people two stories, one witness exposes it.",
    ),
    "log": Words("日志公钥", "Key of the log"),
    "leaves": Words("叶子", "Leaves"),
    "published": Words("最近公布的检查点", "Newest published checkpoint"),
    "nothing": Words("尚无", "none yet"),
    "wanted": Words("须有签名", "Must have signed"),
    "witnesses": Words("见证人", "Witnesses"),
    "witness": Words("见证人", "Witness"),
    "key": Words("公钥", "Key"),
    "size": Words("已见证叶子数", "Leaves witnessed"),
    "at": Words("最近见证", "Last seen"),
    "state": Words("状态", "State"),
    "well": Words("正常", "well"),
    "fault": Words("异常", "trouble"),
    "unwitnessed": Words(
        "未经见证：目前只有本平台为此日志担保。",
        "Not witnessed: for now nobody but this platform vouches for this log.",
    ),
    "check": Words("校验存证包", "Check an evidence bundle"),
    "check_help": Words(
        "上传 case.zip，或下载 verify.py 离线校验，不必信任本网站。",
        "Upload case.zip here; or take verify.py and check it offline, without trusting this site.",
    ),
    "file": Words("存证包", "Bundle"),
    "do": Words("校验", "Check"),
    "verifier": Words("下载 verify.py", "Download verify.py"),
    "holds": Words("校验通过", "The evidence holds"),
    "broken": Words("校验不通过", "The evidence does not hold"),
    "about": Words("办件", "Case"),
    "made": Words("制作时间", "Made"),
    "proved": Words("已证明", "Proved"),
    "not_proved": Words("未证明", "Not proved"),
    "events": Words("事件", "Events"),
    "again": Words("再校验一个", "Check another"),
    "none_sent": Words("请选择一个存证包文件。", "Choose the file of a bundle."),
    "too_large": Words("文件过大。", "The file is too large."),
    "bundle": Words("下载存证包", "Download the evidence bundle"),
    "bundle_help": Words(
        "含本办件的全部事件、材料及证明，可离线校验；其中有您的个人信息，请妥善保管。",
        "All events and documents of this case with their proofs, to be checked offline. It holds "
        "your personal data: keep it well.",
    ),
    "waiting": Words(
        "本办件的部分事件还在等待见证，请稍后再试。",
        "Some events of this case are not witnessed yet; try again in a while.",
    ),
}
