"""Build the site with Sphinx: `nox -s docs`. The pages are Markdown that a forge can show, too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mmdr
from docutils import nodes
from docutils.parsers.rst import Directive

sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
from rudaux import __version__

project = "rudaux"
version = release = __version__
extensions = ["myst_parser", "sphinx_external_toc", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
templates_path = ["_templates"]
exclude_patterns = ["examples"]
nitpicky = True
smartquotes_action = "q"  # quotes alone: two hyphens begin an option

myst_enable_extensions = ["colon_fence"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
external_toc_path = "_toc.yml"

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True

html_theme = "pydata_sphinx_theme"
html_title = "rudaux"
html_static_path = ["_static"]
html_css_files = ["rudaux.css"]
html_copy_source = html_show_sourcelink = html_use_index = False
html_show_sphinx = False
html_sidebars = {"**": ["parts.html"]}
html_theme_options = {
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": [],
    "footer_end": [],
    "show_nav_level": 1,
    "navigation_depth": 2,
}


class Mermaid(Directive):
    """Draw a mermaid block while the site is built, so that no reader's browser fetches a thing."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the drawing as SVG within the page."""
        drawing = mmdr.render("\n".join(self.content)).svg
        svg = drawing() if callable(drawing) else drawing
        return [nodes.raw("", f'<div class="picture">{svg}</div>', format="html")]


def setup(app: Any) -> None:
    """Add what this site has of its own."""
    app.add_directive("mermaid", Mermaid)
