"""Configurations of the older versions, as people had them."""

from __future__ import annotations

FIRST = r"""
c = get_config()
ROOT = "/tank/home"
COURSE = "dsci100"
c.Canvas.canvas_url = "https://canvas.example.edu/"
c.Canvas.course_id = 5394
c.Canvas.token_name = "MY_TOKEN"
c.Canvas.external_tool_name = "Jupyter"
c.Canvas.external_tool_level = "account"
c.GitHub.ins_repo_url = "git@example.edu:org/instructors.git"
c.GitHub.stu_repo_url = "https://someone:s3cret-s3cret@example.edu/org/dsci-100"
c.GitHub.assignment_release_path = "/materials/"
c.JupyterHub.hub_url = "https://hub.example.edu"
c.JupyterHub.base_url = "/jupyter"
c.JupyterHub.storage_path = ROOT + "/" + COURSE
c.JupyterHub.zfs = True
c.JupyterHub.zfs_regex = r"\d{4}-\d{2}-\d{2}-\d{4}"
c.JupyterHub.zfs_datetime_pattern = "YYYY-MM-DD-HHmm"
c.Course.tmp_dir = "~/tmp"
c.Course.timezone = "US/Pacific"
c.Course.grading_image = "org/r-dsci-grading"
c.ClearSolutions.code_stub = {"R": "fail()"}
c.Course.assignments = [
    {"name": "week_1", "duedate": "2026-10-14", "points": 2, "manual": True},
    {"name": "homework_1", "duedate": "2026-10-15", "duetime": "11:00:00", "points": 5},
    {"name": "week_2", "duedate": "2026-10-16", "duetime": "23:59:59"},
    {"name": "week_3", "duedate": "next week", "points": 3},
]
"""
"""2018: read by traitlets, as nbgrader_config.py is."""

TOKEN = "23487~" + "k" * 40
SECOND = f"""
import rudaux
c.name = "dsci100"
c.course_slug = "prog"
c.canvas_domain = "https://canvas.example.edu"
c.canvas_id = "12345"
c.canvas_token = "{TOKEN}"
c.user_folder_root = "/tank/home/dsci100"
c.student_local_assignment_folder = "dsci-100/materials"
c.grading_image = "org/image:v0.1"
c.jupyterhub_host_root = "hub.example.edu"
c.jupyterhub_config_dir = "/srv/jupyterhub/"
c.latereg_extension_days = 7
c.instructor_user = "ann"
c.instructor_repo_url = "git@example.edu:org/dsci-100-instructors.git"
c.return_solution_threshold = 0.93
c.student_folder_root = "/tank-student/home/dsci100"
c.num_docker_threads = 4
c.docker_memory = "1g"
c.earliest_solution_return_date = "2020-10-02 01:00:00"
c.notify_days = ["Monday", "Thursday"]
c.notification_type = rudaux.notification.SMTP
c.smtp.hostname = "smtp.example.edu:587"
c.smtp.passwd = "hunter2-hunter2"
c.graders = {{"worksheet_01": ["ann"], "tutorial_01": ["ann", "bob"]}}
"""
"""2020: one course in a file; dates are in Canvas alone."""

THIRD = f"""
c.canvas_domain = "https://canvas.example.edu"
c.course_groups = {{"dsci100": ["12345", "67890"], "stat201": ["54321"]}}
c.course_names = {{"12345": "dsci100-001", "67890": "dsci100-004", "54321": "stat201"}}
c.course_tokens = {{"12345": "{TOKEN}", "67890": "{TOKEN}", "54321": "{TOKEN}"}}
c.assignments = {{"dsci100": {{"homework_1": ["ann"]}}, "stat201": {{"lab_1": ["bob"]}}}}
c.student_ssh = {{
    "54321": {{"hostname": "hub.example.edu", "port": 22, "student_root": "/tank/home/stat201"}},
}}
c.latereg_extension_days = {{"dsci100": 7, "stat201": 5}}
c.notify_timezone = "America/Vancouver"
c.instructor_repo_url = "git@example.edu:org/instructors.git"
c.student_local_assignment_folder = "stat201-student/materials"
c.docker_memory = "2g"
c.docker_image = "org/grading:v0.17.0"
c.grade_interval = 60*24
"""
"""2021 and 2022: several courses in a file."""
