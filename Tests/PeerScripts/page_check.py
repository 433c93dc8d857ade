"""Looks at a page with Chromium as different people do, complains of whatever is wrong, keeps pictures, and prints what
the QR code on it says.

usage: page_check.py URL FOLDER
"""
import io
import sys

import numpy
import PIL.Image
import zxingcpp
from playwright.sync_api import sync_playwright

url, folder = sys.argv[1:]
looks = {
    "light": dict(viewport=dict(width=1280, height=900), color_scheme="light"),
    "dark": dict(viewport=dict(width=1280, height=900), color_scheme="dark"),
    "phone": dict(viewport=dict(width=375, height=740), device_scale_factor=2, is_mobile=True, has_touch=True),
    "phone-dark": dict(viewport=dict(width=375, height=740), device_scale_factor=2, color_scheme="dark"),
    "no-script": dict(viewport=dict(width=1024, height=900), java_script_enabled=False),
}


def check(page, name):
    svg = page.locator("svg.meteogram")
    assert svg.count() == 1 and svg.get_attribute("role") == "img"
    assert page.locator("svg.meteogram > title").text_content().strip()
    assert page.locator("svg.meteogram > desc").text_content().strip()
    assert page.locator("h1").count() == 1
    assert page.locator("table caption, [aria-labelledby=days] table").count() >= 1
    assert page.locator("main a.button.main").is_visible()
    assert page.locator("input#address").is_visible()
    for box in page.locator("svg.meteogram rect").all()[:50]:
        assert float(box.get_attribute("width")) >= 0 and float(box.get_attribute("height")) >= 0
    if name != "no-script":
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: {wide} pixels too wide"
        small = page.evaluate("""[...document.querySelectorAll('a.button, summary')].filter(
            each => each.offsetParent && each.getBoundingClientRect().height < 24).length""")
        assert small == 0, f"{name}: {small} targets too small for a finger"
        bare = page.evaluate("[...document.querySelectorAll('input')].filter(each => !each.labels.length).length")
        assert bare == 0, "a field without a label"


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    texts = set()
    for name, look in looks.items():
        context = browser.new_context(**look)
        page = context.new_page()
        complaints = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        answer = page.goto(url)
        assert answer.status == 200, answer.status
        check(page, name)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
        picture = PIL.Image.open(io.BytesIO(page.locator("figure.code").screenshot())).convert("L")
        texts.update(found.text for found in zxingcpp.read_barcodes(numpy.array(picture)))
        assert not complaints, complaints
        context.close()
    browser.close()
assert len(texts) == 1, texts
print(texts.pop())
