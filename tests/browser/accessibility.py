"""axe-core in a page that is open in a browser."""

from __future__ import annotations

from pathlib import Path

from webdriver import Browser

AXE = (Path(__file__).parent / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
DARK = """document.documentElement.dataset.theme = document.documentElement.dataset.mode = 'dark';
const s = document.createElement('style'); s.textContent = '* { transition: none !important }'; document.head.append(s);"""
ASK = """const end = arguments[1];
axe.run(document, {resultTypes: ['violations'], preload: false, ...arguments[0]}).then(r => end(r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].target.join(' ')])));"""
# of all letters that look alike (colour, size, weight, the colours behind them) contrast is reckoned once a page
CONTRAST = """const end = arguments[0], seen = new Map(), behind = new Map([[null, '']]);
const grounds = e => { if (!behind.has(e)) { const s = getComputedStyle(e), own = s.backgroundColor + s.backgroundImage;
  behind.set(e, (own === 'rgba(0, 0, 0, 0)none' && s.opacity === '1' ? '' : own + s.opacity) + grounds(e.parentElement)); } return behind.get(e); };
const letters = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (letters.nextNode()) {
  const e = letters.currentNode.parentElement;
  if (!letters.currentNode.data.trim() || !e.checkVisibility() || ['SCRIPT', 'STYLE', 'TEXT', 'TITLE'].includes(e.tagName.toUpperCase())) continue;
  const s = getComputedStyle(e), look = [s.color, s.fontSize, s.fontWeight, grounds(e)].join();
  if (!seen.has(look) || seen.get(look).childElementCount > e.childElementCount) seen.set(look, e);
}
axe.run({include: [...seen.values()]}, {resultTypes: ['violations'], preload: false, runOnly: ['color-contrast']})
  .then(r => end([seen.size, r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].target.join(' ')])]));"""


def serious_violations(browser: Browser) -> list[list]:
    """Give what axe finds serious or critical: by all its rules, contrast in the light and in the dark."""
    browser.run(AXE)
    found = browser.wait_for(ASK, {"rules": {"color-contrast": {"enabled": False}}})
    found += browser.wait_for(CONTRAST)[1]
    browser.run(DARK)
    found += [["dark", *one] for one in browser.wait_for(CONTRAST)[1]]
    return [one for one in found if {"serious", "critical"} & set(map(str, one[:2]))]
