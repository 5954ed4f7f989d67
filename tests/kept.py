"""Courses that are built once: a test gets one as commands left it, put back in a moment."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from rudaux.demo.simulator.state import World
from rudaux.demo.simulator.switches import Switches
from tests.course import SmallCourse, set_environment, small_course

Step = tuple[str, ...] | Callable[[SmallCourse], object]
"""A command, or a function of a module that changes the course."""
CourseAfter = Callable[..., SmallCourse]
"""Gives the course of these options of `small_course`, as these steps leave it."""


class KeptCourse:
    """One course, kept after each step that a test asked for."""

    def __init__(self, course: SmallCourse, folder: Path) -> None:
        self.course, self._folder = course, folder
        self._kept: dict[tuple[Step, ...], tuple[Path, World, Switches]] = {}

    def after(self, *steps: Step) -> SmallCourse:
        """Put the course to where these steps leave it; they are taken the first time alone."""
        if steps not in self._kept:
            if steps:
                self._take(steps)
            saved = self._folder / str(len(self._kept))
            shutil.copytree(self.course.practice.folder, saved, symlinks=True)
            canvas = self.course.canvas
            self._kept[steps] = saved, copy.deepcopy(canvas.world), replace(canvas.switches)
        restore(self.course, *self._kept[steps])
        return self.course

    def _take(self, steps: tuple[Step, ...]) -> None:
        *before, last = steps
        self.after(*before)
        if callable(last):
            last(self.course)
        else:
            self.course.rudaux(*last)


class Shelf:
    """The courses of a test process; each is served until the end."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self._courses: dict[tuple[object, ...], KeptCourse] = {}

    def course_after(self, patch: pytest.MonkeyPatch, *steps: Step, **options: Any) -> SmallCourse:
        """Give the course with these options of `small_course` as these steps leave it."""
        key = tuple(sorted(options.items()))
        if key not in self._courses:
            place = self._folder / str(len(self._courses))
            with pytest.MonkeyPatch.context() as only_here:
                built = small_course(place / "practice", only_here, **options)
                course = self._stack.enter_context(built)
            self._courses[key] = KeptCourse(course, place)
            self._courses[key].after()
        set_environment(patch, self._courses[key].course.practice.folder)
        return self._courses[key].after(*steps)


def restore(course: SmallCourse, saved: Path, world: World, switches: Switches) -> None:
    """Put the course's folder and its Canvas back to what they were."""
    with course.canvas.lock:
        course.canvas.requests.clear()
        for now, then in ((course.world, copy.deepcopy(world)), (course.canvas.switches, switches)):
            for field in fields(then):
                setattr(now, field.name, getattr(then, field.name))
    shutil.rmtree(course.practice.folder)
    shutil.copytree(saved, course.practice.folder, symlinks=True)
