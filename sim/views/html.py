"""HTML for notebooks."""

from io import StringIO
from typing import Any

from sim.views.figures import style
from sim.views.tables import comparison_text, run_text

# Notebooks give <pre> a font of their own, in which the columns would not stand below each other.
_PAGE = """<div style="max-width: 1100px">
<pre style="font: 12px/1.35 monospace; white-space: pre; overflow-x: auto">{{ text | e }}</pre>
{{ picture | safe }}
</div>"""


def _svg(figure: Any) -> str:
    out = StringIO()
    with style():  # which also makes the names inside the same each time
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _page(text: str, figure: Any) -> str:
    from jinja2 import Template

    page: str = Template(_PAGE).render(text=text, picture=_svg(figure))
    return page


def run_html(run: Any) -> str:
    """The ledger and the overview."""
    return _page(run_text(run), run.plot("overview"))


def comparison_html(comparison: Any) -> str:
    """The table and the comparison figure."""
    return _page(comparison_text(comparison), comparison.plot("curve" if comparison.path else "comparison"))
