"""Remove from a feedback page what would run, or be fetched from anywhere, when it is read.

What a student's work contains could tell its author who reads it and when. Browsers are also told
to refuse the rest.
https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import mimetypes
import re
from base64 import b64encode
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from bs4 import BeautifulSoup, Tag
from bs4.element import Doctype, PreformattedString, Script, Stylesheet

POLICY = (
    "default-src 'none'; img-src data:; media-src data:; font-src data:; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
)
LARGEST = 1_000_000
"""Bytes of a picture next to the notebook that is put into the page."""
_NOT_SHOWN = {
    "script": "a script, which is not run",
    **dict.fromkeys(("iframe", "frame", "frameset"), "a frame, which is not shown"),
    **dict.fromkeys(("object", "embed", "applet"), "an object, which is not shown"),
    **dict.fromkeys(("link", "base", "noscript", "noembed", "noframes", "xmp", "plaintext"), ""),
}
"""Elements that are removed, and the note that replaces them."""
_FETCHED = re.compile(
    r"src|srcset|poster|background|lowsrc|dynsrc|data|(?:form)?action|(?:xlink:)?href|srcdoc|"
    r"imagesrcset|codebase|classid|archive|manifest|longdesc|profile|ping"
)
_EMBEDDED = re.compile(r"\s*(?:data:(?:image|audio|video|font)/|#)", re.IGNORECASE)
_FOLLOWED = re.compile(r"https?:|mailto:|[^:]*(?:$|[/?#])", re.IGNORECASE)
_FETCHING_STYLE = re.compile(
    r"@import[^;]*;?|@font-face\s*\{[^}]{0,5000}\}|"
    r"(?:url|src|image-set)\s*\((?!\s*[\"']?(?:data:|#))[^)]*\)?",
    re.IGNORECASE,
)
_ICONS = re.compile(r"[^{}]*\.glyphicon[^{}]*\{[^{}]*\}")
"""Bootstrap's icons, whose font is not in the page."""
_NEEDS_SCRIPT = ("application/javascript", "application/vnd.jupyter.widget-view+json")


def prefer_still(notebook: Any) -> None:
    """Keep only those forms of an output that show something without a script."""
    for output in (o for cell in notebook.cells for o in cell.get("outputs", ())):
        data = output.get("data", {})
        for kind in _NEEDS_SCRIPT:
            data.pop(kind, None)
        pictures = any(kind.startswith("image/") for kind in data)
        if pictures and "<script" in "".join(data.get("text/html", "")).lower():
            del data["text/html"]
        if "text/latex" in data and not {"text/html", "text/markdown", "image/svg+xml"} & set(data):
            data["text/markdown"] = data.pop("text/latex")
        output.get("metadata", {}).get("text/html", {}).pop("isolated", None)


def stand_alone(page: str, folder: Path) -> str:
    """Return the page without anything that runs or is fetched, with notes on what was removed.

    Pictures in the notebook's `folder` become part of the page.
    """
    soup = BeautifulSoup(page, "html.parser")
    for text in soup.find_all(string=_is_markup):
        text.extract()
    for tag in soup.find_all(True):
        if not tag.decomposed:
            _disarm(soup, tag, folder)
    attributes = {"http-equiv": "Content-Security-Policy", "content": POLICY}
    (soup.head or soup).insert(0, soup.new_tag("meta", attrs=attributes))
    return str(soup)


def _is_markup(text: object) -> bool:
    """Return whether this is a comment or the like, part of which browsers may take as markup."""
    is_shown = isinstance(text, (Doctype, Script, Stylesheet))
    return isinstance(text, PreformattedString) and not is_shown


def _disarm(soup: BeautifulSoup, tag: Tag, folder: Path) -> None:
    if tag.name in _NOT_SHOWN:
        _replace(soup, tag, _NOT_SHOWN[tag.name])
    elif tag.name == "meta" and tag.get("http-equiv"):
        tag.decompose()  # it could redirect the reader
    elif tag.name == "style":
        _disarm_style(tag)
    elif tag.name in {"img", "image"} and not _is_embedded(tag, folder):
        found = (tag.get(name) for name in ("src", "href", "xlink:href", "srcset", "alt"))
        address = next((str(text)[:200] for text in found if text), "no address")
        _replace(soup, tag, f"a picture that is not part of this file: {address}")
    else:
        for name in list(tag.attrs):
            if not _is_harmless(tag, name.lower(), str(tag[name])):
                del tag[name]


def _replace(soup: BeautifulSoup, tag: Tag, words: str) -> None:
    if words and tag.find_parent("body"):
        note = soup.new_tag("em")
        note.string = f"[{words}]"
        tag.insert_before(note)
    tag.decompose()


def _is_embedded(tag: Tag, folder: Path) -> bool:
    """Return whether a picture is part of the page, or has become so."""
    if tag.get("src") and not _EMBEDDED.match(str(tag["src"])):
        tag["src"] = _picture(folder, str(tag["src"]))
    found = [tag[name] for name in ("src", "href", "xlink:href") if tag.get(name)]
    return bool(found) and all(_EMBEDDED.match(str(value)) for value in found)


def _picture(folder: Path, address: str) -> str:
    """Return a picture in the folder as a data URL, or the address if there is none."""
    kind = mimetypes.guess_type(address)[0] or ""
    try:
        path = (folder / unquote(address)).resolve()
        inside = kind.startswith("image/") and path.is_relative_to(folder.resolve())
        if inside and path.is_file() and path.stat().st_size <= LARGEST:
            return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"
    except (OSError, ValueError):
        pass  # not a file name
    return address


def _is_harmless(tag: Tag, name: str, value: str) -> bool:
    if name.startswith("on") or name.endswith("srcset"):
        return False
    if name == "href" and tag.name in {"a", "area"}:
        return _FOLLOWED.match(re.sub(r"[\x00-\x20]", "", value)) is not None
    if _FETCHED.fullmatch(name):
        return _EMBEDDED.match(value) is not None
    if name in {"alt", "title", "content"}:
        return True
    return not _FETCHING_STYLE.search(value) and not (name == "style" and "\\" in value)


def _disarm_style(tag: Tag) -> None:
    css, theirs = tag.string or "", tag.find_parent("body") is not None
    # Inside an SVG browsers would parse it as markup; with escapes any word can be written.
    if "<" in css or ("\\" in css and theirs):
        tag.decompose()
        return
    css = _FETCHING_STYLE.sub("none", css)
    tag.string = css if theirs else _ICONS.sub("", css)
