"""axe-core in a page that is open in a browser."""

from __future__ import annotations

from pathlib import Path

from webdriver import Browser

AXE = (Path(__file__).parent / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
DARK = """document.documentElement.dataset.theme = document.documentElement.dataset.mode = 'dark';
const s = document.createElement('style'); s.textContent = '* { transition: none !important }'; document.head.append(s);"""
ASK = """const end = arguments[1];
axe.run({resultTypes: ['violations'], preload: false, ...arguments[0]}).then(r => end(r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].target.join(' ')])));"""


def serious_violations(browser: Browser) -> list[list]:
    """Give what axe finds serious or critical: by all its rules in the light, and in the dark by what the colours change."""
    browser.run(AXE)
    found = browser.wait_for(ASK, {})
    browser.run(DARK)
    found += [["dark", *one] for one in browser.wait_for(ASK, {"runOnly": ["color-contrast"]})]
    return [one for one in found if {"serious", "critical"} & set(map(str, one[:2]))]
