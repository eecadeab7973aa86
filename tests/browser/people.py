"""What people do at the pages, by their words and forms: citizens, officials, a shop.

A helper does one thing as a person does it and says what came of it; it asserts only that the way
was there. It works with script off. Whoever builds a page adds what is done there.
"""

import re
from dataclasses import dataclass

from browser.visits import Visit
from testkit.city import Person

_MOST_TABS = 40


@dataclass
class Somebody:
    """Anybody in front of a window."""

    seen: Visit

    def open(self, path: str) -> str:
        """Open a path and give what it says."""
        return self.seen.open(path).text()

    def everything(self) -> str:
        """Give what the whole page says, head and foot too."""
        return self.seen.page.locator("body").inner_text()

    def sign_in(self, role: str) -> None:
        """Sign in by name and password, and by the code of the app where there is one.

        A code works once and the city's clock stands: an official does so once a city, and
        elsewhere has the session of ``visit``.
        """
        person: Person = self.seen.city.people[role]
        self.seen.open("/sign-in").send(username=person.login, password=person.password)
        if person.secret:
            assert self.seen.path == "/sign-in/second"
            self.seen.send(code=person.code())

    def choose_division(self, field: str, *codes: str) -> None:
        """Choose a division from the province down, asking for each next list."""
        for depth, code in enumerate(codes, 1):
            self.seen.page.locator(f"select[name='{field}-{depth}']").select_option(code)
            if depth < len(codes):
                with self.seen.page.expect_navigation():
                    self.seen.page.locator(f"button[name=level][value='{field}']").click()

    def sign_out(self) -> None:
        """Leave."""
        self.seen.send('form[action="/leave"]')

    def cases(self) -> list[str]:
        """Give the numbers of one's own cases on the first page."""
        self.seen.open("/")
        links = self.seen.page.locator("main a[href^='/cases/']").all()
        return [str(link.get_attribute("href")).rpartition("/")[2] for link in links]

    def sign_in_wrongly(self, login: str) -> str:
        """Try a wrong password and give what the page says."""
        return self.seen.open("/sign-in").send(username=login, password="wrong wrong wrong").text()


class Citizen(Somebody):
    """Somebody with cases and licences."""

    def old_age_allowance(self) -> str:
        """Go from home to the receipt of the old-age allowance in elder mode; give its number."""
        seen = self.seen.open("/").press("高龄津贴").press("在线办理")
        assert seen.page.locator("main [name=put]").count() == 1  # one question a page
        seen.send(**{"elder.payout": "card"})
        seen.send(**({"consent": True} if seen.path.endswith("/consent") else {}))
        seen.send("form[action$='/send']")
        assert seen.path.endswith("/receipt"), seen.text()
        return str(seen.path.split("/")[2])

    def show_licence(self, claim: str) -> str:
        """Tick one thing of a licence to show; give the address that its code carries."""
        self.seen.open("/licences/mine/{licence}")
        self.seen.page.locator(f"[name=claims][value='{claim}']").check()
        self.seen.send("form[action$='/show']")
        return str(self.seen.page.locator("img.qr").get_attribute("alt"))

    def standing_consents(self) -> list[str]:
        """Give the numbers of the consents that may be withdrawn."""
        self.seen.open("/me/data/consents")
        links = self.seen.page.locator("main a[href$='/withdraw']").all()
        return [str(link.get_attribute("href")).split("/")[2] for link in links]

    def withdraw(self, consent: str) -> None:
        """Withdraw a consent after the one question."""
        self.seen.open(f"/consents/{consent}/withdraw").send()

    def consent_again(self, case: str) -> None:
        """Consent anew to an open case, by the form in the list."""
        self.seen.open("/me/data/consents").send(f"form[action='/cases/{case}/consent']")


class Official(Somebody):
    """Somebody with a post."""

    def waiting(self) -> list[str]:
        """Give the numbers of the cases that wait at the desk."""
        self.seen.open("/desk")
        links = self.seen.page.locator("main a[href^='/desk/cases/']").all()
        return [str(link.get_attribute("href")).split("/")[3] for link in links]

    def begin(self) -> None:
        """Go from the queue to its first case by the keyboard alone."""
        self.open("/desk")
        page = self.seen.page
        for _ in range(_MOST_TABS):
            page.keyboard.press("Tab")
            href = page.evaluate("document.activeElement.getAttribute('href')")
            if "desk/next" in str(href):
                break
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "/desk/cases/" in page.url, "no key leads from the queue to a case"

    def decide(self, outcome: str, reason: str) -> str:
        """Decide the case that is open by the keyboard alone; give its number.

        The heading is in focus: the first press leads to the decision, and on from field to field.
        """
        page, keys = self.seen.page, self.seen.page.keyboard
        number = page.locator("h1#case small").inner_text()
        assert page.evaluate("document.activeElement.id") == "case"
        keys.press("Tab")
        keys.press("Enter")  # the way to the decision
        assert page.evaluate("document.activeElement.id") == "act"
        keys.press("Tab")
        keys.press("Space" if outcome == "grant" else "ArrowDown")
        while page.evaluate("document.activeElement.localName") != "textarea":
            keys.press("Tab")
        keys.type(reason)
        while page.evaluate("document.activeElement.localName") != "button":
            keys.press("Tab")
        with page.expect_navigation():
            keys.press("Enter")
        return number

    def ask_for_data(self, resource: str, **fields: str | bool) -> str:
        """Ask a department for a resource's items; give the number of the request."""
        self.seen.open(f"/requests/new?resource={resource}").send(**fields)
        found = re.fullmatch(r"/requests/([\w-]+)", self.seen.path)
        assert found, f"{self.seen.path}: {self.seen.text()}"
        return found[1]


class Shop(Somebody):
    """Somebody without an account, who is shown a licence."""

    def verify(self, presented: str) -> str:
        """Paste what was presented and give the verdict."""
        return self.seen.open("/licences/verify").send(presented=presented).text()
