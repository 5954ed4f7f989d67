"""The world on disk, the simulator as a process, and the page for people."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

import httpx
import pytest

from rudaux.demo.simulator.entities import LatePolicy
from rudaux.demo.simulator.state import World

from .practice import TOKEN, practising

DUE = datetime(2026, 10, 2, 6, 59, 59, tzinfo=timezone.utc)


def full_world() -> World:
    """Make a world in which every kind of thing is at least once."""
    world = World.new(77, "Moons & planets")
    io = world.add_student("Io Jupiter", email="io@example.edu")
    world.add_test_student()
    world.add_group("Big moons", [io])
    tool = world.add_tool("account", "Jupyter", domain="hub.example.edu")
    hw = world.add_assignment("hw1", 10, DUE, tool_id=tool, launch_url="https://hub/x")
    world.add_override(hw, [io], due_at=None)
    world.course.late_policy = LatePolicy(late_submission_deduction=3)
    file = world.add_file(1001, hw, "hw1 <feedback>.html", b"<p>well done</p>")
    with practising(world) as canvas:
        grade = {"submission": {"posted_grade": "7.25"}, "comment": {"file_ids": [file]}}
        canvas.put(f"/assignments/{hw}/submissions/{io}", json=grade)
        data = {"grade_data": {str(io): {"posted_grade": "8"}}}
        canvas.post(f"/assignments/{hw}/submissions/update_grades", json=data)
    return world


def test_a_world_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    world, path = full_world(), tmp_path / "canvas.json"
    world.save(path)
    again = World.load(path)
    assert again == world
    again.save(path)
    assert World.load(path) == world
    left = sorted(p.name for p in tmp_path.iterdir())
    assert left == ["canvas.files", "canvas.json"]
    assert path.stat().st_mode & 0o077 == 0


def test_a_world_that_another_version_saved_is_read_without_what_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "canvas.json"
    World.new().save(path)
    path.write_text(path.read_text().replace('"course": {', '"moons": 3, "course": {"rings": 1,'))
    assert World.load(path).course.name == "Practice course"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"course": 3}', '{"unknown": {}}'])
def test_what_is_no_saved_world_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "canvas.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"canvas\.json"):
        World.load(path)


def test_the_gradebook_page_shows_scores_and_feedback_without_a_token() -> None:
    with practising(full_world()) as canvas:
        page = httpx.get(canvas.simulator.url, follow_redirects=True)
        assert page.url.path == "/courses/77/gradebook"
        assert "Moons &amp; planets" in page.text
        assert "Jupiter, Io" in page.text
        assert "Student, Test" not in page.text
        assert "7.25" in page.text
        assert "due Thu 1 Oct 23:59" in page.text
        assert TOKEN not in page.text
        [work] = re.findall(r'href="([^"]*/submissions/\d+)"[^>]*>7.25<', page.text)
        submission = httpx.get(canvas.simulator.url + work).text
        [link] = re.findall(r'href="(/files/[^"]*)"', submission)
        assert httpx.get(canvas.simulator.url + link).text == "<p>well done</p>"


@contextmanager
def process(state: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "rudaux.demo.simulator", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().strip()
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0


def test_a_process_keeps_what_was_written_across_runs(tmp_path: Path) -> None:
    state = tmp_path / "canvas.json"
    World.new(77).save(state)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"assignment": {"name": "hw1"}}
    with process(state) as url:
        path = f"{url}/api/v1/courses/77/assignments"
        assert httpx.post(path, json=body, headers=headers).status_code == 201
        assert [a.name for a in World.load(state).assignments.values()] == ["hw1"]
    with process(state) as url:
        path = f"{url}/api/v1/courses/77/assignments"
        assert [a["name"] for a in httpx.get(path, headers=headers).json()] == ["hw1"]


def test_a_process_without_a_readable_state_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rudaux.demo.simulator", "--state", str(tmp_path / "none")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    assert ended.returncode == 2
    assert "cannot read" in ended.stderr
    assert "Traceback" not in ended.stderr
