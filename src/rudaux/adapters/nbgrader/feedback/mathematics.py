"""Formulas as MathML, which browsers show by themselves: MathJax would come from the network.

https://www.w3.org/TR/mathml-core/
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LONGEST = 5000
"""Characters of a formula: converting a longer one, or one with macros, could take for ever."""
_DEFINES = re.compile(r"\\(?:[a-zA-Z]*def|let|(?:re)?new|provide|Declare)[a-zA-Z]*(?![a-zA-Z])")
_MEANT = (
    (re.compile(r"\\(?:label|tag\*?)\{[^{}]*\}|\\(?:nonumber|notag|nolimits)(?![a-zA-Z])"), ""),
    (re.compile(r"\\arg(?![a-zA-Z])"), r"\\operatorname{arg}"),
    (re.compile(r"\\(begin|end)\{(?:aligned|split|eqnarray\*?)\}"), r"\\\1{align*}"),
    (re.compile(r"\\(begin|end)\{gathered\}"), r"\\\1{gather*}"),
    (re.compile(r"\\(begin|end)\{(align|gather)\}"), r"\\\1{\2*}"),
)
"""TeX that is replaced by an equivalent, or by nothing if it is not visible."""
_LEFT_OVER = re.compile(r"<mi>(?:\\[a-zA-Z]|&</mi>)|<[a-z]+ (?:href|style|class)=")
"""A command or an alignment mark that was not converted, or what does not belong in a formula."""
_TEXT = re.compile(r"<mtext>(.*?)</mtext>", re.DOTALL)


def formula(body: str, written: str, display: bool) -> str:
    """Return the MathML of a formula, or the formula as `written` if it cannot be converted."""
    plain = f'<code class="formula">{escape(written)}</code>'
    if len(body) > LONGEST or _DEFINES.search(body):
        return plain
    for pattern, instead in _MEANT:
        body = pattern.sub(instead, body)
    try:
        made = convert(body, display="block" if display else "inline")
    except Exception:
        return plain  # what the converter does not understand stays readable
    made = _TEXT.sub(lambda text: f"<mtext>{_escaped(text[1])}</mtext>", made)
    return plain if _LEFT_OVER.search(made) else made


def _escaped(text: str) -> str:
    """Escape what the converter did not, but keep its own entities."""
    return text.replace("<", "&lt;").replace(">", "&gt;")


class _Renderer(IPythonRenderer):  # type: ignore[misc]
    """nbconvert's Markdown renderer, with formulas that need no script."""

    def block_math(self, body: str) -> str:
        return formula(body, f"$${body}$$", display=True)

    def inline_math(self, body: str) -> str:
        return formula(body, f"${body}$", display=False)

    def latex_environment(self, name: str, body: str) -> str:
        written = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return formula(written, written, display=True)


@pass_context
def markdown2html(context: Any, source: str) -> str:
    """Render Markdown as nbconvert's filter of this name does, except for formulas."""
    attachments = context.get("cell", {}).get("attachments", {})
    renderer = _Renderer(escape=False, attachments=attachments)
    return str(MarkdownWithMath(renderer=renderer).render(source))
