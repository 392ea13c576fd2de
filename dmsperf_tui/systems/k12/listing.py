"""The flows that ship for a K-12 platform: where they are, who does them, and how much work one is.

A worker imports a flow when it needs it; whoever only lists them does not.
"""

from __future__ import annotations

_K12 = "dmsperf_tui.systems.k12.flows"
FLOWS = {
    "k12.admin_operations": f"{_K12}.admins:admin_operations",
    "k12.admin_setup": f"{_K12}.admins:admin_setup",
    "k12.ai_generation": f"{_K12}.ai:ai_generation",
    "k12.file_upload": f"{_K12}.everyone:file_upload",
    "k12.grading": f"{_K12}.grades:grading",
    "k12.quiz_attempt": f"{_K12}.quizzes:quiz_attempt",
    "k12.search": f"{_K12}.everyone:search",
    "k12.smoke": f"{_K12}.teachers:smoke",
    "k12.student_login": f"{_K12}.students:student_login",
    "k12.student_submitting": f"{_K12}.students:student_submitting",
    "k12.teacher_browsing": f"{_K12}.teachers:teacher_browsing",
    "k12.teacher_setup": f"{_K12}.teachers:teacher_setup",
}

ROLES_OF = {
    "k12.admin_operations": "admin",
    "k12.admin_setup": "admin",
    "k12.ai_generation": "teacher",
    "k12.grading": "teacher",
    "k12.quiz_attempt": "student",
    "k12.smoke": "teacher",
    "k12.student_login": "student",
    "k12.student_submitting": "student",
    "k12.teacher_browsing": "teacher",
    "k12.teacher_setup": "teacher",
}
"""Who does a flow. The others are for anyone: they go with the flows beside them in a mix, and are a
teacher's where they stand alone."""

USUAL = {
    "k12.admin_operations": (3.0, 3.0, 3.0),
    "k12.admin_setup": (1.0, 1.0, 3.5),
    "k12.ai_generation": (1.0, 1.0, 1.0),
    "k12.file_upload": (1.0, 1.0, 1.0),
    "k12.grading": (12.0, 12.0, 55.0),
    "k12.quiz_attempt": (22.0, 22.0, 70.0),
    "k12.search": (1.0, 1.0, 1.0),
    "k12.smoke": (4.0, 4.0, 1.0),
    "k12.student_login": (4.0, 4.0, 2.0),
    "k12.student_submitting": (7.0, 7.0, 5.0),
    "k12.teacher_browsing": (7.0, 7.0, 5.0),
    "k12.teacher_setup": (3.0, 3.0, 7.0),
}
"""Of an iteration: its requests, the answers that it waits for one after the other, and the seconds that it
thinks meanwhile. Logging in, which a VU does once, is not in them."""
