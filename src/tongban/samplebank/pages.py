"""The page on which a payer confirms or refuses: plain, without script, in Chinese and English."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:18px/1.6 sans-serif;max-inline-size:34em;margin:2em auto;padding-inline:1em}"
    "dt{color:#555}dd{margin:0 0 .6em;font-size:1.2em}"
    "button{font:inherit;min-block-size:60px;min-inline-size:9em;margin-inline-end:1em;"
    "border:2px solid #0b57a4;background:#fff;color:#0b57a4}"
    "button.yes{background:#0b57a4;color:#fff}button:focus-visible{outline:4px solid #ffd24d}"
)
#: For the page's Content-Security-Policy.
STYLE_DIGEST = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_STATES = {
    "paid": "已支付 / paid",
    "refused": "已放弃支付 / you did not pay",
    "closed": "已关闭，不能再支付 / closed: it cannot be paid any more",
}


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def nothing() -> str:
    """Say that there is no such payment."""
    return _page("样例银行 / sample bank", "<p>没有此笔支付。/ There is no such payment.</p>")


def payment(bank: str, row: Mapping[str, Any]) -> str:
    """Show a payment with its two buttons, or how it ended."""
    fen = row["amount_fen"]
    told = (
        f"<dl><dt>收款事由 / for</dt><dd>{escape(row['subject'])}</dd>"
        f"<dt>金额 / amount</dt><dd>¥{fen // 100}.{fen % 100:02d}</dd>"
        f"<dt>订单号 / order</dt><dd>{escape(row['number'])}</dd></dl>"
    )
    if row["state"] == "open":
        told += (
            '<form method="post"><button class="yes" name="choice" value="confirm">确认支付 / pay'
            '</button><button name="choice" value="decline">放弃 / do not pay</button></form>'
            "<p>这是样例银行，不发生真实资金往来。/ A sample bank: no money moves.</p>"
        )
    else:
        told += f"<p>{_STATES[row['state']]}</p>"
        if row["back"]:
            told += f'<p><a href="{escape(row["back"])}">返回 / go back</a></p>'
    return _page(f"样例银行 / sample bank · {bank}", told)
