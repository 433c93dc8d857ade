"""Signs in with Chromium, makes a token that may do everything, and prints the line that the page shows for a shell.

usage: sign_in_token.py PAGE NAME

PAGE is where the button to sign in is, and where a browser ends.
"""
import sys

from playwright.sync_api import sync_playwright

start, name = sys.argv[1:]

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(start)
    page.get_by_role("link", name="Sign in with").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(name)
    page.get_by_role("button").click()
    page.wait_for_url(start)
    page.get_by_label("What it is for").fill("docker")
    page.get_by_role("button", name="Make a token").click()
    print(page.get_by_label("To paste into a shell").input_value())
    browser.close()
