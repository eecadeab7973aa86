"""A passkey in a real browser: added on the account page, then the only thing needed to sign in."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from testkit.chromium import chromium
from testkit.servers import Fresh
from testkit.sites import threaded
from tongban.infra.access.models import Authenticator, User

PASSWORD = "plum blossom in snow"


@pytest.mark.slow
def test_a_browser_adds_a_passkey_and_signs_in_with_it(
    fresh_sqlite: Fresh, tmp_path: Path, settings: Any
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_user("li", password=PASSWORD, proof=2)
    with threaded() as served:
        origin = served.replace("127.0.0.1", "localhost")  # an address is no home of passkeys
        settings.ACCESS_ORIGINS, settings.ACCESS_PASSKEY_HOST = [origin], "localhost"
        asyncio.run(_play(origin, tmp_path / "profile"))
    key = Authenticator.objects.get()
    assert (key.kind, key.label, key.user.username) == ("pk", "phone", "li")
    assert key.used is not None


async def _play(origin: str, profile: Path) -> None:
    async with chromium(profile) as page:
        await page.open(f"{origin}/sign-in?next=/account&lang=en")
        await page.run(
            "document.querySelector('[name=username]').value = 'li';"
            f"document.querySelector('[name=password]').value = '{PASSWORD}';"
            "document.querySelector('main form button').click()"
        )
        await page.until("location.pathname === '/account' && document.readyState === 'complete'")
        await page.run(
            "document.querySelector('#passkey [name=label]').value = 'phone';"
            "document.querySelector('#passkey button').click()"
        )
        await page.until("document.body.innerText.includes('Passkey phone')")
        await page.run("document.querySelector('form[action=\"/leave\"] button').click()")
        await page.until("location.pathname === '/' && document.readyState === 'complete'")
        await page.open(f"{origin}/sign-in/passkey?next=/account")
        await page.run("document.querySelector('#passkey button').click()")
        await page.until("location.pathname === '/account' && document.readyState === 'complete'")
        assert await page.run("document.querySelector('dd').innerText") == "3"
