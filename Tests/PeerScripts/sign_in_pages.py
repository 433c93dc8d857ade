"""Signs in with Chromium as a person does, without scripts, makes a token, revokes it and signs out, and complains of
whatever is wrong. Prints the token.

usage: sign_in_pages.py HOME NAME FOLDER
"""
import sys

from playwright.sync_api import sync_playwright

home, name, folder = sys.argv[1:]

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    for look in [dict(viewport=dict(width=1280, height=900), java_script_enabled=False),
                 dict(viewport=dict(width=375, height=740), color_scheme="dark")]:
        context = browser.new_context(**look)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))

        def fits(picture):
            if look.get("java_script_enabled", True):
                wide = page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                assert wide <= 0, f"{picture}: {wide} pixels too wide"
                bare = page.evaluate(
                    "[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]"
                    ".filter(each => !each.labels.length).length")
                assert bare == 0, f"{picture}: a field without a label"
            page.screenshot(path=f"{folder}/{picture}-{look['viewport']['width']}.png", full_page=True)

        page.goto(home + "/signin")
        fits("choices")
        page.get_by_role("link", name="Sign in with").click()
        page.locator("input[name=username]").fill(name)
        page.locator("input[name=password]").fill(name)
        page.get_by_role("button").click()
        page.wait_for_url(home + "/signin")
        complaints.clear()  # of the provider's page, which has no icon
        assert page.locator("strong").text_content() == f"{name}@example.com"
        page.get_by_label("What it is for").fill("a <b>laptop</b> & more")
        page.get_by_label("It may").select_option("pull")
        page.get_by_role("button", name="Make a token").click()
        token = page.get_by_label("Token").input_value()
        line = page.get_by_label("To paste into a shell").input_value()
        assert token.startswith("hp_") and token in line and "docker login" in line, line
        fits("made")
        page.get_by_role("link", name="I have kept it").click()
        assert token not in page.content()
        assert page.locator("tbody tr").count() == 1
        assert page.locator("tbody th").text_content() == "a <b>laptop</b> & more"
        fits("tokens")
        page.get_by_role("button", name="Revoke a").click()
        page.wait_for_url(home + "/signin")
        assert page.locator("tbody tr").count() == 0
        page.get_by_role("button", name="Sign out").click()
        assert page.get_by_role("link", name="Sign in with").is_visible()
        cookies = {cookie["name"]: cookie for cookie in context.cookies(home)}
        assert "homeport-session" not in cookies, cookies
        assert not complaints, complaints
        context.close()
    browser.close()
print(token)
