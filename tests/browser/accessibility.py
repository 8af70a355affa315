"""axe-core on every page, in a headless Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

AXE = Path(__file__).parent / "axe-core" / "axe.min.js"


# all rules in the light; in the dark only what the colours change
@pytest.mark.parametrize(("theme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})])
def test_axe_finds_nothing_serious(browser, site, names, theme, rules):
    wrong, source = [], AXE.read_text(encoding="utf-8")
    for name in names:
        browser.open((site / name).as_uri())
        browser.run(
            """document.documentElement.dataset.theme = document.documentElement.dataset.mode = arguments[0];
            const s = document.createElement('style'); s.textContent = '* { transition: none !important }'; document.head.append(s);""",
            theme,
        )
        browser.run(source)
        found_ = browser.wait_for(
            "const end = arguments[1]; axe.run({resultTypes: ['violations'], preload: false, ...arguments[0]}).then(r => end(r.violations.map(v => [v.impact, v.id, v.nodes.length, v.nodes[0].target.join(' ')])));",
            rules,
        )
        wrong += [f"{name}: {one}" for one in found_ if one[0] in ("serious", "critical")]
    assert not wrong, "\n".join(wrong)
