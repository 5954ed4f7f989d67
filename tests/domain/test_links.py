from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from rudaux.domain.links import Hub, https_form, launch_link, repo_folder

PAGE = "https://example.edu/org/dsci100"


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@example.edu:org/dsci100.git", PAGE),
        ("example.edu:org/dsci100", PAGE),
        ("ssh://git@example.edu/org/dsci100.git", PAGE),
        ("ssh://git@example.edu:2222/org/dsci100.git", PAGE),
        ("git+ssh://git@example.edu/org/dsci100", PAGE),
        ("https://example.edu/org/dsci100.git", PAGE),
        ("https://example.edu/org/dsci100/", PAGE),
        ("https://example.edu/org/dsci100.git/", PAGE),
        ("https://example.edu:8443/org/dsci100", "https://example.edu:8443/org/dsci100"),
        ("http://example.edu/org/dsci100.git", "http://example.edu/org/dsci100"),
        ("https://example.edu/org/LaTeX/", "https://example.edu/org/LaTeX"),
        ("/srv/git/dsci100.git", "/srv/git/dsci100"),
        ("file:///srv/git/dsci100.git", "file:///srv/git/dsci100"),
    ],
)
def test_a_remote_is_turned_into_the_address_that_a_hub_can_clone(
    remote: str, address: str
) -> None:
    assert https_form(remote) == address
    assert repo_folder(remote) == address.rpartition("/")[2]


@pytest.mark.parametrize(
    "remote",
    [
        "https://token@example.edu/org/dsci100.git",
        "https://io:token@example.edu/org/dsci100.git",
        "https://io@moons.edu:token@example.edu/org/dsci100.git",
        "ssh://io:token@example.edu/org/dsci100.git",
    ],
)
def test_a_link_for_students_holds_nobody_s_password(remote: str) -> None:
    assert https_form(remote) == PAGE
    assert https_form(remote.replace("https:", "http:")) in {PAGE, PAGE.replace("https:", "http:")}
    assert "token" not in launch_link(Hub("https://hub.example.edu"), remote, "m/hw")


def test_a_remote_without_a_folder_is_its_own_folder() -> None:
    assert repo_folder("dsci100.git") == "dsci100"


@pytest.mark.parametrize("base_url", ["/jupyter", "jupyter", "/jupyter/"])
def test_a_prefix_has_one_leading_slash_however_it_is_written(base_url: str) -> None:
    assert Hub("https://hub.example.edu", base_url).prefix == "/jupyter"


def test_a_hub_without_a_prefix_has_none() -> None:
    assert Hub("https://hub.example.edu").prefix == Hub("https://hub.example.edu", "/").prefix == ""


def test_a_launch_link_is_encoded_three_times_over() -> None:
    link = launch_link(
        Hub("https://hub.example.edu/", "/jupyter"),
        "git@example.edu:org/dsci100.git",
        "materials/week 1/homework_1.ipynb",
    )
    assert link == (
        "https://hub.example.edu/jupyter/hub/lti/launch?next=%2Fjupyter%2Fhub%2Fuser-redirect"
        "%2Fgit-pull%3Frepo%3Dhttps%253A%252F%252Fexample.edu%252Forg%252Fdsci100%26urlpath%3D"
        "lab%252Ftree%252Fdsci100%252Fmaterials%252Fweek%2525201%252Fhomework_1.ipynb"
    )


def test_a_hub_that_reads_a_launch_link_finds_repository_and_notebook_in_it() -> None:
    hub = Hub("https://hub.example.edu")
    link = launch_link(hub, "/srv/our course/dsci100.git", "materials/hw 1/hw 1.ipynb")
    after = parse_qs(urlsplit(link).query)["next"][0]
    assert urlsplit(after).path == "/hub/user-redirect/git-pull"
    asked = dict(pair.split("=") for pair in urlsplit(after).query.split("&"))
    assert unquote(asked["repo"]) == "/srv/our course/dsci100"
    assert unquote(unquote(asked["urlpath"])) == "lab/tree/dsci100/materials/hw 1/hw 1.ipynb"
