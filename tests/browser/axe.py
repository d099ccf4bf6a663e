"""What axe finds wrong with a page, once the page has come to rest."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

MILD = ("minor", "moderate")
AT_REST = """async () => {
  const ending = () => document.getAnimations().filter((one) => Number.isFinite(one.effect.getComputedTiming().endTime)
    && one.playState === "running");
  while (ending().length) {
    await Promise.allSettled(ending().map((one) => one.finished));
    await new Promise(requestAnimationFrame);
  }
}"""
"""A button that changes its colours has less contrast on the way; what turns for ever is not waited for."""


def faults(
    page: Page, context: str | None = None, but: tuple[str, ...] = (), always: tuple[str, ...] = ()
) -> list[str]:
    """Return what axe finds, each with its first elements.

    Args:
        page: to look at.
        context: selector of the part to look at; None looks at all of it.
        but: impacts that are passed over, such as `MILD`.
        always: rules whose faults count whatever their impact.
    """
    page.evaluate(AT_REST)
    found = Axe().run(page, context=context).response["violations"]
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] not in but or one["id"] in always
    ]
